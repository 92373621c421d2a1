public import Domain

/// Why no answer came. A status such as 404 or 503 is an answer, not an error: see ``HTTPResponse``.
///
/// `server` is scheme, host and port only: paths, queries and credentials never get into an error.
public enum HTTPClientError: Fault, Equatable {
    /// The request itself cannot be sent.
    case malformedRequest(reason: String)
    /// No connection: the name is unknown, nothing listens, the network is down.
    case cannotConnect(server: String, reason: String)
    /// The connection was made and then broke.
    case connectionLost(server: String, reason: String)
    /// What came back is not HTTP.
    case malformedResponse(server: String, reason: String)
    /// The server's certificate is not to be trusted, or TLS could not be agreed on.
    case untrusted(server: String, reason: String)
    case deadlineExceeded(server: String, after: Duration)
    case responseTooLarge(server: String, limit: Int)
    /// The breaker of this server is open: it failed too often lately and is left alone for now.
    case circuitOpen(server: String)
    /// The name leads to an address that is not of the public internet, and only such may be asked.
    case forbiddenTarget(server: String)
    /// The client was closed while the request was waiting.
    case closed

    public var code: String {
        switch self {
        case .malformedRequest: "http-malformed-request"
        case .cannotConnect: "http-cannot-connect"
        case .connectionLost: "http-connection-lost"
        case .malformedResponse: "http-malformed-response"
        case .untrusted: "http-untrusted"
        case .deadlineExceeded: "http-deadline-exceeded"
        case .responseTooLarge: "http-response-too-large"
        case .circuitOpen: "http-circuit-open"
        case .forbiddenTarget: "http-forbidden-target"
        case .closed: "http-client-closed"
        }
    }

    public var message: String {
        switch self {
        case .malformedRequest(let reason): "The request cannot be sent: \(reason)."
        case .cannotConnect(let server, let reason): "Cannot connect to \(server): \(reason)."
        case .connectionLost(let server, let reason): "The connection to \(server) broke: \(reason)."
        case .malformedResponse(let server, let reason): "\(server) does not answer in HTTP: \(reason)."
        case .untrusted(let server, let reason): "No trusted connection to \(server): \(reason)."
        case .deadlineExceeded(let server, let after): "\(server) did not answer within \(after)."
        case .responseTooLarge(let server, let limit): "\(server) sent more than the \(limit) bytes allowed."
        case .circuitOpen(let server): "\(server) failed repeatedly and is left alone for a moment."
        case .forbiddenTarget(let server):
            "\(server) is a private, local or reserved address, so nothing is sent there."
        case .closed: "The HTTP client is closed."
        }
    }

    public var advice: String {
        switch self {
        case .malformedRequest, .closed: ""
        case .cannotConnect: "Check that the address is right and the server is running."
        case .connectionLost, .deadlineExceeded: "Check the server's load and log."
        case .malformedResponse: "Check that the port is the right one, and http or https."
        case .untrusted: "Name the file with the server's certificate authority; verification cannot be turned off."
        case .responseTooLarge: "Ask for less, or raise the limit."
        case .circuitOpen: "It is tried again by itself."
        case .forbiddenTarget: "If it is meant to be one, allow it: --webhook-allow-private."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .malformedRequest, .forbiddenTarget: .usage
        case .cannotConnect, .connectionLost, .malformedResponse, .untrusted, .deadlineExceeded, .circuitOpen, .closed:
            .unavailable
        case .responseTooLarge: .badData
        }
    }

    /// Whether the same request may fare better in a moment.
    public var isRetriable: Bool {
        switch self {
        case .cannotConnect, .connectionLost, .deadlineExceeded: true
        case .malformedRequest, .malformedResponse, .untrusted, .responseTooLarge, .circuitOpen, .forbiddenTarget,
            .closed:
            false
        }
    }
}
