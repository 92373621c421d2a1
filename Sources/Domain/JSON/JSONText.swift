/// The text of a JSON string (RFC 8259, 7): the one place where such texts are escaped.
///
/// Only the decoder and encoder of events, which must go at the speed of the wire, have their own.
public enum JSONText {
    /// Appends `text` as a JSON string, quotes included. O(bytes).
    public static func append(quoted text: String, to bytes: inout [UInt8]) {
        if appendPlain(text, to: &bytes) { return }
        bytes.append(UInt8(ascii: "\""))
        append(escaped: text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// The same for a short text with nothing to escape, as most are, put together first: one append instead of three.
    private static func appendPlain(_ text: String, to bytes: inout [UInt8]) -> Bool {
        var text = text
        return text.withUTF8 { utf8 in
            guard utf8.count <= 62 else { return false }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { quoted in
                quoted[0] = UInt8(ascii: "\"")
                for (position, byte) in utf8.enumerated() {
                    if byte < 0x20 || byte == 0x7F || byte == 0x22 || byte == 0x5C { return false }
                    quoted[position + 1] = byte
                }
                quoted[utf8.count + 1] = UInt8(ascii: "\"")
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: quoted[..<(utf8.count + 2)]))
                return true
            }
        }
    }

    /// Appends the inside of a JSON string. Whole stretches without anything to escape are copied at once.
    ///
    /// Escaped is what must be (control characters, the quote and the backslash) and DEL, which terminals act on.
    /// - Parameter quotes: false leaves quotes and backslashes as they are: for one line of text that is not JSON.
    public static func append(escaped text: String, quotes: Bool = true, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            var clean = 0
            while true {
                let position = nextEscape(in: utf8, from: clean, quotes: quotes)
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[clean..<position]))
                guard position < utf8.count else { return }
                append(escape: utf8[position], to: &bytes)
                clean = position + 1
            }
        }
    }

    /// Where the next byte is that has to be escaped, or the end: eight bytes are looked at together, as most texts are
    /// long and have none. A byte of `x` is zero, or below n, where the top bit of `(x - n…) & ~x` is set (Warren, Hacker's
    /// Delight, 6-1); the lowest such bit is always a true one.
    private static func nextEscape(in utf8: UnsafeBufferPointer<UInt8>, from start: Int, quotes: Bool) -> Int {
        let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let bytes = UnsafeRawBufferPointer(utf8)
        var position = start
        while position + 8 <= bytes.count {
            let x = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            func isByte(_ byte: UInt64) -> UInt64 {
                let difference = x ^ (ones &* byte)
                return (difference &- ones) & ~difference
            }
            var found = ((x &- ones &* 0x20) & ~x) | isByte(0x7F)
            if quotes { found |= isByte(0x22) | isByte(0x5C) }
            found &= tops
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < utf8.count {
            let byte = utf8[position]
            if byte < 0x20 || byte == 0x7F || (quotes && (byte == 0x22 || byte == 0x5C)) { return position }
            position += 1
        }
        return position
    }

    /// The inside of a JSON string as text.
    public static func escaped(_ text: String, quotes: Bool = true) -> String {
        var bytes: [UInt8] = []
        append(escaped: text, quotes: quotes, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(escape byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            let digits: StaticString = "0123456789abcdef"
            digits.withUTF8Buffer {
                bytes.append($0[Int(byte >> 4)])
                bytes.append($0[Int(byte & 15)])
            }
        }
    }
}
