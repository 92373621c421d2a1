internal import Domain
public import HTTPServer

extension RecommendationService {
    /// The REST interface of Oryx 2's serving layer for ALS, below `/oryx`: what moves from there needs another address and
    /// no more. Which call becomes which, and what differs, is in docs/oryx.md.
    public var oryxRoutes: [Route] { OryxRoutes(routes: Routes(service: self)).table }
}

/// Oryx 2's nineteen endpoints over the pipeline of the others: a list is asked for, cut and written down as Oryx does.
struct OryxRoutes: Sendable {
    let routes: Routes
    var service: RecommendationService { routes.service }
    var table: [Route] { ofLists + ofValues + ofModel + ofEvents }

    /// Parameters of every list.
    static let window = [
        Route.Parameter("howMany", .integer(1...OryxWindow.maximumEnd), "How many results.", default: 10),
        Route.Parameter(
            "offset", .integer(0...OryxWindow.maximumEnd - 1), "Results to leave out at the beginning.", default: 0),
    ]
    /// Parameters of lists for users.
    static let personalWindow =
        window + [
            Route.Parameter(
                "considerKnownItems", .boolean, "Whether items that the user had to do with may come back.",
                default: false)
        ]
    /// Items of a path that may have a strength.
    static let weighedItems = Route.Parameter(
        "items", .text(), "An item, or item=strength; more of them behind further slashes.", isRequired: true)

    /// A route whose answer is written as `Accept` says.
    /// - Parameters:
    ///   - shape: of the answer in JSON.
    ///   - problems: what it may answer otherwise.
    func get(
        _ pattern: String, _ summary: String, scope: Route.Scope = .read, path: [Route.Parameter] = [],
        parameters: [Route.Parameter] = [], of shape: JSONSchema, problems: [ServingError] = [],
        _ answer: @escaping @Sendable (HTTPRequest, [String]) throws -> HTTPReply
    ) -> Route {
        Route(
            .get, pattern, "As Oryx: \(summary)", scope: scope, path: path, parameters: parameters,
            answers: [
                Route.Answer(
                    200, ["text/plain": .text(), "text/csv": .text(), "application/json": shape],
                    headers: ["X-Degraded": "What a list lacks because a part of the service does not work."])
            ],
            problems: (problems + [.notAcceptable(allowed: [])]).map { Route.Problem($0) }
        ) { request, path in
            routes.answering(request) { try answer(request, path) }
        }
    }

    /// Answers with a list of the pipeline.
    /// - Parameters:
    ///   - leavingOut: items that must not come back, by identifier.
    ///   - begin: makes the list on the state that it is given.
    func list(
        _ request: HTTPRequest, leavingOut: [String] = [], parts: [ServingPart] = [.model, .catalogue, .index],
        isPersonal: Bool = false, _ begin: (Pipeline, ListPage) throws -> Pipeline.Pending
    ) throws -> HTTPReply {
        let form = try OryxForm(request)
        let window = try OryxWindow(request.query)
        var list = ListRequest()
        list.count = window.end
        list.excludeSeen = window.considersKnownItems ? .none : .interacted
        list.excludedIDs = leavingOut
        let pipeline = service.pipeline()
        let pending = try begin(pipeline, ListPage(list, of: "oryx"))
        let respond: @Sendable (RecommendationList) -> HTTPResponse = { [service] made in
            let made = service.finished(made, of: isPersonal ? parts + [.events] : parts)
            let rows = made.items.dropFirst(window.offset).map { item in
                OryxRow.scored(made.state.items.ids[Int(item.place)], Double(item.score.total) / 1_000_000)
            }
            return form.response(rows, degraded: made.degraded)
        }
        if let made = try routes.immediately(pending, pipeline.state) { return .now(respond(made)) }
        return .later { [routes] in
            await routes.answering(request) { respond(try await routes.finished(pending, pipeline.state)) }
        }
    }

    /// Answers with rows that the state knows.
    func rows(
        _ request: HTTPRequest, _ make: (Pipeline) throws -> some Sequence<OryxRow>
    ) throws -> HTTPReply {
        let form = try OryxForm(request)
        return .now(form.response(try make(service.pipeline())))
    }

    /// What is known of a user.
    /// - Throws: ``ServingError/userNotFound(id:)`` for one of whom nothing is.
    func profile(
        of user: String, with context: [EventOverlay.Fresh] = [], in pipeline: Pipeline
    ) throws(ServingError) -> UserProfile {
        let user = try Parameters.identifier(user, what: "user")
        let profile = UserProfile(of: user, with: context, in: pipeline.state, overlay: pipeline.overlay)
        guard profile.state != .new else { throw .userNotFound(id: user) }
        return profile
    }
}

/// `howMany`, `offset` and `considerKnownItems`.
struct OryxWindow {
    var howMany = 10
    var offset = 0
    var considersKnownItems = false

    /// As Oryx allows.
    static let maximumEnd = 100_000

    var end: Int { howMany + offset }

    init(_ query: HTTPQuery) throws(ServingError) {
        howMany = try Self.number(query, "howMany", in: 1...Self.maximumEnd) ?? howMany
        offset = try Self.number(query, "offset", in: 0...Self.maximumEnd - 1) ?? offset
        guard end <= Self.maximumEnd else {
            throw .badParameter(
                name: "offset", value: "\(offset)", allowed: "at most \(Self.maximumEnd) together with howMany")
        }
        guard let text = query["considerKnownItems"] else { return }
        switch text {
        case "true": considersKnownItems = true
        case "false": break
        default: throw .badParameter(name: "considerKnownItems", value: text, allowed: "true or false")
        }
    }

    private static func number(
        _ query: HTTPQuery, _ name: String, in range: ClosedRange<Int>
    ) throws(ServingError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .badParameter(
                name: name, value: text, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
