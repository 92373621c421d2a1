internal import Domain
public import HTTPServer
internal import Operations

extension RecommendationService {
    /// The routes of the REST API, version 1. What each takes and answers is in docs/rest-api.md.
    ///
    /// They hold the service, and answer as long as someone holds them.
    public var routes: [Route] { Routes(service: self).table }

    /// What ``modelJSON`` is.
    public static var modelSchema: JSONSchema { Shape.model }
}

/// What the routes do.
struct Routes: Sendable {
    let service: RecommendationService
    private static let log = Log("serving")
    var table: [Route] {
        ofUsers + ofPeople + ofPages + ofLists + ofNobody + ofScores + ofExplanations + ofItems
            + ofCatalogue + ofSearch + ofEvents + ofFreshness
    }

    func answering(_ request: HTTPRequest, _ body: () throws -> HTTPReply) -> HTTPReply {
        do {
            return try body()
        } catch {
            return .now(problem(error, request))
        }
    }

    func answering(_ request: HTTPRequest, _ body: () async throws -> HTTPResponse) async -> HTTPResponse {
        do {
            return try await body()
        } catch {
            return problem(error, request)
        }
    }

    /// What is wrong inside, the client learns nothing of, the log all.
    private func problem(_ error: any Error, _ request: HTTPRequest) -> HTTPResponse {
        let problem = (error as? any Fault).map { HTTPProblem($0) } ?? HTTPProblem(unexpected: error)
        if problem.status == 500 {
            Self.log.error("a request failed", ["request_id": request.id, "error": "\(error)"])
        }
        return problem.response(requestID: request.id)
    }

    // MARK: Lists

    /// Answers with one page of a list: at once if content similarity can be answered at once, else after it has been
    /// asked.
    /// - Parameters:
    ///   - identity: what it is a list of; cursors of another list are refused.
    ///   - parts: what the list lacks while they are impaired.
    ///   - user: whom it is shown to, if that is one user.
    ///   - begin: makes the list on the state it is given, which on later pages is the one of the first page.
    func answer(
        _ request: HTTPRequest, _ list: ListRequest, of identity: String,
        parts: [ServingPart] = [.model, .catalogue, .index], isPersonal: Bool = false, user: String? = nil,
        _ begin: @escaping @Sendable (Pipeline, ListPage) throws -> Pipeline.Pending
    ) throws -> HTTPReply {
        let page = try ListPage(list, of: identity)
        let respond: @Sendable (RecommendationList) -> HTTPResponse = { made in
            let made = service.finished(made, of: isPersonal ? parts + [.events] : parts)
            let id = RequestID.next()
            let body = Answer.json(made, id: id, fields: list.fields, scenario: list.scenario, request: request)
            service.kept.keep(body, as: id)
            service.noteShown(
                made, as: id, to: user, scenario: list.scenario, before: page.cursor?.given.count ?? 0)
            return HTTPResponse(headers: isPersonal ? [("Cache-Control", "no-store")] : [], body: body)
        }
        guard let pipeline = service.pipeline(for: page) else {
            return .later {
                await answering(request) {
                    let pipeline = try await service.reopened(for: page)
                    return respond(try await finished(try begin(pipeline, page), pipeline.state))
                }
            }
        }
        let pending = try begin(pipeline, page)
        if let made = try immediately(pending, pipeline.state) { return .now(respond(made)) }
        return .later { await answering(request) { respond(try await finished(pending, pipeline.state)) } }
    }

    /// The list without waiting, if it needs none.
    func immediately(_ pending: Pipeline.Pending, _ state: ServingState) throws -> RecommendationList? {
        let lookup = service.contentLookup
        guard !pending.isHeavy, let similar = lookup.immediately(pending.content, state) else { return nil }
        if pending.more.isEmpty { return try pending.finish(similar, []) }
        var more: [SimilarItems] = []
        for query in pending.more {
            guard let similar = lookup.immediately(query, state) else { return nil }
            more.append(similar)
        }
        return try pending.finish(similar, more)
    }

    func finished(_ pending: Pipeline.Pending, _ state: ServingState) async throws -> RecommendationList {
        let lookup = service.contentLookup
        let similar = await lookup.ask(pending.content, state)
        var more: [SimilarItems] = []
        for query in pending.more { more.append(await lookup.ask(query, state)) }
        return try pending.finish(similar, more)
    }
}
