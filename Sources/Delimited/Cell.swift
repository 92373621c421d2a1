/// Rules for single values that hold for every file.
public enum Cell {
    /// What other programs write where there is nothing. Compared without regard to case.
    public static let nullMarkers = ["nan", "null", "none", "na", "n/a", "<na>", "nat", "\\n"]

    /// Whether a value, without blanks around it, stands for "nothing": empty, or one of ``nullMarkers``.
    public static func isNull(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if bytes.isEmpty { return true }
        // Most values are decided by their length or their first byte.
        guard bytes.count <= 4 else { return false }
        switch bytes[0] {
        case UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "<"), UInt8(ascii: "\\"): break
        default: return false
        }
        return nullMarkers.contains { marker in
            marker.utf8.count == bytes.count && zip(marker.utf8, bytes).allSatisfy { $0 == lowercase($1) }
        }
    }

    /// See ``isNull(_:)-(UnsafeBufferPointer<UInt8>)``.
    public static func isNull(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isNull($0) }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

    /// The value without blanks, tabs, line ends and no-break spaces around it.
    public static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var (start, end) = (0, bytes.count)
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        while start < end {
            if isBlank(bytes[start]) {
                start += 1
            } else if bytes[start] == 0xC2, start + 1 < end, bytes[start + 1] == 0xA0 {
                start += 2
            } else {
                break
            }
        }
        while end > start {
            if isBlank(bytes[end - 1]) {
                end -= 1
            } else if bytes[end - 1] == 0xA0, end - 2 >= start, bytes[end - 2] == 0xC2 {
                end -= 2
            } else {
                break
            }
        }
        return UnsafeBufferPointer(rebasing: bytes[start..<end])
    }

    /// How a program that takes numbers for floating ones writes a whole number: `862.0` is `862`.
    /// - Returns: the length without the zeros; nil where the value is anything else.
    public static func wholeNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard bytes.count >= 3, bytes[bytes.count - 1] == UInt8(ascii: "0"),
            let point = bytes.lastIndex(of: UInt8(ascii: ".")), point > 0,
            bytes[(point + 1)...].allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return nil }
        let digits = bytes[0] == UInt8(ascii: "-") && point > 1 ? 1 : 0
        return bytes[digits..<point].allSatisfy { (48...57).contains($0) } ? point : nil
    }

    /// An identifier as it is meant: without blanks around it, `862.0` as `862`.
    /// - Returns: nil if it stands for nothing.
    public static func identifier(_ text: String) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            let value = trimmed(bytes)
            if isNull(value) { return nil }
            return String(decoding: value.prefix(wholeNumber(value) ?? value.count), as: UTF8.self)
        }
    }

    /// A value for a message: one line, and not a long one.
    public static func shown(_ text: String) -> String {
        let line = String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
        return line.count <= 40 ? "'\(line)'" : "'\(line.prefix(37))…'"
    }
}
