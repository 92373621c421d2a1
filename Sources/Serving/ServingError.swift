public import Domain
internal import HTTPServer

/// What is wrong with a request, or keeps the service from answering.
public enum ServingError: Fault, Equatable {
    /// A parameter that this path does not have. Never ignored: a filter that is silently dropped is a wrong answer.
    case unknownParameter(name: String, allowed: [String])
    case repeatedParameter(name: String)
    case missingParameter(name: String)
    case badParameter(name: String, value: String, allowed: String)
    /// An identifier that is empty or longer than 256 bytes.
    case badIdentifier(what: String, bytes: Int)
    case itemNotFound(id: String)
    /// An event that cannot be taken; `number` counts from 1 and is nil if the whole body is at fault.
    case badEvent(number: Int?, reason: String)
    case tooManyEvents(limit: Int)
    case unsupportedMediaType(String)
    /// The service has nowhere to publish events to.
    case eventsUnavailable
    case stopping

    /// As the identifiers of events.
    static let maximumIdentifierBytes = EventLimits().idLength

    public var code: String {
        switch self {
        case .unknownParameter: "unknown-parameter"
        case .repeatedParameter: "repeated-parameter"
        case .missingParameter: "missing-parameter"
        case .badParameter: "bad-parameter"
        case .badIdentifier: "bad-identifier"
        case .itemNotFound: "item-not-found"
        case .badEvent: "bad-event"
        case .tooManyEvents: "too-many-events"
        case .unsupportedMediaType: "unsupported-media-type"
        case .eventsUnavailable: "events-unavailable"
        case .stopping: "stopping"
        }
    }

    public var message: String {
        switch self {
        case .unknownParameter(let name, _): "There is no parameter \(Self.quoted(name)) here."
        case .repeatedParameter(let name): "The parameter \(name) is given more than once."
        case .missingParameter(let name): "The parameter \(name) is missing."
        case .badParameter(let name, let value, let allowed):
            "The parameter \(name) is \(Self.quoted(value)), but it must be \(allowed)."
        case .badIdentifier(let what, let bytes):
            "The \(what) identifier has \(bytes) bytes, but it must have 1 to \(Self.maximumIdentifierBytes)."
        case .itemNotFound(let id): "There is no item \(Self.quoted(id))."
        case .badEvent(let number, let reason):
            number.map { "Event \($0) cannot be taken: \(reason)." } ?? "The events cannot be taken: \(reason)."
        case .tooManyEvents(let limit): "One request may carry \(limit) events."
        case .unsupportedMediaType(let type):
            type.isEmpty ? "The body has no Content-Type." : "A body of \(Self.quoted(type)) is not understood."
        case .eventsUnavailable: "This service takes no events."
        case .stopping: "The service is stopping."
        }
    }

    public var advice: String {
        switch self {
        case .unknownParameter(_, let allowed):
            allowed.isEmpty ? "This path takes none." : "This path takes \(allowed.joined(separator: ", "))."
        case .repeatedParameter: "Give it once."
        case .missingParameter(let name): "Add ?\(name)=… to the path."
        case .badParameter, .badIdentifier: ""
        case .itemNotFound: "GET /v1/items/popular lists some that there are."
        case .badEvent: "Nothing of the request was taken; correct it and send it again."
        case .tooManyEvents: "Send them in several requests."
        case .unsupportedMediaType: "Send application/json (an object or an array) or application/x-ndjson."
        case .eventsUnavailable: "Its operator can start it with --bootstrap-servers."
        case .stopping: "Try again elsewhere or later."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unknownParameter, .repeatedParameter, .missingParameter, .badParameter, .badIdentifier, .badEvent,
            .tooManyEvents, .unsupportedMediaType:
            .usage
        case .itemNotFound: .notFound
        case .eventsUnavailable, .stopping: .unavailable
        }
    }

    /// The parameter at fault.
    var parameter: String? {
        switch self {
        case .unknownParameter(let name, _), .repeatedParameter(let name), .missingParameter(let name),
            .badParameter(let name, _, _):
            name
        default: nil
        }
    }

    /// What a client sent is shown back short.
    private static func quoted(_ text: String) -> String {
        text.count > 80 ? "“\(text.prefix(80))…”" : "“\(text)”"
    }
}

extension HTTPProblem {
    /// The problem that any fault of the project is to a client. What is wrong inside is not told: it is in the log.
    init(_ fault: any Fault) {
        let status =
            switch fault.category {
            case .usage:
                switch fault as? ServingError {
                case .unsupportedMediaType: 415
                case .tooManyEvents: 413
                default: 400
                }
            case .notFound: 404
            case .unavailable: 503
            case .badData, .internalError, .interrupted: 500
            }
        guard status != 500 else {
            self.init(unexpected: fault)
            return
        }
        self.init(
            status: status, code: fault.code, detail: fault.message, advice: fault.advice,
            parameter: (fault as? ServingError)?.parameter, headers: status == 503 ? [("Retry-After", "1")] : [])
    }

    init(unexpected error: any Error) {
        self.init(
            status: 500, code: "internal-error", detail: "The service failed to answer.",
            advice: "Try again; if it stays, tell its operator the request_id.")
    }
}
