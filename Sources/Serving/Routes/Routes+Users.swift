internal import Domain
internal import HTTPServer

extension Routes {
    /// Lists that are about one user.
    var ofUsers: [Route] {
        list(
            "/v1/users/{user}/recommendations", "What a user may like, best first.",
            taking: ListParameter.ofPersonalList
        ) { try recommendations($0) }
            + [
                Route(
                    .get, "/suggested_movies", "Ten titles for a user, and no more.",
                    parameters: [Route.Parameter("user_id", .identifier, "The user's identifier.", isRequired: true)],
                    answers: [.json(.list(.text(), count: 0...10))]
                ) { request, _ in answering(request) { try suggestedMovies(request) } }
            ]
    }

    private func recommendations(_ call: ListCall) throws -> HTTPReply {
        let user = try Parameters.identifier(call.path[0], what: "user")
        return try answer(call.request, call.list, of: "users/\(user)", isPersonal: true, user: user) {
            pipeline, page in
            try pipeline.personal(of: user, page)
        }
    }

    private func suggestedMovies(_ request: HTTPRequest) throws -> HTTPReply {
        let user = try Parameters(request).identifier("user_id")
        var list = ListRequest()
        list.count = 10
        let pipeline = service.pipeline()
        let pending = try pipeline.personal(of: user, ListPage(list, of: "users/\(user)"))
        let respond: @Sendable (RecommendationList) -> HTTPResponse = { list in
            HTTPResponse(headers: [("Cache-Control", "no-store")], body: Answer.titles(service.finished(list)))
        }
        if let made = try immediately(pending, pipeline.state) { return .now(respond(made)) }
        return .later { await answering(request) { respond(try await finished(pending, pipeline.state)) } }
    }
}
