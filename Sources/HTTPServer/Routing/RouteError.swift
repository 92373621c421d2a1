public import Domain

/// A request that its route has not declared: found before the route's action is called.
public enum RouteError: RequestFault, Equatable {
    /// Never ignored: a filter that is silently dropped is a wrong answer.
    case unknownParameter(name: String, allowed: [String])
    case repeatedParameter(name: String)
    case missingParameter(name: String)
    case badParameter(name: String, value: String, allowed: String)
    /// An identifier in the path or query that is empty or longer than 256 bytes.
    case badIdentifier(what: String, bytes: Int)
    case unsupportedMediaType(String, allowed: [String])
    case bodyTooLarge(limit: Int)

    public var code: String {
        switch self {
        case .unknownParameter: "unknown-parameter"
        case .repeatedParameter: "repeated-parameter"
        case .missingParameter: "missing-parameter"
        case .badParameter: "bad-parameter"
        case .badIdentifier: "bad-identifier"
        case .unsupportedMediaType: "unsupported-media-type"
        case .bodyTooLarge: "body-too-large"
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
            "The \(what) identifier has \(bytes) bytes, but it must have 1 to 256."
        case .unsupportedMediaType(let type, _):
            type.isEmpty ? "The body has no Content-Type." : "A body of \(Self.quoted(type)) is not understood."
        case .bodyTooLarge(let limit): "The body may have \(limit) bytes."
        }
    }

    public var advice: String {
        switch self {
        case .unknownParameter(_, let allowed):
            allowed.isEmpty ? "This path takes none." : "This path takes \(allowed.joined(separator: ", "))."
        case .repeatedParameter: "Give it once."
        case .missingParameter(let name): "Add ?\(name)=… to the path."
        case .badParameter, .badIdentifier: ""
        case .unsupportedMediaType(_, let allowed): "Send \(allowed.joined(separator: " or "))."
        case .bodyTooLarge: "Send it in several requests."
        }
    }

    public var category: FaultCategory { .usage }

    public var status: Int? {
        switch self {
        case .unsupportedMediaType: 415
        case .bodyTooLarge: 413
        default: nil
        }
    }

    public var parameter: String? {
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
