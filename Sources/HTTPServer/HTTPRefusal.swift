/// Why the server itself turned a request away.
public enum HTTPRefusal: Error, Hashable {
    /// The target is not a path, has a bad percent-encoding, or is not UTF-8.
    case badTarget(reason: String)
    /// The headers contradict each other or the protocol.
    case badHeaders(reason: String)
    case targetTooLong(limit: Int)
    case headersTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    case tooManyParameters(limit: Int)
    case unsupportedTransferCoding
    /// The client was slower than the request deadline.
    case requestTimedOut
    /// The handler was slower than the answer deadline.
    case answerTimedOut
    /// The server is stopping.
    case stopping

    public var status: Int {
        switch self {
        case .badTarget, .badHeaders, .tooManyParameters: 400
        case .requestTimedOut: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .headersTooLarge: 431
        case .unsupportedTransferCoding: 501
        case .answerTimedOut, .stopping: 503
        }
    }

    public var code: String {
        switch self {
        case .badTarget: "bad-target"
        case .badHeaders: "bad-headers"
        case .targetTooLong: "target-too-long"
        case .headersTooLarge: "headers-too-large"
        case .bodyTooLarge: "body-too-large"
        case .tooManyParameters: "too-many-parameters"
        case .unsupportedTransferCoding: "unsupported-transfer-coding"
        case .requestTimedOut: "request-timed-out"
        case .answerTimedOut: "answer-timed-out"
        case .stopping: "stopping"
        }
    }

    public var detail: String {
        switch self {
        case .badTarget(let reason), .badHeaders(let reason): reason
        case .targetTooLong(let limit): "Path and query may have \(limit) bytes."
        case .headersTooLarge(let limit): "The headers may have \(limit) bytes together."
        case .bodyTooLarge(let limit): "The body may have \(limit) bytes."
        case .tooManyParameters(let limit): "The query may have \(limit) parameters."
        case .unsupportedTransferCoding: "Of the transfer codings only chunked is understood."
        case .requestTimedOut: "The request did not arrive in time."
        case .answerTimedOut: "The answer took too long. Try again."
        case .stopping: "The server is stopping. Try again elsewhere or later."
        }
    }
}

/// An error body after RFC 9457, `application/problem+json`.
public struct HTTPProblem: Sendable {
    public var status: Int
    /// A short, stable name; the `type` is `urn:marquee:problem:<code>`.
    public var code: String
    /// One sentence for a person. Never a stack trace, never a path of this machine.
    public var detail: String
    /// What the caller can do about it; empty if nothing.
    public var advice: String
    /// The request parameter at fault, if one is.
    public var parameter: String?
    public var headers: [(name: String, value: String)]

    public init(
        status: Int, code: String, detail: String, advice: String = "", parameter: String? = nil,
        headers: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.advice = advice
        self.parameter = parameter
        self.headers = headers
    }

    public init(_ refusal: HTTPRefusal) {
        self.init(
            status: refusal.status, code: refusal.code, detail: refusal.detail,
            headers: refusal.status == 503 ? [("Retry-After", "1")] : [])
    }

    public func response(requestID: String) -> HTTPResponse {
        var json = JSONWriter(capacity: 256)
        json.object {
            $0.field("type", "urn:marquee:problem:\(code)")
            $0.field("title", Self.title(of: status))
            $0.field("status", status)
            $0.field("code", code)
            $0.field("detail", detail)
            if !advice.isEmpty { $0.field("advice", advice) }
            if let parameter { $0.field("parameter", parameter) }
            $0.field("request_id", requestID)
        }
        return HTTPResponse(
            status: status, contentType: "application/problem+json", headers: headers, body: json.bytes)
    }

    /// The reason phrase of RFC 9110, 15.
    static func title(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        default: "Error"
        }
    }
}
