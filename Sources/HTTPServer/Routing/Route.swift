/// One thing that can be asked: what a room hands to whoever builds the router.
///
///     Route(.get, "/v1/items/popular", "The most liked items.", parameters: ["n": "How many."]) { request, _ in
///         .now(HTTPResponse(body: …))
///     }
///
/// It says what its router needs, and what a description of the interface, a check of keys or a page about it would:
/// none of them has to know the room.
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
        /// Promotes models and rolls them back, starts training runs.
        case models
        /// Reads what is one person's own.
        case privacy
        /// Reads the audit log, manages keys.
        case admin
    }

    /// A parameter of the query.
    public struct Parameter: Sendable {
        public let name: String
        /// What it decides, its values and its default, in a sentence.
        public let meaning: String

        public init(name: String, meaning: String) {
            self.name = name
            self.meaning = meaning
        }
    }

    public let method: HTTPMethod
    /// See ``HTTPRouter``.
    public let pattern: String
    /// What the answer is, in a sentence.
    public let summary: String
    public let scope: Scope
    public let parameters: [Parameter]
    /// Not called for a request whose query has other parameters than these, or one of them twice.
    public private(set) var action: HTTPRouter.Action

    /// - Parameters:
    ///   - parameters: by name, those of the query that the route takes.
    ///   - action: gets the request and the segments that the pattern's parameters stand for, in order.
    public init(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, scope: Scope = .read,
        parameters: KeyValuePairs<String, String> = [:], action: @escaping HTTPRouter.Action
    ) {
        self.init(
            method, pattern, summary, scope: scope,
            parameters: parameters.map { Parameter(name: $0.key, meaning: $0.value) }, action: action)
    }

    /// The same with parameters that are made elsewhere.
    public init(
        _ method: HTTPMethod, _ pattern: String, _ summary: String, scope: Scope = .read, parameters: [Parameter],
        action: @escaping HTTPRouter.Action
    ) {
        self.method = method
        self.pattern = pattern
        self.summary = summary
        self.scope = scope
        self.parameters = parameters
        let names = parameters.map(\.name)
        self.action = { request, path in
            do throws(QueryError) {
                try request.query.check(against: names)
            } catch {
                return .now(HTTPProblem(error).response(requestID: request.id))
            }
            return action(request, path)
        }
    }
}

extension Route {
    /// The same route, whose action is what `wrap` makes of it: for what stands before or behind every route.
    public func wrapped(_ wrap: (@escaping HTTPRouter.Action) -> HTTPRouter.Action) -> Route {
        var route = self
        route.action = wrap(action)
        return route
    }
}

extension HTTPRouter {
    /// - Precondition: see ``on(_:_:_:)``.
    public mutating func add(_ routes: [Route]) {
        for route in routes { on(route.method, route.pattern, route.action) }
    }
}
