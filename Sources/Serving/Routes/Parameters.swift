internal import HTTPServer

/// The values of one request's query; which parameters there may be is said by its route.
struct Parameters {
    static let defaultCount = 20
    static let countRange = 1...500

    private let query: HTTPQuery

    init(_ request: HTTPRequest) { query = request.query }

    func count() throws(ServingError) -> Int {
        guard let text = query["n"] else { return Self.defaultCount }
        // Int would also take "+5".
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(text), Self.countRange.contains(count)
        else {
            throw .badParameter(
                name: "n", value: text,
                allowed: "a whole number from \(Self.countRange.lowerBound) to \(Self.countRange.upperBound)")
        }
        return count
    }

    /// The value of a parameter that is one of a few words.
    func choice<Choice: CaseIterable & RawRepresentable>(
        _ name: String, default choice: Choice
    ) throws(ServingError) -> Choice where Choice.RawValue == String {
        guard let text = query[name] else { return choice }
        guard let chosen = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badParameter(name: name, value: text, allowed: "one of \(words)")
        }
        return chosen
    }

    /// The fields asked for, in the order asked for.
    func fields() throws(ServingError) -> [ItemField] {
        guard let text = query["fields"] else { return [] }
        var fields: [ItemField] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let field = ItemField(rawValue: String(name)), !fields.contains(field) else {
                let words = ItemField.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badParameter(name: "fields", value: text, allowed: "different ones of \(words), comma-separated")
            }
            fields.append(field)
        }
        return fields
    }

    func identifier(_ name: String) throws(ServingError) -> String {
        guard let text = query[name] else { throw .missingParameter(name: name) }
        return try Self.identifier(text, what: name == "user_id" ? "user" : name)
    }

    static func identifier(_ text: String, what: String) throws(ServingError) -> String {
        guard (1...ServingError.maximumIdentifierBytes).contains(text.utf8.count) else {
            throw .badIdentifier(what: what, bytes: text.utf8.count)
        }
        return text
    }
}

/// `explain=…`.
enum ExplainLevel: String, CaseIterable {
    case none, summary
}
