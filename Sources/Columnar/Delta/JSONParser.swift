/// Parses one JSON value out of bytes.
struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0
    private static let maximumDepth = 64

    /// - Throws: ``DecodingFault`` if the bytes are not one JSON value.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws -> JSON {
        var parser = JSONParser(bytes)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.fault("something follows the value") }
        return value
    }

    static func parse(_ text: String) throws -> JSON {
        var text = text
        return try text.withUTF8 { try parse(UnsafeRawBufferPointer($0)) }
    }

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func fault(_ reason: String) -> DecodingFault {
        .malformed("it is not JSON at byte \(position): \(reason)")
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func value() throws -> JSON {
        skipSpace()
        guard position < bytes.count else { throw fault("it ends too early") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws -> JSON {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count, (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw fault("an unknown word") }
        position += count
        return value
    }

    private mutating func enter() throws {
        depth += 1
        guard depth <= Self.maximumDepth else { throw fault("it is nested too deeply") }
        position += 1
    }

    /// Whether the byte after white space is `byte`; steps over it if so.
    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func object() throws -> JSON {
        try enter()
        defer { depth -= 1 }
        var members: [JSON.Member] = []
        if accept(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fault("no name") }
            let key = try string()
            guard accept(UInt8(ascii: ":")) else { throw fault("no colon") }
            members.append(.init(key: key, value: try value()))
        } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "}")) else { throw fault("an object has no end") }
        return .object(members)
    }

    private mutating func array() throws -> JSON {
        try enter()
        defer { depth -= 1 }
        var values: [JSON] = []
        if accept(UInt8(ascii: "]")) { return .array(values) }
        repeat { values.append(try value()) } while accept(UInt8(ascii: ","))
        guard accept(UInt8(ascii: "]")) else { throw fault("an array has no end") }
        return .array(values)
    }

    private mutating func number() throws -> JSON {
        let start = position
        var isInteger = true
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): isInteger = false
            default: return try finishNumber(start, isInteger)
            }
            position += 1
        }
        return try finishNumber(start, isInteger)
    }

    private func finishNumber(_ start: Int, _ isInteger: Bool) throws -> JSON {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), text.first != "+", text.first != "." else { throw fault("no value") }
        return .double(value)
    }

    private mutating func string() throws -> String {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            position += 1
        }
        guard position < bytes.count else { throw fault("a string has no end") }
        if bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        return try escapedString(Array(bytes[start..<position]))
    }

    private mutating func escapedString(_ beginning: [UInt8]) throws -> String {
        var text = beginning
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard position < bytes.count else { break }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "u"): text.append(contentsOf: String(try unicode()).utf8)
            default: throw fault("an unknown escape")
            }
        }
        throw fault("a string has no end")
    }

    private mutating func unicode() throws -> Character {
        var code = UInt32(try hex4())
        if code >= 0xD800, code < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = UInt32(try hex4())
            guard low >= 0xDC00, low < 0xE000 else { throw fault("half of a surrogate pair") }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        }
        return Character(Unicode.Scalar(code) ?? "\u{FFFD}")
    }

    private mutating func hex4() throws -> UInt16 {
        guard position + 4 <= bytes.count,
            let value = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw fault("an escape has no four hex digits") }
        position += 4
        return value
    }
}
