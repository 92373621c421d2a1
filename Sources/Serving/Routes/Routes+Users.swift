internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// Lists that are about one user.
    var ofUsers: [Route] {
        [
            Route(
                .get, "/v1/users/{user}/recommendations", "What a user may like, best first.",
                parameters: [
                    "n": Routes.countMeaning, "fields": Routes.fieldsMeaning,
                    "exclude_seen": "What to leave out: interacted or none.",
                    "explain": "Whether to say what each score is made of: none or summary.",
                ]
            ) { request, path in answering(request) { try recommendations(request, user: path[0]) } },
            Route(
                .get, "/suggested_movies", "Ten titles for a user, and no more.",
                parameters: ["user_id": "The user's identifier."]
            ) { request, _ in answering(request) { try suggestedMovies(request) } },
        ]
    }

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
}
