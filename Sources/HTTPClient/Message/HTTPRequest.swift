/// What to ask of whom.
public struct HTTPRequest: Sendable {
    /// A POST alone counts as not idempotent by itself; see ``HTTPRequest/isIdempotent``.
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method
    /// Absolute, `http` or `https`, already percent-encoded. Credentials belong in ``credentials``, not here.
    public var url: String
    /// Sent as they are. Names and values must not hold control characters: ``HTTPClient/send(_:)`` refuses them.
    public var headers: [HTTPHeader]
    public var body: [UInt8]?
    public var credentials: HTTPCredentials
    /// Whether sending it twice does no more than sending it once. Only then is it sent again after a connection that
    /// broke or an answer that came too late. GET, HEAD, PUT and DELETE are; a POST is if its sender says so.
    public var isIdempotent: Bool
    /// Time for everything, retries included. Nil: the client's own.
    public var deadline: Duration?
    /// How often it is sent at most. Nil: the client's own limit; 1 for those who would rather know at once.
    public var attempts: Int?

    /// - Parameter isIdempotent: nil decides by the method: everything but POST and PATCH is.
    public init(
        _ method: Method, _ url: String, headers: [HTTPHeader] = [], body: [UInt8]? = nil,
        credentials: HTTPCredentials = .none, isIdempotent: Bool? = nil, deadline: Duration? = nil,
        attempts: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.credentials = credentials
        self.isIdempotent = isIdempotent ?? (method != .post && method != .patch)
        self.deadline = deadline
        self.attempts = attempts
    }
}

/// One header line. Names compare without regard to case.
public struct HTTPHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    /// Nothing is checked here; see ``HTTPRequest/headers``.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// How a request says who sends it. Never printed: every textual form is masked.
public enum HTTPCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    case none
    case basic(user: String, password: String)
    /// Elasticsearch's `Authorization: ApiKey …`; the key is base64 of `id:key`, as the server handed it out.
    case apiKey(String)
    case bearer(String)

    public var description: String {
        switch self {
        case .none: "none"
        case .basic: "basic ***"
        case .apiKey: "API key ***"
        case .bearer: "bearer ***"
        }
    }
    public var debugDescription: String { description }
    /// Without children, so that `dump` and debuggers do not show the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What came back, whole.
public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: [HTTPHeader]
    public var body: [UInt8]

    public init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is 200 to 299. Anything else is an answer, too, and no error is thrown for it.
    public var isSuccess: Bool { (200..<300).contains(status) }

    /// The value of the first header of that name, whatever its case.
    public func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}
