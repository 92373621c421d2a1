import Domain

/// A JSON value that keeps integers exact and prints itself the same way every time.
///
/// The log is read at every start and written at every commit; Foundation's reader makes an object of each value and
/// cannot tell `1` from `true`.
enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    /// In the order of writing.
    case object([Member])

    struct Member: Hashable, Sendable {
        var name: String
        var value: JSON
    }

    /// The value of the first member called `name`; nil if there is none, it is null, or this is no object.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        for member in members where member.name == name { return member.value == .null ? nil : member.value }
        return nil
    }

    var string: String? { if case .string(let s) = self { s } else { nil } }
    var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
    var int: Int64? {
        switch self {
        case .int(let i): i
        case .double(let d): Int64(exactly: d)
        default: nil
        }
    }
    var double: Double? {
        switch self {
        case .int(let i): Double(i)
        case .double(let d): d
        default: nil
        }
    }
    var array: [JSON]? { if case .array(let a) = self { a } else { nil } }
    var members: [Member]? { if case .object(let m) = self { m } else { nil } }

    /// The members as a dictionary, of those whose value is a string.
    var strings: [String: String] {
        var result: [String: String] = [:]
        for member in members ?? [] { result[member.name] = member.value.string }
        return result
    }

    static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    /// With the names in ascending order.
    static func object(_ strings: [String: String]) -> JSON {
        .object(strings.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: .string($0.value)) })
    }

    static func strings(_ strings: [String]) -> JSON { .array(strings.map { .string($0) }) }
}

extension JSON {
    /// On one line, without spaces.
    var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func append(to text: inout [UInt8]) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): text.append(contentsOf: String(value).utf8)
        case .double(let value):
            // JSON has no word for these.
            text.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): JSONText.append(quoted: value, to: &text)
        case .array(let values):
            text.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                value.append(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                JSONText.append(quoted: member.name, to: &text)
                text.append(UInt8(ascii: ":"))
                member.value.append(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }
}
