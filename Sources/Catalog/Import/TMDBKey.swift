import HTTPClient

/// The key to TMDB's API. Never printed: every textual form is masked.
public enum TMDBKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// 32 hexadecimal digits, which travel in the query.
    case v3(String)
    /// The longer "API read access token", which travels in a header.
    case v4(String)

    /// - Parameter text: as TMDB shows it; blanks around it do not count.
    /// - Throws: ``CatalogError/malformedKey(reason:)``, which does not quote it.
    public init(_ text: String) throws(CatalogError) {
        let key = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !key.isEmpty else { throw .malformedKey(reason: "it is empty") }
        guard key.utf8.allSatisfy(Self.isAllowed) else {
            throw .malformedKey(reason: "it has other characters than letters, digits, dots, dashes and underscores")
        }
        if key.utf8.count == 32, key.utf8.allSatisfy({ ($0 | 0x20) != 0x5F && $0 != 0x2D && $0 != 0x2E }) {
            self = .v3(key)
        } else if key.utf8.filter({ $0 == UInt8(ascii: ".") }).count == 2 {
            self = .v4(key)
        } else {
            throw .malformedKey(reason: "it is neither the API key of 32 digits nor the API read access token")
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The secret itself, for registering it with what keeps logs clean.
    public var secret: String {
        switch self {
        case .v3(let key), .v4(let key): key
        }
    }

    var credentials: HTTPCredentials { if case .v4(let token) = self { .bearer(token) } else { .none } }
    var query: String { if case .v3(let key) = self { "&api_key=\(key)" } else { "" } }

    public var description: String {
        switch self {
        case .v3: "v3 key ***"
        case .v4: "v4 token ***"
        }
    }
    public var debugDescription: String { description }
    /// Without children, so that `dump` and debuggers do not show the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
