internal import Domain
internal import HTTPServer

/// The JSON object that a request carries. A route takes out the members that are its own; what is left are the common
/// parameters of lists.
struct RequestBody {
    /// Members that nobody has taken yet.
    private(set) var rest: [JSONValue.Member]
    /// Names that the route has asked for: what a refusal can suggest.
    private(set) var taken: [String] = []

    /// Bytes, at most: these bodies are read on the connection's thread, where others wait meanwhile. A thousand
    /// identifiers of full length take a quarter of it.
    static let limit = 1 << 20

    /// An object within a body.
    init(_ members: [JSONValue.Member]) { rest = members }

    /// - Throws: for a body of another type, and for one that is no JSON object.
    init(_ request: HTTPRequest) throws(ServingError) {
        let type = request.headers["content-type"] ?? ""
        let media = type.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() }
        guard media == "application/json" else { throw .unsupportedMediaType(media ?? "") }
        do throws(BodyFlaw) {
            rest = try request.jsonMembers()
        } catch {
            throw .badBody(reason: error.reason)
        }
    }

    /// The member of that name, taken out; nil if there is none, or it is null.
    mutating func take(_ name: String) -> ParameterValue? {
        taken.append(name)
        guard let place = rest.firstIndex(where: { $0.name == name }) else { return nil }
        let value = rest.remove(at: place).value
        return value == .null ? nil : ParameterValue(name, body: value)
    }

    /// The same where it must be there.
    mutating func require(_ name: String) throws(ServingError) -> ParameterValue {
        guard let value = take(name) else { throw .missingMember(name: name) }
        return value
    }

    /// - Throws: if a member is left that nobody has taken.
    func end() throws(ServingError) {
        if let first = rest.first { throw .unknownMember(name: first.name, allowed: taken) }
    }
}
