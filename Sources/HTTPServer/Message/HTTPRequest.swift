/// The method of a request. Methods are case-sensitive (RFC 9110, 9.1).
public enum HTTPMethod: Hashable, Sendable, CustomStringConvertible {
    case get, head, post, put, patch, delete, options
    case other(String)

    /// The method of that name as it stands in the request line. Case counts: `get` is ``other(_:)``.
    public init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: self = .other(name)
        }
    }

    public var description: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }
}

/// One request, whole and checked: within the limits, its path and query decoded and valid UTF-8.
public struct HTTPRequest: Sendable {
    /// Of 13 letters and digits, unique in this process, or what the client sent as `X-Request-Id`.
    public var id: String
    public var method: HTTPMethod
    /// Path as sent, still percent-encoded, for logs.
    public var path: String
    /// Decoded path segments: `/v1/users/a%2Fb` is `["v1", "users", "a/b"]`, `/` is `[]`.
    public var segments: [String]
    public var query: HTTPQuery
    public var headers: HTTPHeaders
    public var body: [UInt8]
    /// When the whole request had been received.
    public var receivedAt: ContinuousClock.Instant
    /// Name of the key that it came with, once that was checked; nil where none is asked for.
    public var caller: String?

    public init(
        id: String = RequestID.next(), method: HTTPMethod = .get, path: String, segments: [String],
        query: HTTPQuery = HTTPQuery(), headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [],
        receivedAt: ContinuousClock.Instant = .now
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.segments = segments
        self.query = query
        self.headers = headers
        self.body = body
        self.receivedAt = receivedAt
    }
}

/// The parameters of a query in the order sent; a name may stand more than once.
public struct HTTPQuery: Sendable, ExpressibleByDictionaryLiteral {
    public var parameters: [(name: String, value: String)]

    /// - Parameter parameters: decoded already, in the order sent.
    public init(_ parameters: [(name: String, value: String)] = []) { self.parameters = parameters }
    /// For tests and callers that write a query down: the order stays, and a name may stand more than once.
    public init(dictionaryLiteral elements: (String, String)...) {
        parameters = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of `name`, or nil. A parameter without `=` has the value "".
    public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }
}

/// Header fields in the order sent, kept in one buffer: most are never looked at.
public struct HTTPHeaders: Sendable {
    private var bytes: [UInt8] = []
    private var fields: [(name: Range<Int>, value: Range<Int>)] = []
    /// A field has no name, or a name or value has a character that may not stand in it (RFC 9110, 5.1 and 5.5): what
    /// another program would read there is anybody's guess.
    private(set) var isMalformed = false

    public init() {}

    /// Fields; a name that was sent twice counts twice.
    public var count: Int { fields.count }
    /// Of all names and values together.
    public var byteCount: Int { bytes.count }

    /// Appends a field; names are compared without regard to case. Blanks around the value are no part of it (RFC 9110, 5.5).
    public mutating func append(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
        let start = bytes.count
        var isOdd = name.isEmpty
        for byte in name {
            isOdd = isOdd || byte <= 0x20 || byte >= 0x7F
            bytes.append(byte >= 65 && byte <= 90 ? byte | 0x20 : byte)
        }
        for byte in value { isOdd = isOdd || (byte < 0x20 && byte != 0x09) || byte == 0x7F }
        isMalformed = isMalformed || isOdd
        let middle = bytes.count
        let field = start..<middle
        // What frames a body must be read here as libmicrohttpd has read it, which takes no blank away.
        if matches(field, "content-length") || matches(field, "transfer-encoding") {
            bytes.append(contentsOf: value)
        } else {
            bytes.append(contentsOf: Self.trimmed(value))
        }
        fields.append((field, middle..<bytes.count))
    }

    private static func trimmed(_ value: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var (first, end) = (0, value.count)
        while first < end, isBlank(value[first]) { first += 1 }
        while end > first, isBlank(value[end - 1]) { end -= 1 }
        return UnsafeBufferPointer(rebasing: value[first..<end])
    }

    /// Appends a field; the name is kept in lower case (ASCII).
    public mutating func append(name: String, value: String) {
        var (name, value) = (name, value)
        name.withUTF8 { n in value.withUTF8 { append(name: n, value: $0) } }
    }

    /// The first value of the field, or nil. `lowercaseName` must be in lower case, as `x-request-id`.
    public subscript(lowercaseName: StaticString) -> String? {
        fields.first { matches($0.name, lowercaseName) }.map { String(decoding: bytes[$0.value], as: UTF8.self) }
    }

    /// How many fields have this name.
    public func count(of lowercaseName: StaticString) -> Int { fields.count { matches($0.name, lowercaseName) } }

    /// The first value of a field whose name is not known before, in any case; nil if there is none.
    public func first(of name: String) -> String? {
        let name = Array(name.lowercased().utf8)
        return fields.first { bytes[$0.name].elementsEqual(name) }.map {
            String(decoding: bytes[$0.value], as: UTF8.self)
        }
    }

    /// Every value of the field, in the order sent.
    public func values(of lowercaseName: StaticString) -> [String] {
        fields.filter { matches($0.name, lowercaseName) }.map { String(decoding: bytes[$0.value], as: UTF8.self) }
    }

    private func matches(_ range: Range<Int>, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in range.count == name.count && bytes[range].elementsEqual(name) }
    }
}
