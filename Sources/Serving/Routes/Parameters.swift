internal import Domain
internal import HTTPServer

/// The values of one request's query that are no parameters of lists.
struct Parameters {
    private let query: HTTPQuery

    init(_ request: HTTPRequest) { query = request.query }

    func identifier(_ name: String) throws(ServingError) -> String {
        guard let text = query[name] else { throw .missingParameter(name: name) }
        return try Self.identifier(text, what: name == "user_id" ? "user" : name)
    }

    static func identifier(_ text: String, what: String) throws(ServingError) -> String {
        guard (1...ServingError.maximumIdentifierBytes).contains(text.utf8.count) else {
            throw .badIdentifier(what: what, bytes: text.utf8.count)
        }
        // What a path or a query has of them the server refuses; a body may bring them, too.
        guard !text.hasControlCharacter else {
            throw .badParameter(name: what, value: text, allowed: "an identifier without control characters")
        }
        return text
    }
}
