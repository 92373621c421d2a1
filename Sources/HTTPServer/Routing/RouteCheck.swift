/// Holds a request to what its route declares. Made once; a request costs a look at each of its parameters.
struct RouteCheck: Sendable {
    private let path: [Route.Parameter]
    private let parameters: [Route.Parameter]
    private let headers: [Route.Parameter]
    private let names: [String]
    private let required: [String]
    private let body: Route.Body?

    init(path: [Route.Parameter], parameters: [Route.Parameter], headers: [Route.Parameter], body: Route.Body?) {
        self.path = path
        self.parameters = parameters
        self.headers = headers
        self.body = body
        names = parameters.map(\.name)
        required = parameters.filter(\.isRequired).map(\.name)
    }

    func pass(_ request: HTTPRequest, _ segments: [String]) throws(RouteError) {
        for (parameter, segment) in zip(path, segments) { try Self.check(segment, parameter) }
        // Of a rest, `{items...}`.
        if let last = path.last { for segment in segments.dropFirst(path.count) { try Self.check(segment, last) } }
        let query = request.query.parameters
        for (position, given) in query.enumerated() {
            guard let place = names.firstIndex(of: given.name) else {
                throw .unknownParameter(name: given.name, allowed: names)
            }
            guard !query[..<position].contains(where: { $0.name == given.name }) else {
                throw .repeatedParameter(name: given.name)
            }
            try Self.check(given.value, parameters[place])
        }
        for name in required where !query.contains(where: { $0.name == name }) {
            throw .missingParameter(name: name)
        }
        for header in headers {
            if let value = request.headers.first(of: header.name) {
                try Self.check(value, header)
            } else if header.isRequired {
                throw .missingParameter(name: header.name)
            }
        }
        if let body { try Self.check(request, body) }
    }

    private static func check(_ text: String, _ parameter: Route.Parameter) throws(RouteError) {
        guard let allowed = parameter.schema.flaw(in: text) else { return }
        guard case .text(_, _, "identifier") = parameter.schema.bare else {
            throw .badParameter(name: parameter.name, value: text, allowed: allowed)
        }
        let what = parameter.name.hasSuffix("_id") ? String(parameter.name.dropLast(3)) : parameter.name
        throw .badIdentifier(what: what, bytes: text.utf8.count)
    }

    private static func check(_ request: HTTPRequest, _ body: Route.Body) throws(RouteError) {
        if request.body.isEmpty, !body.isRequired { return }
        guard request.body.count <= body.limit else { throw .bodyTooLarge(limit: body.limit) }
        let type = mediaType(request.headers["content-type"] ?? "")
        guard body.content.contains(where: { $0.type == type }) else {
            throw .unsupportedMediaType(type, allowed: body.content.map(\.type))
        }
    }

    /// Type and subtype in lower case, without parameters (RFC 9110, 8.3.1).
    private static func mediaType(_ field: String) -> String {
        let end = field.firstIndex(of: ";") ?? field.endIndex
        return field[..<end].filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}
