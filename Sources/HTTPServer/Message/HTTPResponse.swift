/// What goes back. The server adds `Date`, `Content-Length`, `Connection` and `X-Request-Id`.
public struct HTTPResponse: Sendable {
    /// 200…599.
    public var status: Int
    public var contentType: String
    /// Further fields. Names and values must be free of control characters.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// What the body is, instead of ``body``: written while the client reads.
    public var stream: HTTPStream?

    /// An answer whose body is written while the client reads; its length is not known.
    public init(contentType: String, headers: [(name: String, value: String)] = [], stream: HTTPStream) {
        self.init(contentType: contentType, headers: headers)
        self.stream = stream
    }

    public init(
        status: Int = 200, contentType: String = "application/json", headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// An answer for people: `text/plain` in UTF-8, without further headers.
    public init(status: Int = 200, text: String) {
        self.init(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

/// How a handler answers.
public enum HTTPReply: Sendable {
    /// Answered on the connection's thread: for what takes microseconds and never waits.
    case now(HTTPResponse)
    /// The connection is suspended, the work runs as a task, the answer is sent when it returns. The task is
    /// cancelled when the answer deadline passes or the server stops.
    case later(@Sendable () async -> HTTPResponse)
}

/// What a server serves.
public protocol HTTPHandler: Sendable {
    /// Called on a connection's thread, for many requests at once: it must not block.
    func respond(to request: HTTPRequest) -> HTTPReply
    /// The answer to a request that never reaches ``respond(to:)``. The default is problem+json.
    func refuse(_ refusal: HTTPRefusal, id: String) -> HTTPResponse
}

extension HTTPHandler {
    public func refuse(_ refusal: HTTPRefusal, id: String) -> HTTPResponse {
        HTTPProblem(refusal).response(requestID: id)
    }
}
