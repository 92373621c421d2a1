/// What a place in a statement may be bound to, and what a column may hold.
public enum SQLiteValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A text, or NULL.
    public init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    /// A whole number, or NULL.
    public init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }
}
