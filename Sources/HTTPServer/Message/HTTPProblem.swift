public import Domain

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

    /// The problem of a request that the server itself turned away.
    public init(_ refusal: HTTPRefusal) {
        self.init(
            status: refusal.status, code: refusal.code, detail: refusal.detail,
            headers: Self.headers(of: refusal))
    }

    private static func headers(of refusal: HTTPRefusal) -> [(name: String, value: String)] {
        switch refusal {
        case .answerTimedOut, .stopping: [("Retry-After", "1")]
        case .unsupportedContentEncoding: [("Accept-Encoding", "identity")]
        default: []
        }
    }

    /// The problem that a fault of the project is to a client. What is wrong inside is not told: it is in the log.
    public init(_ fault: any Fault) {
        let told = fault as? any RequestFault
        let status =
            switch fault.category {
            case .usage: told?.status ?? 400
            case .notFound: 404
            case .unavailable: 503
            case .badData, .internalError, .interrupted: 500
            }
        guard status != 500 else {
            self.init(unexpected: fault)
            return
        }
        self.init(
            status: status, code: fault.code, detail: fault.message, advice: fault.advice, parameter: told?.parameter,
            headers: status == 503 ? [("Retry-After", "1")] : [])
    }

    /// What is no fault is a bug: the client learns nothing of it.
    public init(unexpected error: any Error) {
        self.init(
            status: 500, code: "internal-error", detail: "The service failed to answer.",
            advice: "Try again; if it stays, tell its operator the request_id.")
    }

    /// The answer, with the identifier by which the log knows the request.
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
    package static func title(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}

/// A fault that knows more of the request than its category says.
public protocol RequestFault: Fault {
    /// The status instead of 400 for a fault of the category `usage`; nil for 400.
    var status: Int? { get }
    /// The request parameter at fault, if one is.
    var parameter: String? { get }
}
