/// One thing that can be asked: what a room hands to whoever builds the router.
///
///     Route(
///         .get, "/v1/items/popular", "The most liked items.",
///         parameters: [Route.Parameter("n", .integer(1...500), "How many.", default: 20)], answers: [.json(films)]
///     ) { request, _ in .now(HTTPResponse(body: …)) }
///
/// It is the one description of the interface: the router checks requests by it before the action runs, `/openapi.json`
/// and `/docs` are made from it, and a check of keys reads its scope. None of them has to know the room.
public struct Route: Sendable {
    /// What a caller must be allowed to do.
    public enum Scope: String, Sendable, CaseIterable {
        /// For anyone, such as whether the process lives.
        case open
        /// Reads recommendations and items.
        case read
        /// Sends events and impressions.
        case events
        /// Changes the catalogue.
        case catalog
        /// Trains, promotes and rolls back models.
        case models
        /// Reads or erases what is known of a person.
        case privacy
        /// Looks after keys and reads the audit log.
        case admin
    }

    public let method: HTTPMethod
    /// See ``HTTPRouter``.
    public let pattern: String
    /// What the answer is, in a sentence.
    public let summary: String
    public let scope: Scope
    /// What the pattern's segments in braces stand for, in order.
    public let path: [Parameter]
    /// Of the query.
    public let parameters: [Parameter]
    /// Headers that it looks at, each a text.
    public let headers: [Parameter]
    public let body: Body?
    /// What comes back when all is well.
    public let answers: [Answer]
    /// What comes back otherwise, beside what every route may answer.
    public private(set) var problems: [Problem]
    /// Not called for a request that is none of what is declared here.
    public private(set) var action: HTTPRouter.Action

    /// - Parameters:
    ///   - path: those of the pattern's parameters that are no identifiers.
    ///   - parameters: those of the query that the route takes.
    ///   - headers: those that it looks at beside what every route does.
    ///   - body: what it must carry; nil if a body is not looked at.
    ///   - action: gets the request and the segments that the pattern's parameters stand for, in order.
    public init(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, scope: Scope = .read, path: [Parameter] = [],
        parameters: [Parameter] = [], headers: [Parameter] = [], body: Body? = nil, answers: [Answer],
        problems: [Problem] = [],
        action: @escaping HTTPRouter.Action
    ) {
        self.method = method
        self.pattern = pattern
        self.summary = summary
        self.scope = scope
        self.path = Self.names(in: pattern).map { name in
            path.first { $0.name == name }
                ?? Parameter(name, .identifier, "The \(name)'s identifier.", isRequired: true)
        }
        self.parameters = parameters
        self.headers = headers
        self.body = body
        self.answers = answers
        self.problems = problems
        let check = RouteCheck(path: self.path, parameters: parameters, headers: headers, body: body)
        self.action = { request, segments in
            do throws(RouteError) {
                try check.pass(request, segments)
            } catch {
                return .now(HTTPProblem(error).response(requestID: request.id))
            }
            return action(request, segments)
        }
    }

    /// Of the pattern's parameters, in order.
    private static func names(in pattern: String) -> [String] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
            .map { String($0.dropFirst().dropLast($0.hasSuffix("...}") ? 4 : 1)) }
    }
}

extension Route {
    /// The same route, whose action is what `wrap` makes of it: for what stands before or behind every route.
    /// - Parameter problems: that it may answer by that, too.
    public func wrapped(
        problems: [Problem] = [], _ wrap: (@escaping HTTPRouter.Action) -> HTTPRouter.Action
    ) -> Route {
        var route = self
        route.action = wrap(action)
        route.problems += problems.filter { !self.problems.contains($0) }
        return route
    }
}

extension HTTPRouter {
    /// - Precondition: see ``on(_:_:_:)``.
    public mutating func add(_ routes: [Route]) {
        for route in routes { on(route.method, route.pattern, route.action) }
    }
}
