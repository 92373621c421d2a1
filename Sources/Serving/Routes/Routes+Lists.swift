internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// Lists that are about items, or about nobody.
    var ofLists: [Route] {
        [
            Route(
                .get, "/v1/items/{item}/similar", "Items like one item, best first.",
                parameters: [
                    "n": Routes.countMeaning, "fields": Routes.fieldsMeaning,
                    "method": "Alike in what: cf, content or blend.",
                    "explain": "Whether to say what each score is made of: none or summary.",
                ]
            ) { request, path in answering(request) { try similar(request, item: path[0]) } },
            Route(
                .get, "/v1/items/popular", "The items most liked, best first.",
                parameters: ["n": Routes.countMeaning, "fields": Routes.fieldsMeaning]
            ) { request, _ in answering(request) { try popular(request) } },
        ]
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
}
