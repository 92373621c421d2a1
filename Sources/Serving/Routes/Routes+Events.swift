internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// What happened.
    var ofEvents: [Route] {
        [
            Route(
                .post, "/v1/events", "Takes events, all of them or none.", scope: .events,
                body: Route.Body([
                    "application/json": .either([Shape.event, .list(Shape.event, count: 1...EventParser.maximumEvents)]
                    ),
                    "application/x-ndjson": .text(), "application/jsonl": .text(), "application/json-lines": .text(),
                ]),
                answers: [.json(Shape.accepted, status: 202, "The broker has them durably.")],
                problems: [
                    Route.Problem(ServingError.badEvent(number: nil, reason: "")),
                    Route.Problem(ServingError.tooManyEvents(limit: 0)), Route.Problem(ServingError.eventsUnavailable),
                ]
            ) { request, _ in
                answering(request) { try events(request) }
            }
        ]
    }

    /// Reading up to 10,000 events and waiting for the broker are both too long for the connection's thread.
    private func events(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        guard service.takesEvents else { throw .eventsUnavailable }
        return .later {
            await answering(request) {
                let events = try EventParser(now: .now).events(of: request)
                try await service.take(events)
                return HTTPResponse(status: 202, body: Answer.accepted(events, request: request))
            }
        }
    }
}
