/// Why the server itself turned a request away.
public enum HTTPRefusal: Error, Hashable {
    /// The bytes are no request: its line, a header field or the coding of its body.
    case malformed(reason: String)
    /// The target is not a path, has a bad percent-encoding, or is not UTF-8.
    case badTarget(reason: String)
    /// The headers contradict each other or the protocol.
    case badHeaders(reason: String)
    case targetTooLong(limit: Int)
    case headersTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    case tooManyParameters(limit: Int)
    case unsupportedTransferCoding
    /// The body is compressed or otherwise coded.
    case unsupportedContentEncoding
    /// Neither HTTP/1.1 nor HTTP/1.0.
    case unsupportedVersion
    /// The client was slower than the request deadline.
    case requestTimedOut
    /// The handler was slower than the answer deadline.
    case answerTimedOut
    /// The server is stopping.
    case stopping

    public var status: Int {
        switch self {
        case .malformed, .badTarget, .badHeaders, .tooManyParameters: 400
        case .requestTimedOut: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedContentEncoding: 415
        case .headersTooLarge: 431
        case .unsupportedTransferCoding: 501
        case .answerTimedOut, .stopping: 503
        case .unsupportedVersion: 505
        }
    }

    public var code: String {
        switch self {
        case .malformed: "bad-request"
        case .badTarget: "bad-target"
        case .badHeaders: "bad-headers"
        case .targetTooLong: "target-too-long"
        case .headersTooLarge: "headers-too-large"
        case .bodyTooLarge: "body-too-large"
        case .tooManyParameters: "too-many-parameters"
        case .unsupportedTransferCoding: "unsupported-transfer-coding"
        case .unsupportedContentEncoding: "unsupported-content-encoding"
        case .unsupportedVersion: "unsupported-version"
        case .requestTimedOut: "request-timed-out"
        case .answerTimedOut: "answer-timed-out"
        case .stopping: "stopping"
        }
    }

    /// One sentence for the client, with the limit that was passed. It goes out as the `detail` of problem+json.
    public var detail: String {
        switch self {
        case .malformed(let reason), .badTarget(let reason), .badHeaders(let reason): reason
        case .targetTooLong(let limit): "Path and query may have \(limit) bytes."
        case .headersTooLarge(let limit): "The headers may have \(limit) bytes together."
        case .bodyTooLarge(let limit): "The body may have \(limit) bytes."
        case .tooManyParameters(let limit): "The query may have \(limit) parameters."
        case .unsupportedTransferCoding: "Of the transfer codings only chunked is understood."
        case .unsupportedContentEncoding: "No Content-Encoding is understood: send the body as it is."
        case .unsupportedVersion: "Of HTTP, the versions 1.0 and 1.1 are understood."
        case .requestTimedOut: "The request did not arrive in time."
        case .answerTimedOut: "The answer took too long. Try again."
        case .stopping: "The server is stopping. Try again elsewhere or later."
        }
    }
}
