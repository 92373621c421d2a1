/// Base 85 in the alphabet of ZeroMQ (RFC 32/Z85): five characters for four bytes, most significant first. Delta writes
/// the names and bytes of deletion vectors so.
enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    private static let digitOf: [UInt8] = {
        var digits = [UInt8](repeating: 255, count: 256)
        for (digit, character) in alphabet.enumerated() { digits[Int(character)] = UInt8(digit) }
        return digits
    }()

    /// - Returns: nil for a text of another length than a multiple of five, with a character that is not of the alphabet,
    ///   or with a group that stands for more than four bytes hold.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 5 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 5 * 4)
        var (group, digits): (UInt64, Int) = (0, 0)
        for character in text {
            let digit = digitOf[Int(character)]
            guard digit < 85 else { return nil }
            group = group * 85 + UInt64(digit)
            digits += 1
            guard digits == 5 else { continue }
            guard let word = UInt32(exactly: group) else { return nil }
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
            (group, digits) = (0, 0)
        }
        return bytes
    }

    /// - Precondition: the bytes are a multiple of four.
    static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count % 4 == 0, "whole groups")
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 4) {
            var word = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var group = [UInt8](repeating: 0, count: 5)
            for place in (0..<5).reversed() {
                group[place] = alphabet[Int(word % 85)]
                word /= 85
            }
            text += group
        }
        return String(decoding: text, as: UTF8.self)
    }
}
