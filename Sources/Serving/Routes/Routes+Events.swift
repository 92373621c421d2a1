internal import Catalog
internal import Domain
internal import HTTPServer
internal import Operations

extension Routes {
    /// What happened.
    var ofEvents: [Route] {
        [
            Route(
                .post, "/v1/events", "Takes events, all of them or none.", scope: .events,
                parameters: [
                    Route.Parameter(
                        "wait", .choice(Wait.allCases.map(\.rawValue)),
                        "Answer when the broker has them, when they are in the store, or when the next list knows them.",
                        default: .text(Wait.none.rawValue))
                ],
                headers: [
                    Route.Parameter(
                        Self.patience, .integer(Self.waits),
                        "Milliseconds from the whole request on, within which the events must be stored.",
                        default: .number(Double(Self.defaultWait)))
                ],
                body: Route.Body([
                    "application/json": .either([Shape.event, .list(Shape.event, count: 1...EventParser.maximumEvents)]
                    ),
                    "application/x-ndjson": .text(), "application/jsonl": .text(), "application/json-lines": .text(),
                ]),
                answers: [.json(Shape.accepted, status: 202, "The broker has them durably.")],
                problems: [
                    Route.Problem(ServingError.badEvent(number: nil, reason: "")),
                    Route.Problem(ServingError.tooManyEvents(limit: 0)), Route.Problem(ServingError.eventsUnavailable),
                    Route.Problem(ServingError.waitTimedOut(milliseconds: 0)),
                    Route.Problem(ServingError.storeUnknown),
                ]
            ) { request, _ in
                answering(request) { try events(request) }
            },
            Route(
                .post, "/v1/impressions", "Takes what lists have shown, all of it or nothing.", scope: .events,
                body: Route.Body([
                    "application/json": .either([
                        Shape.impression, .list(Shape.impression, count: 1...EventParser.maximumEvents),
                    ]),
                    "application/x-ndjson": .text(), "application/jsonl": .text(), "application/json-lines": .text(),
                ]),
                answers: [.json(Shape.acceptedImpressions, status: 202, "The broker has them durably.")],
                problems: [
                    Route.Problem(ServingError.badImpression(number: nil, reason: "")),
                    Route.Problem(ServingError.tooManyEvents(limit: 0)),
                    Route.Problem(ServingError.impressionsUnavailable),
                ]
            ) { request, _ in
                answering(request) { try impressions(request) }
            },
            Route(
                .get, "/v1/users/{user}/events", "A user's newest stored events, newest first.", scope: .privacy,
                parameters: [Route.Parameter("n", .integer(1...1000), "How many, at most.", default: .number(100))],
                answers: [.json(Shape.events)], problems: [Route.Problem(ServingError.storeUnknown)]
            ) { request, path in
                answering(request) { try events(of: path[0], request) }
            },
        ]
    }

    /// What the sender of events waits for.
    private enum Wait: String, CaseIterable, Sendable {
        case none, stored, visible
    }

    private static let patience = "X-Timeout-Ms"
    private static let defaultWait = 5000
    private static let waits = 1...Int(RecommendationService.longestWait.inSeconds * 1000)

    /// The route has checked it.
    private func patience(_ request: HTTPRequest) -> Duration {
        .milliseconds(request.headers["x-timeout-ms"].flatMap { Int($0) } ?? Self.defaultWait)
    }

    private func events(of user: String, _ request: HTTPRequest) throws -> HTTPReply {
        let user = service.overlay.known(try Parameters.identifier(user, what: "user"))
        guard let archive = service.archive else { throw ServingError.storeUnknown }
        let count = request.query["n"].flatMap { Int($0) } ?? 100
        return .later {
            await answering(request) {
                let events = try await BlockingWork.run("user-events") { _ in
                    try archive.events(of: user, limit: count)
                }
                return HTTPResponse(
                    headers: [("Cache-Control", "no-store")], body: Answer.events(events, request: request))
            }
        }
    }

    private func impressions(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        guard service.takesImpressions else { throw .impressionsUnavailable }
        return .later {
            await answering(request) {
                let impressions = try ImpressionParser(now: .now).impressions(of: request)
                try await service.take(impressions)
                return HTTPResponse(status: 202, body: Answer.accepted(impressions, request: request))
            }
        }
    }

    /// Reading up to 10,000 events and waiting for the broker are both too long for the connection's thread.
    private func events(_ request: HTTPRequest) throws(ServingError) -> HTTPReply {
        guard service.takesEvents else { throw .eventsUnavailable }
        let wait = request.query["wait"].flatMap { Wait(rawValue: $0) } ?? .none
        let patience = patience(request)
        if wait == .stored, service.archive == nil { throw .storeUnknown }
        return .later {
            await answering(request) {
                let events = try EventParser(now: .now).events(of: request)
                // From here on the next list knows them.
                try await service.take(events)
                if wait == .stored {
                    try await service.waitUntilStored(events, within: patience, since: request.receivedAt)
                }
                return HTTPResponse(
                    status: 202, body: Answer.accepted(events, waitedFor: wait.rawValue, request: request))
            }
        }
    }
}
