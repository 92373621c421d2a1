/// How a file separates and quotes its values.
public struct DelimitedFormat: Sendable, Equatable {
    /// One or more bytes; not empty.
    public var separator: [UInt8]
    /// Opens a field at its beginning, and closes it; doubled inside it stands for itself (RFC 4180, 2.5 to 2.7). Nil where
    /// a quote is a character like any other.
    public var quote: UInt8?
    /// Takes the meaning from the byte behind it. Nil, as RFC 4180 has it, where none does.
    public var escape: UInt8?
    /// What is not UTF-8 is ISO 8859-1; without, it is refused.
    public var isLatin1Allowed: Bool

    /// RFC 4180, unless something else is said.
    /// - Precondition: `separator` is not empty.
    public init(
        separator: String = ",", quote: UInt8? = UInt8(ascii: "\""), escape: UInt8? = nil, isLatin1Allowed: Bool = false
    ) {
        precondition(!separator.isEmpty, "something stands between two values")
        self.separator = Array(separator.utf8)
        self.quote = quote
        self.escape = escape
        self.isLatin1Allowed = isLatin1Allowed
    }

    /// Tab-separated values, which have no quotes (the IANA's text/tab-separated-values).
    public static let tabs = DelimitedFormat(separator: "\t", quote: nil)
}
