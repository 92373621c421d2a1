internal import Catalog
internal import Domain
internal import HTTPServer

extension Routes {
    /// What happened.
    var ofEvents: [Route] {
        [
            Route(.post, "/v1/events", "Takes events, all of them or none.", scope: .events) { request, _ in
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
