/// One JSON text (RFC 8259), read whole: for bodies of requests and small files, where every member is looked at.
///
/// Stricter than Foundation's parser, which keeps one of two members of the same name: who sends both means something
/// that cannot be guessed. Bytes from outside are safe to give it: depth is bounded, and it takes O(bytes).
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    /// Members in the order written; no name stands twice.
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        public static func == (a: Self, b: Self) -> Bool { a.name.isExactly(b.name) && a.value == b.value }
    }

    /// Why bytes are no JSON.
    public struct Flaw: Error, Hashable {
        /// Half a sentence, such as `a comma or ] is missing`.
        public let reason: String
        /// Of the byte at fault, from 0.
        public let offset: Int
        /// Whether it would be JSON, but for a name that stands twice in one object.
        public var isRepeatedName = false
    }

    /// Texts by their bytes, as RFC 8259 compares them.
    public static func == (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.text(let a), .text(let b)): a.isExactly(b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }

    /// Arrays and objects in each other, at most.
    public static let maximumDepth = 32

    /// - Throws: ``Flaw`` for what is not one JSON text, has a name twice in one object, or nests deeper than
    ///   ``maximumDepth``.
    public init(parsing bytes: [UInt8]) throws(Flaw) {
        var parser = JSONParser(bytes)
        self = try parser.whole()
    }

    /// The value of a member; nil if this is no object or has no such member. O(members).
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func whole() throws(JSONValue.Flaw) -> JSONValue {
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw flaw("there is more behind the value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func flaw(_ reason: String) -> JSONValue.Flaw { JSONValue.Flaw(reason: reason, offset: position) }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONValue.Flaw) -> JSONValue {
        guard depth <= JSONValue.maximumDepth else { throw flaw("it nests too deeply") }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth))
        case UInt8(ascii: "["): return .array(try elements(depth))
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some: return .number(try number())
        case nil: throw flaw("a value is missing")
        }
    }

    private mutating func members(_ depth: Int) throws(JSONValue.Flaw) -> [JSONValue.Member] {
        position += 1
        var members: [JSONValue.Member] = []
        var names: Set<ExactText> = []
        // Of few names the next is compared with each; of many it is looked up, so that a long object is not quadratic.
        func isRepeated(_ name: String) -> Bool {
            guard members.count >= Self.fewNames else { return members.contains { $0.name.isExactly(name) } }
            if names.isEmpty { names = Set(members.lazy.map { ExactText($0.name) }) }
            return !names.insert(ExactText(name)).inserted
        }
        if take("}") { return members }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw flaw("a name in quotes is missing") }
            let name = try text()
            guard !isRepeated(name) else {
                throw JSONValue.Flaw(
                    reason: "the name \(name.prefix(80)) stands twice", offset: position, isRepeatedName: true)
            }
            guard take(":") else { throw flaw("a colon is missing") }
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw flaw("a comma or } is missing") }
        return members
    }

    private static let fewNames = 16

    private mutating func elements(_ depth: Int) throws(JSONValue.Flaw) -> [JSONValue] {
        position += 1
        var elements: [JSONValue] = []
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw flaw("a comma or ] is missing") }
        return elements
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONValue.Flaw) -> JSONValue {
        let isThere = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard isThere else { throw flaw("there is no such word") }
        position += word.utf8CodeUnitCount
        return value
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, and finite.
    private mutating func number() throws(JSONValue.Flaw) -> Double {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let leading = next
        let whole = digits()
        guard whole > 0, whole == 1 || leading != UInt8(ascii: "0") else { throw flaw("a value is missing") }
        if next == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw flaw("a digit is missing") }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw flaw("a digit is missing") }
        }
        guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)), number.isFinite else {
            throw flaw("the number is too large")
        }
        return number
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (48...57).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func text() throws(JSONValue.Flaw) -> String {
        position += 1
        // Most have nothing to unescape.
        var end = position
        while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\")
        {
            end += 1
        }
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            guard let text = String(validating: bytes[position..<end], as: UTF8.self) else {
                position = end
                throw flaw("the text is not UTF-8")
            }
            position = end + 1
            return text
        }
        var content = Array(bytes[position..<end])
        position = end
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw flaw("the text is not UTF-8") }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &content)
            case ..<0x20: throw flaw("a control character is not escaped")
            default:
                content.append(byte)
                position += 1
            }
        }
        throw flaw("a quote is missing")
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONValue.Flaw) {
        guard let code = next else { throw flaw("a quote is missing") }
        position += 1
        switch code {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(code)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if (0xD800...0xDBFF).contains(unit), bytes[position...].starts(with: [0x5C, 0x75]) {
                position += 2
                let low = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(low) else { throw flaw("half a character is missing") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw flaw("half a character is missing") }
            content.append(contentsOf: String(Character(scalar)).utf8)
        default: throw flaw("there is no such escape")
        }
    }

    private mutating func hexadecimal() throws(JSONValue.Flaw) -> UInt32 {
        guard position + 4 <= bytes.count,
            let text = String(validating: bytes[position..<position + 4], as: UTF8.self),
            text.utf8.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt32(text, radix: 16)
        else { throw flaw("four hexadecimal digits are missing") }
        position += 4
        return unit
    }
}
