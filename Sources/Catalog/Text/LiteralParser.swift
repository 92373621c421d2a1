import Foundation

/// Lists and objects in a cell of a table: JSON, or as Python prints them, `[{'id': 16, 'name': "Bug's Life"}, None]`.
///
///     value  = list | dict | tuple | string | number | True | False | None | true | false | null
///     string = [u|b|r] ' … ' or " … ", with the escapes of both languages
///
/// JSON is the case of double quotes and of `true`, `false` and `null`, so that one parser does for both. O(length).
struct LiteralParser {
    private static let deepest = 32
    private let text: [UInt8]
    private var position = 0

    /// - Returns: a list or an object, as `JSONSerialization` has them; nil for anything else.
    static func parse(_ text: String) -> Any? {
        // The common case, and the strict one.
        if let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) { return json }
        var parser = LiteralParser(text: Array(text.utf8))
        guard let value = parser.value(depth: 0) else { return nil }
        parser.skipBlanks()
        guard parser.position == parser.text.count, value is [Any] || value is [String: Any] else { return nil }
        return value
    }

    private init(text: [UInt8]) { self.text = text }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) -> Any? {
        guard depth < Self.deepest else { return nil }
        skipBlanks()
        switch next {
        case UInt8(ascii: "["): return list(until: "]", depth)
        case UInt8(ascii: "("): return list(until: ")", depth)
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return string()
        default: return word()
        }
    }

    private mutating func list(until end: Unicode.Scalar, _ depth: Int) -> [Any]? {
        position += 1
        var values: [Any] = []
        while !take(end) {
            guard values.isEmpty || take(",") else { return nil }
            // Python allows a comma behind the last value.
            if !values.isEmpty, take(end) { break }
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
        }
        return values
    }

    private mutating func object(_ depth: Int) -> [String: Any]? {
        position += 1
        var values: [String: Any] = [:]
        var isFirst = true
        while !take("}") {
            guard isFirst || take(",") else { return nil }
            if !isFirst, take("}") { break }
            isFirst = false
            guard let key = value(depth: depth + 1), take(":"), let value = value(depth: depth + 1) else { return nil }
            values[(key as? String) ?? "\(key)"] = value
        }
        return values
    }

    /// A number or a name.
    private mutating func word() -> Any? {
        let start = position
        while let byte = next, byte >= 0x80 || Self.isOfWord(byte) { position += 1 }
        let word = String(decoding: text[start..<position], as: UTF8.self)
        switch word {
        case "True", "true": return NSNumber(value: true)
        case "False", "false": return NSNumber(value: false)
        case "None", "null", "nan", "NaN": return NSNull()
        case "u", "b", "r":
            guard next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") else { return nil }
            return string()
        default:
            if let number = Int(word) { return NSNumber(value: number) }
            return Double(word).flatMap { $0.isFinite ? NSNumber(value: $0) : nil }
        }
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
    }

    private mutating func string() -> String? {
        let quote = text[position]
        position += 1
        var bytes: [UInt8] = []
        while let byte = next {
            position += 1
            if byte == quote { return String(validating: bytes, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let code = next else { return nil }
            position += 1
            switch code {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "x"): guard append(digits: 2, to: &bytes) else { return nil }
            case UInt8(ascii: "u"): guard append(digits: 4, to: &bytes) else { return nil }
            case UInt8(ascii: "U"): guard append(digits: 8, to: &bytes) else { return nil }
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "/"): bytes.append(code)
            // As Python leaves them.
            default: bytes += [byte, code]
            }
        }
        return nil
    }

    /// The character with a hexadecimal number of so many digits; of a surrogate pair both halves.
    private mutating func append(digits: Int, to bytes: inout [UInt8]) -> Bool {
        guard var code = hexadecimal(digits) else { return false }
        if (0xD800...0xDBFF).contains(code) {
            guard position + 1 < text.count, text[position] == UInt8(ascii: "\\"),
                text[position + 1] == UInt8(ascii: "u")
            else { return false }
            position += 2
            guard let low = hexadecimal(4), (0xDC00...0xDFFF).contains(low) else { return false }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { return false }
        bytes += Array(String(Character(scalar)).utf8)
        return true
    }

    private mutating func hexadecimal(_ digits: Int) -> UInt32? {
        guard position + digits <= text.count else { return nil }
        let word = text[position..<position + digits]
        guard word.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        position += digits
        return UInt32(String(decoding: word, as: UTF8.self), radix: 16)
    }
}
