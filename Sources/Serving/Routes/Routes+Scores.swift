internal import Domain
internal import HTTPServer

extension Routes {
    /// Scores of items that the caller names.
    var ofScores: [Route] {
        [
            scoring(
                "/v1/users/{user}/scores", "What a user would think of given items, in the order given."
            ) { request, path, body in
                let user = try Parameters.identifier(path[0], what: "user")
                let items = try body.require("items").identifiers(1...Self.mostScored)
                try body.end()
                return try scores(request, of: user, items, sorted: false)
            },
            scoring(
                "/v1/rank", "Given items, best first for a user, or for anybody.",
                and: [.init(name: "user", schema: .nullable(.identifier), isRequired: false)]
            ) { request, _, body in
                let items = try body.require("items").identifiers(1...Self.mostScored)
                let user = try body.take("user")?.text()
                if let user { _ = try Parameters.identifier(user, what: "user") }
                try body.end()
                return try scores(request, of: user, items, sorted: true)
            },
        ]
    }

    private static let mostScored = 1000

    private func scoring(
        _ pattern: String, _ summary: String, and others: [JSONSchema.Member] = [],
        _ answer: @escaping @Sendable (HTTPRequest, [String], inout RequestBody) throws -> HTTPReply
    ) -> Route {
        Route(
            .post, pattern, summary,
            body: .json(.members([Shape.items(1...Self.mostScored)] + others, others: nil), limit: RequestBody.limit),
            answers: [.json(Shape.scores)], problems: Self.ofBodies
        ) { request, path in
            answering(request) {
                var body = try RequestBody(request)
                return try answer(request, path, &body)
            }
        }
    }

    private func scores(
        _ request: HTTPRequest, of user: String?, _ items: [String], sorted: Bool
    ) throws -> HTTPReply {
        let pipeline = service.pipeline()
        let state = pipeline.state
        let profile = UserProfile(of: user, in: state, overlay: pipeline.overlay)
        // The list of those who ask for nothing in particular: its scores are these.
        let personal = try pipeline.prepare(profile, ListPage(ListRequest(), of: ""))
        let respond: @Sendable (SimilarItems) -> HTTPResponse = { similar in
            let scorer = Scorer(personal, pipeline, similar: similar)
            var scored = items.map { id in
                (id: id, score: state.items.place(of: id).map { scorer.score($0).total })
            }
            if sorted {
                // Of equals the first stays first; what has no score goes behind all that have one.
                scored = scored.enumerated().sorted { a, b in
                    let (x, y) = (a.element.score ?? .min, b.element.score ?? .min)
                    return x != y ? x > y : a.offset < b.offset
                }.map(\.element)
            }
            let made = service.finished(
                RecommendationList(
                    state: state, userState: user == nil ? nil : profile.state,
                    degraded: profile.degraded + (similar.isDegraded ? ["content"] : []), items: [], explain: .none))
            return HTTPResponse(
                headers: [("Cache-Control", "no-store")], body: Answer.scores(scored, of: made, request: request))
        }
        let lookup = service.contentLookup
        if let similar = lookup.immediately(personal.content, state) { return .now(respond(similar)) }
        return .later { respond(await lookup.ask(personal.content, state)) }
    }
}
