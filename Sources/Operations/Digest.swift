internal import CCrypto
internal import Domain
import Foundation

/// SHA-256 of bytes and files, by libcrypto (which uses the processor's SHA instructions).
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        let digits = Array("0123456789abcdef".utf8)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    public var description: String { hex }

    /// Whether both are the same, asked in a time that does not tell how much of them is: for digests of secrets.
    public func isEqualInConstantTime(to other: SHA256Digest) -> Bool {
        bytes.count == other.bytes.count && CRYPTO_memcmp(bytes, other.bytes, bytes.count) == 0
    }
}

/// Computes SHA-256 (FIPS 180-4): of models and files, to tell whether they are what was published.
public enum Digest {
    /// The digest of `bytes`. O(count), about 1.5 GB/s with SHA instructions.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        let hasher = Hasher()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// The digest of `bytes`.
    public static func sha256(_ bytes: [UInt8]) -> SHA256Digest {
        bytes.withUnsafeBytes { sha256($0) }
    }

    /// The digest of the UTF-8 form of `text`.
    public static func sha256(_ text: String) -> SHA256Digest {
        sha256(Array(text.utf8))
    }

    /// The digest of a whole file, read in pieces of 1 MiB. Blocks.
    /// - Throws: ``OperationsError/unreadableFile(path:reason:)``.
    public static func sha256(fileAt path: String) throws -> SHA256Digest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw OperationsError.unreadableFile(path: path, reason: SystemError.last.message)
        }
        defer { close(descriptor) }
        let hasher = Hasher()
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 64) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count == 0 { return }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw OperationsError.unreadableFile(path: path, reason: SystemError.last.message)
                }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
        return hasher.finish()
    }
}

/// Owns one libcrypto digest context: made in `init`, freed in `deinit`.
private final class Hasher {
    private let context: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto has no SHA-256: out of memory, or a provider configuration without it")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
    }

    /// To be called once.
    func finish() -> SHA256Digest {
        var digest = [UInt8](repeating: 0, count: 32)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1)
        return SHA256Digest(bytes: digest)
    }
}
