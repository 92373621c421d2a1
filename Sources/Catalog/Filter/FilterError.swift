public import Domain

/// What is wrong with a filter. Positions count characters of its text from 1.
public enum FilterError: Fault, Equatable {
    /// The text is no filter: at `position` stands something else than what can stand there.
    case syntax(position: Int, found: String, expected: String, advice: String)
    case unknownField(name: String, position: Int)
    /// A field compared with what it does not hold.
    case wrongType(field: String, position: Int, reason: String, advice: String)
    /// The text has `$name`, and no value was given for it.
    case unboundParameter(name: String, position: Int)
    /// A value was given for a name that the text does not have: most likely a slip of the pen in one of them.
    case unusedParameter(name: String)
    /// The values are no JSON object.
    case badParameters(reason: String)
    case parametersWithoutFilter
    /// Longer, deeper or of more values than is allowed.
    case tooLarge(what: String, limit: Int, position: Int?)
    /// Films are filtered by what the catalogue says, and there is none.
    case noCatalogue

    public var code: String {
        switch self {
        case .syntax: "filter-syntax"
        case .unknownField: "filter-unknown-field"
        case .wrongType: "filter-wrong-type"
        case .unboundParameter, .unusedParameter, .badParameters, .parametersWithoutFilter: "filter-parameters"
        case .tooLarge: "filter-too-large"
        case .noCatalogue: "filter-without-catalogue"
        }
    }

    public var message: String {
        switch self {
        case .syntax(let position, let found, let expected, _):
            "The filter has \(found) at character \(position), where \(expected) should stand."
        case .unknownField(let name, let position):
            "The filter asks for “\(Self.short(name))” at character \(position), which films do not have."
        case .wrongType(let field, let position, let reason, _):
            "The filter compares \(field) at character \(position): \(reason)."
        case .unboundParameter(let name, let position):
            "The filter has $\(Self.short(name)) at character \(position), and no value is given for it."
        case .unusedParameter(let name): "A value is given for $\(Self.short(name)), which the filter does not have."
        case .badParameters(let reason): "The filter's parameters cannot be used: \(reason)."
        case .parametersWithoutFilter: "There are parameters of a filter, and no filter."
        case .tooLarge(let what, let limit, let position):
            "The filter has more than \(limit) \(what)\(position.map { " at character \($0)" } ?? "")."
        case .noCatalogue: "There is no catalogue to filter by."
        }
    }

    public var advice: String {
        switch self {
        case .syntax(_, _, _, let advice), .wrongType(_, _, _, let advice): advice
        case .unknownField:
            "The fields are \(FilterField.allCases.map(\.rawValue).joined(separator: ", ")); texts stand in quotes."
        case .unboundParameter: "Give it in params, a JSON object by name."
        case .unusedParameter: "Write the same name in both places, or leave the value out."
        case .badParameters: #"Write them as {"genre":"Drama","years":[1999,2000]}."#
        case .parametersWithoutFilter: "Give the filter, too."
        case .tooLarge: "Use `in (…)` for many values, and several requests for more."
        case .noCatalogue: "Give the store that has a table of films with --store."
        }
    }

    public var category: FaultCategory { .usage }

    /// The request parameter at fault.
    public var parameter: String? {
        switch self {
        case .unusedParameter, .unboundParameter, .badParameters: "params"
        default: "filter"
        }
    }

    /// What a client sent is shown back short.
    private static func short(_ text: String) -> String { text.count > 80 ? "\(text.prefix(80))…" : text }
}
