/// U+0000…U+001F, U+007F and U+0080…U+009F: Unicode's category Cc. No identifier that a request brings has one.
public enum ControlCharacter {
    /// Whether one stands in the bytes of a text. O(bytes).
    public static func isFound(in utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        var before: UInt8 = 0
        for byte in utf8 {
            // Those from U+0080 on are C2 80 … C2 9F; in UTF-8 C2 stands for nothing but the beginning of two bytes.
            if byte < 0x20 || byte == 0x7F || (before == 0xC2 && (0x80...0x9F).contains(byte)) { return true }
            before = byte
        }
        return false
    }
}

extension String {
    /// Whether a ``ControlCharacter`` stands in it. O(bytes).
    public var hasControlCharacter: Bool {
        var text = self
        return text.withUTF8 { ControlCharacter.isFound(in: $0) }
    }
}
