public import Catalog
public import Domain
public import HTTPServer

/// What is wrong with a request, or keeps the service from answering.
public enum ServingError: RequestFault, Equatable {
    case missingParameter(name: String)
    case badParameter(name: String, value: String, allowed: String)
    case badFilter(FilterError)
    /// The expression of a boost.
    case badBoost(FilterError)
    /// A body that is no JSON object.
    case badBody(reason: String)
    /// A member of a body that its route does not take.
    case unknownMember(name: String, allowed: [String])
    case missingMember(name: String)
    /// A cursor that no page has given.
    case badCursor
    /// A cursor of a list that was asked for otherwise.
    case cursorOfAnotherList
    /// A cursor that is too old, or whose model is gone.
    case cursorExpired
    case recommendationNotFound(id: String)
    /// An identifier that is empty or longer than 256 bytes.
    case badIdentifier(what: String, bytes: Int)
    case itemNotFound(id: String)
    /// A user of whom nothing is known, where a list needs one who is.
    case userNotFound(id: String)
    /// An `Accept` that wants none of the forms there are.
    case notAcceptable(allowed: [String])
    /// An event that cannot be taken; `number` counts from 1 and is nil if the whole body is at fault.
    case badEvent(number: Int?, reason: String)
    /// An impression that cannot be taken, counted like events.
    case badImpression(number: Int?, reason: String)
    case tooManyEvents(limit: Int)
    case unsupportedMediaType(String)
    /// The service cannot change its catalogue.
    case catalogueReadOnly
    /// The catalogue cannot be written just now.
    case catalogueUnavailable
    /// A film that cannot be taken; of several it is counted from 1.
    case badFilm(number: Int?, reason: String)
    case tooManyFilms(limit: Int)
    /// A film that is another one by now than an edit is meant for.
    case filmChanged(id: String)
    /// An edit that is not meant for a film that is there, or not for one as it is.
    case filmExists(id: String)
    /// The search service cannot be asked now.
    case searchUnavailable
    /// The service has nowhere to publish events to.
    case eventsUnavailable
    /// The service has nowhere to publish impressions to.
    case impressionsUnavailable
    /// The events were taken, but what was waited for took longer.
    case waitTimedOut(milliseconds: Int)
    /// The service does not know what is stored.
    case storeUnknown

    /// As the identifiers of events.
    static let maximumIdentifierBytes = EventLimits().idLength

    public var code: String {
        switch self {
        case .missingParameter: "missing-parameter"
        case .badParameter: "bad-parameter"
        case .badFilter(let error), .badBoost(let error): error.code
        case .badBody: "bad-body"
        case .unknownMember: "unknown-parameter"
        case .missingMember: "missing-parameter"
        case .badCursor: "bad-cursor"
        case .cursorOfAnotherList: "cursor-of-another-list"
        case .cursorExpired: "cursor-expired"
        case .recommendationNotFound: "recommendation-not-found"
        case .badIdentifier: "bad-identifier"
        case .itemNotFound: "item-not-found"
        case .userNotFound: "user-not-found"
        case .notAcceptable: "not-acceptable"
        case .badEvent: "bad-event"
        case .badImpression: "bad-impression"
        case .tooManyEvents: "too-many-events"
        case .unsupportedMediaType: "unsupported-media-type"
        case .eventsUnavailable: "events-unavailable"
        case .impressionsUnavailable: "impressions-unavailable"
        case .searchUnavailable: "search-unavailable"
        case .catalogueReadOnly: "catalogue-read-only"
        case .catalogueUnavailable: "catalogue-unavailable"
        case .badFilm: "movie-malformed"
        case .tooManyFilms: "too-many-films"
        case .filmChanged: "film-changed"
        case .filmExists: "film-exists"
        case .waitTimedOut: "wait-timed-out"
        case .storeUnknown: "store-unknown"
        }
    }

    public var message: String {
        switch self {
        case .missingParameter(let name): "The parameter \(name) is missing."
        case .badParameter(let name, let value, let allowed):
            "The parameter \(name) is \(Self.quoted(value)), but it must be \(allowed)."
        case .badFilter(let error): error.message
        case .badBoost(let error): "In a boost: \(error.message)"
        case .badBody(let reason): "The body cannot be understood: \(reason)."
        case .unknownMember(let name, _): "There is no parameter \(Self.quoted(name)) here."
        case .missingMember(let name): "The body has no \(name)."
        case .badCursor: "The cursor is none that a page has given."
        case .cursorOfAnotherList: "The cursor belongs to a list that was asked for with other parameters."
        case .cursorExpired: "The cursor is older than 10 minutes, or the model that made its list is gone."
        case .recommendationNotFound(let id): "There is no recommendation \(Self.quoted(id)), or not any more."
        case .badIdentifier(let what, let bytes):
            "The \(what) identifier has \(bytes) bytes, but it must have 1 to \(Self.maximumIdentifierBytes)."
        case .itemNotFound(let id): "There is no item \(Self.quoted(id))."
        case .userNotFound(let id): "Nothing is known of a user \(Self.quoted(id))."
        case .notAcceptable: "The Accept of the request wants no form that this answer has."
        case .badEvent(let number, let reason):
            number.map { "Event \($0) cannot be taken: \(reason)." } ?? "The events cannot be taken: \(reason)."
        case .badImpression(let number, let reason):
            number.map { "Impression \($0) cannot be taken: \(reason)." }
                ?? "The impressions cannot be taken: \(reason)."
        case .tooManyEvents(let limit): "One request may carry \(limit) of them."
        case .unsupportedMediaType(let type):
            type.isEmpty ? "The body has no Content-Type." : "A body of \(Self.quoted(type)) is not understood."
        case .eventsUnavailable: "This service takes no events."
        case .impressionsUnavailable: "This service takes no impressions."
        case .searchUnavailable: "Films cannot be searched just now."
        case .catalogueReadOnly: "This service does not change its catalogue."
        case .catalogueUnavailable: "The catalogue cannot be written just now."
        case .badFilm(let number, let reason):
            "\(number.map { "Film \($0)" } ?? "The film") cannot be used: \(reason)."
        case .tooManyFilms(let limit): "One request may carry \(limit) films."
        case .filmChanged(let id): "The film \(Self.quoted(id)) is not the one any more that the edit is of."
        case .filmExists(let id): "The film \(Self.quoted(id)) is there, and the edit is not meant for it."
        case .waitTimedOut(let milliseconds):
            "The events were taken, but they were not stored within \(milliseconds) milliseconds."
        case .storeUnknown: "This service does not know what is stored."
        }
    }

    public var advice: String {
        switch self {
        case .missingParameter(let name): "Add ?\(name)=… to the path."
        case .badParameter, .badIdentifier: ""
        case .badFilter(let error), .badBoost(let error): error.advice
        case .badBody: "Send one JSON object."
        case .unknownMember(_, let allowed): "The body takes \(allowed.joined(separator: ", "))."
        case .missingMember(let name): "Add it: {\"\(name)\": …}."
        case .badCursor: "Send next_cursor as it was received, or none for the first page."
        case .cursorOfAnotherList: "Change nothing but n, fields and explain between pages."
        case .cursorExpired: "Ask for the first page again."
        case .recommendationNotFound: "Answers are kept for --keep-answers, and no more than there is room for."
        case .itemNotFound: "GET /v1/items/popular lists some that there are."
        case .userNotFound: "GET /v1/users/{user}/recommendations has lists for strangers, too."
        case .notAcceptable(let allowed): "Accept \(allowed.joined(separator: ", "))."
        case .badEvent, .badImpression: "Nothing of the request was taken; correct it and send it again."
        case .tooManyEvents: "Send them in several requests."
        case .unsupportedMediaType: "Send application/json (an object or an array) or application/x-ndjson."
        case .eventsUnavailable, .impressionsUnavailable: "Its operator can start it with --bootstrap-servers."
        case .searchUnavailable: "Send it again in a moment; lists of recommendations go on without."
        case .catalogueReadOnly: "Its operator can give it a store to write to."
        case .catalogueUnavailable: "Send it again; the operator's log says why."
        case .badFilm: "Nothing of the request was taken; correct it and send it again."
        case .tooManyFilms: "Send them in several requests."
        case .filmChanged: "Read it again, and send the edit with the ETag that it has then as If-Match."
        case .filmExists: "To change it, send the edit without If-None-Match, or with its ETag as If-Match."
        case .waitTimedOut: "Do not send them again, or only with the same event_id; give X-Timeout-Ms up to 60000."
        case .storeUnknown: "Its operator can give it the store of events."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .missingParameter, .badParameter, .badFilter, .badBoost, .badIdentifier, .badEvent, .badImpression,
            .tooManyEvents,
            .unsupportedMediaType,
            .notAcceptable, .badBody, .unknownMember, .missingMember, .badCursor, .cursorOfAnotherList, .cursorExpired,
            .badFilm, .tooManyFilms, .filmChanged, .filmExists, .waitTimedOut:
            .usage
        case .itemNotFound, .userNotFound, .recommendationNotFound: .notFound
        case .eventsUnavailable, .impressionsUnavailable, .catalogueReadOnly, .catalogueUnavailable, .searchUnavailable,
            .storeUnknown:
            .unavailable
        }
    }

    public var status: Int? {
        switch self {
        case .unsupportedMediaType: 415
        case .tooManyEvents, .tooManyFilms: 413
        case .notAcceptable: 406
        case .cursorExpired: 410
        case .filmChanged, .filmExists: 412
        case .waitTimedOut: 504
        default: nil
        }
    }

    public var parameter: String? {
        switch self {
        case .missingParameter(let name), .badParameter(let name, _, _), .unknownMember(let name, _),
            .missingMember(let name):
            name
        case .badFilter(let error): error.parameter
        case .badBoost(let error): error.parameter == "filter" ? "boost" : error.parameter
        case .badCursor, .cursorOfAnotherList, .cursorExpired: "cursor"
        default: nil
        }
    }

    /// What a client sent is shown back short.
    private static func quoted(_ text: String) -> String {
        text.count > 80 ? "“\(text.prefix(80))…”" : "“\(text)”"
    }
}
