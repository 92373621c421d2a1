internal import Catalog
internal import Domain
public import HTTPServer
internal import Operations

extension RecommendationService {
    /// The routes of the REST API, version 1. What each takes and answers is in docs/rest-api.md.
    ///
    /// They hold the service, and answer as long as someone holds them.
    public var routes: [Route] { Routes(service: self).table }
}

/// What the routes do.
struct Routes: Sendable {
    let service: RecommendationService
    private static let log = Log("serving")
    private static let fieldsMeaning = "Fields of each item to show, comma-separated."
    private static let countMeaning =
        "How many, \(Parameters.countRange.lowerBound) to \(Parameters.countRange.upperBound); "
        + "\(Parameters.defaultCount) if not given."

    var table: [Route] {
        [
            Route(
                .get, "/v1/users/{user}/recommendations", "What a user may like, best first.",
                parameters: [
                    "n": Self.countMeaning, "fields": Self.fieldsMeaning,
                    "exclude_seen": "What to leave out: interacted or none.",
                    "explain": "Whether to say what each score is made of: none or summary.",
                ]
            ) { request, path in answering(request) { try recommendations(request, user: path[0]) } },
            Route(
                .get, "/v1/items/{item}/similar", "Items like one item, best first.",
                parameters: [
                    "n": Self.countMeaning, "fields": Self.fieldsMeaning,
                    "method": "Alike in what: cf, content or blend.",
                    "explain": "Whether to say what each score is made of: none or summary.",
                ]
            ) { request, path in answering(request) { try similar(request, item: path[0]) } },
            Route(
                .get, "/v1/items/popular", "The items most liked, best first.",
                parameters: ["n": Self.countMeaning, "fields": Self.fieldsMeaning]
            ) { request, _ in answering(request) { try popular(request) } },
            Route(.get, "/v1/items/{item}", "Everything that is known of one item.") { request, path in
                answering(request) { try item(path[0]) }
            },
            Route(.post, "/v1/events", "Takes events, all of them or none.", scope: .write) { request, _ in
                answering(request) { try events(request) }
            },
            Route(
                .get, "/suggested_movies", "Ten titles for a user, and no more.",
                parameters: ["user_id": "The user's identifier."]
            ) { request, _ in answering(request) { try suggestedMovies(request) } },
        ]
    }

    // MARK: Lists

    private func recommendations(_ request: HTTPRequest, user: String) throws(ServingError) -> HTTPReply {
        let parameters = Parameters(request)
        let fields = try parameters.fields()
        let query = RecommendationQuery(
            userID: try Parameters.identifier(user, what: "user"), count: try parameters.count(),
            excludeSeen: try parameters.choice("exclude_seen", default: .interacted),
            explains: try parameters.choice("explain", default: ExplainLevel.none) == .summary)
        return personal(query) { list in
            HTTPResponse(
                headers: [("Cache-Control", "no-store")], body: Answer.json(list, fields: fields, request: request))
        }
    }

    private func suggestedMovies(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        let parameters = Parameters(request)
        let query = RecommendationQuery(userID: try parameters.identifier("user_id"), count: 10)
        return personal(query) { list in
            HTTPResponse(headers: [("Cache-Control", "no-store")], body: Answer.titles(list))
        }
    }

    /// Answers at once if content similarity can, else after it has been asked.
    private func personal(
        _ query: RecommendationQuery, _ respond: @escaping @Sendable (RecommendationList) -> HTTPResponse
    ) -> HTTPReply {
        let pipeline = service.pipeline()
        let personal = pipeline.prepare(query)
        let lookup = service.contentLookup
        if let similar = lookup.immediately(personal.content, pipeline.state) {
            return .now(respond(service.finished(pipeline.finish(personal, similar: similar))))
        }
        return .later {
            let similar = await lookup.ask(personal.content, pipeline.state)
            return respond(service.finished(pipeline.finish(personal, similar: similar)))
        }
    }

    private func similar(_ request: HTTPRequest, item: String) throws(ServingError) -> HTTPReply {
        let parameters = Parameters(request)
        let fields = try parameters.fields()
        let count = try parameters.count()
        let method = try parameters.choice("method", default: SimilarityMethod.blend)
        let explains = try parameters.choice("explain", default: ExplainLevel.none) == .summary
        let pipeline = service.pipeline()
        let place = try found(item, in: pipeline.state)
        let respond: @Sendable (SimilarItems) -> HTTPResponse = { similar in
            let list = pipeline.similar(
                to: place, method: method, count: count, similar: similar, explains: explains)
            return HTTPResponse(
                body: Answer.json(
                    service.finished(list, of: [.model, .catalogue, .index]), fields: fields, request: request))
        }
        let query = ContentQuery(
            seeds: method == .factors ? [] : [place], excluded: [], limit: Candidates.depth(for: count))
        let lookup = service.contentLookup
        if let similar = lookup.immediately(query, pipeline.state) { return .now(respond(similar)) }
        return .later { respond(await lookup.ask(query, pipeline.state)) }
    }

    private func popular(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        let parameters = Parameters(request)
        let fields = try parameters.fields()
        let list = service.pipeline().popular(count: try parameters.count())
        return .now(
            HTTPResponse(
                body: Answer.json(
                    service.finished(list, of: [.model, .catalogue]), fields: fields, request: request)))
    }

    // MARK: Items

    private func item(_ item: String) throws(ServingError) -> HTTPReply {
        let state = service.pipeline().state
        return .now(HTTPResponse(body: Answer.item(try found(item, in: state), of: state)))
    }

    private func found(_ item: String, in state: ServingState) throws(ServingError) -> Int32 {
        guard let place = state.items.place(of: try Parameters.identifier(item, what: "item")) else {
            throw .itemNotFound(id: item)
        }
        return place
    }

    // MARK: Events

    /// Reading up to 10,000 events and waiting for the broker are both too long for the connection's thread.
    private func events(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        guard service.takesEvents else { throw .eventsUnavailable }
        return .later {
            await answering(request) {
                let events = try EventParser(now: .now).events(of: request)
                try await service.take(events)
                return HTTPResponse(status: 202, body: Answer.accepted(events, request: request))
            }
        }
    }

    private func answering(_ request: HTTPRequest, _ body: () throws -> HTTPReply) -> HTTPReply {
        do {
            return try body()
        } catch {
            return .now(problem(error, request))
        }
    }

    private func answering(_ request: HTTPRequest, _ body: () async throws -> HTTPResponse) async -> HTTPResponse {
        do {
            return try await body()
        } catch {
            return problem(error, request)
        }
    }

    /// What is no fault is a bug: the client learns nothing of it, the log all.
    private func problem(_ error: any Error, _ request: HTTPRequest) -> HTTPResponse {
        if let fault = error as? any Fault { return HTTPProblem(fault).response(requestID: request.id) }
        Self.log.error("a request failed", ["request_id": request.id, "error": "\(error)"])
        return HTTPProblem(unexpected: error).response(requestID: request.id)
    }
}
