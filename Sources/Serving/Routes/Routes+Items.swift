internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// The catalogue.
    var ofItems: [Route] {
        [
            Route(
                .get, "/v1/items/{item}", "Everything that is known of one item.", answers: [.json(Shape.item)],
                problems: [Route.Problem(ServingError.itemNotFound(id: ""))]
            ) { request, path in
                answering(request) { try item(path[0]) }
            }
        ]
    }

    private func item(_ item: String) throws(ServingError) -> HTTPReply {
        let state = service.pipeline().state
        return .now(HTTPResponse(body: Answer.item(try found(item, in: state), of: state)))
    }

    func found(_ item: String, in state: ServingState) throws(ServingError) -> Int32 {
        guard let place = state.items.place(of: try Parameters.identifier(item, what: "item")) else {
            throw .itemNotFound(id: item)
        }
        return place
    }
}
