internal import CCrypto

extension Digest {
    /// HMAC-SHA-256 (RFC 2104) of a message: who knows the key can tell that another who knows it has made the message.
    public static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> SHA256Digest {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let made = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
        // It fails only where libcrypto has no SHA-256, as ``Digest`` says.
        precondition(made != nil && length == 32)
        return SHA256Digest(bytes: code)
    }
}
