internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// The catalogue.
    var ofItems: [Route] {
        [
            Route(
                .get, "/v1/items/{item}", "Everything that is known of one item.", headers: [.ifNoneMatch],
                answers: [
                    .json(Shape.item, headers: FilmTag.meaning),
                    Route.Answer(304, [:], "It is as If-None-Match has it.", headers: FilmTag.meaning),
                ],
                problems: [Route.Problem(ServingError.itemNotFound(id: ""))]
            ) { request, path in
                answering(request) { try item(path[0], request) }
            },
            Route(
                .get, "/v1/items/{item}/activity", "What people did with one item: by hour of the day, and its stars.",
                answers: [.json(Shape.activity)],
                problems: [Route.Problem(ServingError.itemNotFound(id: "")), Route.Problem(ServingError.storeUnknown)]
            ) { request, path in
                answering(request) { try activity(path[0], request) }
            },
        ]
    }

    private func activity(_ item: String, _ request: HTTPRequest) throws -> HTTPReply {
        _ = try found(item, in: service.pipeline().state)
        return .later {
            await answering(request) {
                let activity = try await service.activity(ofItem: item)
                return HTTPResponse(body: Answer.activity(activity, request: request))
            }
        }
    }

    private func item(_ item: String, _ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        let state = service.pipeline().state
        let place = try found(item, in: state)
        guard let tag = FilmTag(state.items.movie(at: place), inModel: state.items.modelIndex(place) != nil) else {
            return .now(HTTPResponse(body: Answer.item(place, of: state)))
        }
        if tag.isKnown(to: request) { return .now(HTTPResponse(status: 304, contentType: "", headers: [tag.header])) }
        return .now(HTTPResponse(headers: [tag.header], body: Answer.item(place, of: state)))
    }

    func found(_ item: String, in state: ServingState) throws(ServingError) -> Int32 {
        guard let place = state.items.place(of: try Parameters.identifier(item, what: "item")) else {
            throw .itemNotFound(id: item)
        }
        return place
    }
}
