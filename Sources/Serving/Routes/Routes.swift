internal import Catalog
internal import Domain
internal import HTTPServer
internal import Operations

/// The routes of the REST API, version 1. What each takes and answers is in docs/rest-api.md.
struct Routes: Sendable {
    let service: RecommendationService
    private static let log = Log("serving")

    func router() -> HTTPRouter {
        var router = HTTPRouter()
        router.on(.get, "/v1/users/{user}/recommendations") { request, path in
            answering(request) { try recommendations(request, user: path[0]) }
        }
        router.on(.get, "/v1/items/{item}/similar") { request, path in
            answering(request) { try similar(request, item: path[0]) }
        }
        router.on(.get, "/v1/items/popular") { request, _ in answering(request) { try popular(request) } }
        router.on(.get, "/v1/items/{item}") { request, path in
            answering(request) { try item(request, item: path[0]) }
        }
        router.on(.post, "/v1/events") { request, _ in answering(request) { try events(request) } }
        router.on(.get, "/suggested_movies") { request, _ in answering(request) { try suggestedMovies(request) } }
        router.on(.get, "/healthz/live") { request, _ in
            answering(request) { try status(request, "live", isSo: true) }
        }
        router.on(.get, "/healthz/ready") { request, _ in
            answering(request) { try status(request, "ready", isSo: !service.isStopping) }
        }
        router.on(.get, "/version") { request, _ in answering(request) { try version(request) } }
        router.on(.get, "/metrics") { request, _ in answering(request) { try metrics(request) } }
        router.on(.get, "/") { request, _ in answering(request) { try root(request) } }
        return router
    }

    // MARK: Lists

    private func recommendations(_ request: HTTPRequest, user: String) throws(ServingError) -> HTTPReply {
        let parameters = try Parameters(request, allowed: ["n", "fields", "exclude_seen", "explain"])
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
        let parameters = try Parameters(request, allowed: ["user_id"])
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
        let parameters = try Parameters(request, allowed: ["n", "fields", "method", "explain"])
        let fields = try parameters.fields()
        let count = try parameters.count()
        let method = try parameters.choice("method", default: SimilarityMethod.blend)
        let explains = try parameters.choice("explain", default: ExplainLevel.none) == .summary
        let pipeline = service.pipeline()
        let place = try found(item, in: pipeline.state)
        let respond: @Sendable (SimilarItems) -> HTTPResponse = { similar in
            let list = pipeline.similar(
                to: place, method: method, count: count, similar: similar, explains: explains)
            return HTTPResponse(body: Answer.json(list, fields: fields, request: request))
        }
        let query = ContentQuery(
            seeds: method == .factors ? [] : [place], excluded: [], limit: Candidates.depth(for: count))
        let lookup = service.contentLookup
        if let similar = lookup.immediately(query, pipeline.state) { return .now(respond(similar)) }
        return .later { respond(await lookup.ask(query, pipeline.state)) }
    }

    private func popular(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        let parameters = try Parameters(request, allowed: ["n", "fields"])
        let fields = try parameters.fields()
        let list = service.pipeline().popular(count: try parameters.count())
        return .now(HTTPResponse(body: Answer.json(list, fields: fields, request: request)))
    }

    // MARK: Items

    private func item(_ request: HTTPRequest, item: String) throws(ServingError) -> HTTPReply {
        _ = try Parameters(request, allowed: [])
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
        _ = try Parameters(request, allowed: [])
        guard service.takesEvents else { throw .eventsUnavailable }
        return .later {
            await answering(request) {
                let events = try EventParser(now: .now).events(of: request)
                try await service.take(events)
                return HTTPResponse(status: 202, body: Answer.accepted(events, request: request))
            }
        }
    }

    // MARK: Operations

    private func status(_ request: HTTPRequest, _ word: String, isSo: Bool) throws(ServingError) -> HTTPReply {
        _ = try Parameters(request, allowed: [])
        guard isSo else { throw .stopping }
        var json = JSONWriter(capacity: 32)
        json.object { $0.field("status", word) }
        return .now(HTTPResponse(headers: [("Cache-Control", "no-store")], body: json.bytes))
    }

    private func version(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        _ = try Parameters(request, allowed: [])
        var json = JSONWriter(capacity: 128)
        json.object {
            $0.field("name", "marquee")
            $0.field("version", service.configuration.version)
            $0.name("model")
            $0.value(json: service.pipeline().state.modelJSON)
        }
        return .now(HTTPResponse(body: json.bytes))
    }

    private func metrics(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        _ = try Parameters(request, allowed: [])
        service.updateGauges()
        return .now(
            HTTPResponse(
                contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(Metrics.shared.text().utf8)))
    }

    private func root(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        _ = try Parameters(request, allowed: [])
        return .now(
            HTTPResponse(
                contentType: "text/html; charset=utf-8",
                headers: [("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'")],
                body: RootPage.html(router().routes, version: service.configuration.version)))
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
