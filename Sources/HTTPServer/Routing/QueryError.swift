public import Domain

/// A query with a parameter that its path does not have, or one given twice.
public enum QueryError: RequestFault, Equatable {
    /// Never ignored: a filter that is silently dropped is a wrong answer.
    case unknownParameter(name: String, allowed: [String])
    case repeatedParameter(name: String)

    public var code: String {
        switch self {
        case .unknownParameter: "unknown-parameter"
        case .repeatedParameter: "repeated-parameter"
        }
    }

    public var message: String {
        switch self {
        // What a client sent is shown back short.
        case .unknownParameter(let name, _):
            "There is no parameter “\(name.count > 80 ? "\(name.prefix(80))…" : name)” here."
        case .repeatedParameter(let name): "The parameter \(name) is given more than once."
        }
    }

    public var advice: String {
        switch self {
        case .unknownParameter(_, let allowed):
            allowed.isEmpty ? "This path takes none." : "This path takes \(allowed.joined(separator: ", "))."
        case .repeatedParameter: "Give it once."
        }
    }

    public var category: FaultCategory { .usage }
    public var status: Int? { nil }

    public var parameter: String? {
        switch self {
        case .unknownParameter(let name, _), .repeatedParameter(let name): name
        }
    }
}

extension HTTPQuery {
    /// - Throws: for a parameter that is not one of `names`, or one given twice.
    func check(against names: [String]) throws(QueryError) {
        for (position, parameter) in parameters.enumerated() {
            guard names.contains(parameter.name) else {
                throw .unknownParameter(name: parameter.name, allowed: names)
            }
            guard !parameters[..<position].contains(where: { $0.name == parameter.name }) else {
                throw .repeatedParameter(name: parameter.name)
            }
        }
    }
}
