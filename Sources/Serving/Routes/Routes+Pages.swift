internal import Domain
internal import HTTPServer

extension Routes {
    /// Several lists in one answer.
    var ofPages: [Route] {
        [
            Route(
                .post, "/v1/pages/{page}", "Several lists at once, with no item twice.", path: [Shape.pageName],
                body: .json(Shape.pageBody, limit: RequestBody.limit), answers: [.json(Shape.page)],
                problems: [Route.Problem(ServingError.itemNotFound(id: ""))] + Self.ofFilters + Self.ofBodies
            ) { request, path in
                answering(request) {
                    var body = try RequestBody(request)
                    return try page(request, ParameterValue("page", query: path[0]).label(), &body)
                }
            }
        ]
    }

    private static let mostRails = 20

    private func page(_ request: HTTPRequest, _ name: String, _ body: inout RequestBody) throws -> HTTPReply {
        let userValue = try body.require("user")
        let user = try Parameters.identifier(try userValue.text(), what: "user")
        let railsValue = try body.require("rails")
        // What holds for all rails: how they are shown, and what the user has seen.
        let common = try ListRequest(body, taking: [.fields, .explain, .excludeSeen])
        let rails = try Self.rails(railsValue, common)
        let pipeline = service.pipeline()
        let pending = try pipeline.page(of: user, rails, trends: service.trends)
        return .later {
            await answering(request) {
                var similar: [SimilarItems] = []
                for query in pending.content {
                    similar.append(await service.contentLookup.ask(query, pipeline.state))
                }
                let filled = try pending.fill(similar)
                let made = service.finished(
                    RecommendationList(
                        state: pipeline.state, userState: pending.userState,
                        degraded: Set(filled.flatMap(\.list.degraded)).sorted(), items: [], explain: common.explain))
                let id = RequestID.next()
                let answer = Answer.page(
                    filled, of: made, id: id, name: name, fields: common.fields, request: request)
                service.kept.keep(answer, as: id)
                var isByChance = false
                for rail in filled {
                    var list = rail.list
                    // What is in a rail by chance is not in those after it.
                    if case .certain = list.propensities {} else { isByChance = true }
                    if isByChance { list.propensities = .unknown }
                    service.noteShown(list, as: id, to: user, scenario: name, rail: rail.name)
                }
                return HTTPResponse(headers: [("Cache-Control", "no-store")], body: answer)
            }
        }
    }

    private static func rails(_ value: ParameterValue, _ common: ListRequest) throws(ServingError) -> [Pipeline.Rail] {
        let allowed = "1 to \(mostRails) objects with name, kind and n of different names"
        guard case .body(.array(let elements)) = value.source, (1...mostRails).contains(elements.count) else {
            throw value.refused(allowed)
        }
        var rails: [Pipeline.Rail] = []
        for element in elements {
            guard case .object(let members) = element else { throw value.refused(allowed) }
            rails.append(try rail(RequestBody(members), common))
        }
        guard Set(rails.map(\.name)).count == rails.count else { throw value.refused(allowed) }
        return rails
    }

    private static func rail(_ body: RequestBody, _ common: ListRequest) throws(ServingError) -> Pipeline.Rail {
        var body = body
        let name = try body.require("name").label()
        let kind = try body.require("kind").choice(Pipeline.Rail.Kind.self)
        // A number is what chance goes by; a text is where a rail starts from.
        var start: String?
        if kind == .because || kind == .genre, let seed = body.take("seed") {
            start = try Parameters.identifier(seed.name("an item, or a genre, to start from"), what: "seed")
        }
        var list = try ListRequest(
            body,
            taking: [.count, .filter, .params, .boost, .excludedIDs, .diversity, .exploration, .minimumScore, .seed])
        guard list.count <= 100 else {
            throw .badParameter(name: "n", value: "\(list.count)", allowed: "a whole number from 1 to 100 for a rail")
        }
        list.excludeSeen = common.excludeSeen
        list.explain = common.explain
        list.fields = common.fields
        return Pipeline.Rail(name: name, kind: kind, list: list, start: start)
    }
}

extension Answer {
    /// The rails of a page.
    static func page(
        _ rails: [Pipeline.FilledRail], of made: RecommendationList, id: String, name: String, fields: [ItemField],
        request: HTTPRequest
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.object {
            $0.field("request_id", request.id)
            $0.field("recommendation_id", id)
            $0.field("page", name)
            $0.name("model")
            $0.value(json: made.state.modelJSON)
            if let user = made.userState { $0.field("user_state", user.rawValue) }
            $0.field("degraded", made.degraded)
            $0.name("rails")
            $0.array {
                for rail in rails {
                    $0.object {
                        $0.field("name", rail.name)
                        $0.field("title", rail.title)
                        $0.name("items")
                        write(rail.list.items, of: rail.list, fields: fields, to: &$0)
                    }
                }
            }
            $0.field("took_ms", milliseconds(since: request.receivedAt))
        }
        return json.bytes
    }
}
