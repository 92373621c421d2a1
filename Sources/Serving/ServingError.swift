public import Domain
public import HTTPServer

/// What is wrong with a request, or keeps the service from answering.
public enum ServingError: RequestFault, Equatable {
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

    /// As the identifiers of events.
    static let maximumIdentifierBytes = EventLimits().idLength

    public var code: String {
        switch self {
        case .missingParameter: "missing-parameter"
        case .badParameter: "bad-parameter"
        case .badIdentifier: "bad-identifier"
        case .itemNotFound: "item-not-found"
        case .badEvent: "bad-event"
        case .tooManyEvents: "too-many-events"
        case .unsupportedMediaType: "unsupported-media-type"
        case .eventsUnavailable: "events-unavailable"
        }
    }

    public var message: String {
        switch self {
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
        }
    }

    public var advice: String {
        switch self {
        case .missingParameter(let name): "Add ?\(name)=… to the path."
        case .badParameter, .badIdentifier: ""
        case .itemNotFound: "GET /v1/items/popular lists some that there are."
        case .badEvent: "Nothing of the request was taken; correct it and send it again."
        case .tooManyEvents: "Send them in several requests."
        case .unsupportedMediaType: "Send application/json (an object or an array) or application/x-ndjson."
        case .eventsUnavailable: "Its operator can start it with --bootstrap-servers."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .missingParameter, .badParameter, .badIdentifier, .badEvent, .tooManyEvents, .unsupportedMediaType: .usage
        case .itemNotFound: .notFound
        case .eventsUnavailable: .unavailable
        }
    }

    public var status: Int? {
        switch self {
        case .unsupportedMediaType: 415
        case .tooManyEvents: 413
        default: nil
        }
    }

    public var parameter: String? {
        switch self {
        case .missingParameter(let name), .badParameter(let name, _, _): name
        default: nil
        }
    }

    /// What a client sent is shown back short.
    private static func quoted(_ text: String) -> String {
        text.count > 80 ? "“\(text.prefix(80))…”" : "“\(text)”"
    }
}
