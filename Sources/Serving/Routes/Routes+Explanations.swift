internal import Domain
internal import HTTPServer
internal import Operations

extension Routes {
    /// Why an item is in a list, or is not, and lists that were answered before.
    var ofExplanations: [Route] {
        let asTheList = ListParameter.ofPersonalList.filter {
            ![.cursor, .fields, .explain, .scenario].contains($0)
        }.map(\.declared)
        let noItem = [Route.Problem(ServingError.itemNotFound(id: ""))]
        return [
            Route(
                .get, "/v1/users/{user}/items/{item}/because",
                "What each item that a user likes adds to the score of another one.",
                parameters: [ListParameter.count.declared], answers: [.json(Shape.because)], problems: noItem
            ) { request, path in answering(request) { try because(request, path) } },
            Route(
                .get, "/v1/users/{user}/items/{item}/explanation",
                "What an item's score for a user is made of, and where it stands in the list.", parameters: asTheList,
                answers: [.json(Shape.explanation)], problems: noItem + Self.ofFilters
            ) { request, path in
                answering(request) {
                    _ = try found(path[1], in: service.pipeline().state)
                    return try standing(request, path) { Answer.explanation($0, of: $1, request: request) }
                }
            },
            Route(
                .get, "/v1/users/{user}/items/{item}/why-not",
                "Why an item is not in a user's list, asked for as the list is.", parameters: asTheList,
                answers: [.json(Shape.whyNot)], problems: Self.ofFilters
            ) { request, path in
                answering(request) { try standing(request, path) { Answer.whyNot($0, of: $1, request: request) } }
            },
            Route(
                .get, "/v1/recommendations/{recommendation}", "A list or a page as it was answered.",
                answers: [.json(Shape.replay)],
                problems: [Route.Problem(ServingError.recommendationNotFound(id: ""))]
            ) { request, path in
                answering(request) { try replay(request, path[0]) }
            },
        ]
    }

    private func because(_ request: HTTPRequest, _ path: [String]) throws -> HTTPReply {
        let user = try Parameters.identifier(path[0], what: "user")
        let count = try ListRequest(query: request.query).count
        let pipeline = service.pipeline()
        let place = try found(path[1], in: pipeline.state)
        // A long history is a large system to solve.
        return .later {
            await answering(request) {
                let because = try pipeline.because(user: user, item: place, count: count)
                return HTTPResponse(
                    headers: [("Cache-Control", "no-store")],
                    body: Answer.because(because, item: place, of: pipeline.state, request: request))
            }
        }
    }

    private func standing(
        _ request: HTTPRequest, _ path: [String],
        _ write: @escaping @Sendable (Pipeline.Standing, ServingState) -> [UInt8]
    ) throws -> HTTPReply {
        let user = try Parameters.identifier(path[0], what: "user")
        let item = try Parameters.identifier(path[1], what: "item")
        let pipeline = service.pipeline()
        let page = try ListPage(try ListRequest(query: request.query), of: "users/\(user)")
        let (content, finish) = try pipeline.standing(of: pipeline.state.items.place(of: item), for: user, page)
        // It scores every item there is.
        return .later {
            let similar = await service.contentLookup.ask(content, pipeline.state)
            return HTTPResponse(
                headers: [("Cache-Control", "no-store")], body: write(finish(similar), pipeline.state))
        }
    }

    private func replay(_ request: HTTPRequest, _ id: String) throws -> HTTPReply {
        @Sendable func response(_ answer: KeptAnswers.Kept) -> HTTPResponse {
            HTTPResponse(headers: [("Cache-Control", "no-store")], body: Answer.replay(answer, request: request))
        }
        if let answer = service.kept.answer(id) { return .now(response(answer)) }
        guard service.kept.hasFile else { throw ServingError.recommendationNotFound(id: id) }
        return .later {
            await answering(request) {
                guard let kept = try await service.kept.awaited(id) else {
                    throw ServingError.recommendationNotFound(id: id)
                }
                return response(kept)
            }
        }
    }
}
