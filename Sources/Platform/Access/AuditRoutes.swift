internal import Domain
internal import HTTPServer
internal import Operations

/// The audit log over HTTP.
struct AuditRoutes: AnsweringRoutes {
    let audit: AuditLog
    static let log = Log("audit")

    var table: [Route] {
        [
            Route(
                .get, "/v1/audit", "Who changed what, when and why, newest first.", scope: .admin,
                parameters: [
                    Route.Parameter("n", .integer(1...500), "How many entries.", default: 50),
                    Route.Parameter(
                        "before", .integer(1...Int.max),
                        "Only entries with a lower number: the next_before of the page before."),
                ], answers: [.json(Self.schema, headers: ["Cache-Control": "no-store"])],
                problems: [Route.Problem(SQLiteError.busy(path: "")), Route.Problem(500, "internal-error")]
            ) { request, _ in
                answering(request) { try await entries(request) }
            }
        ]
    }

    private func entries(_ request: HTTPRequest) async throws -> HTTPResponse {
        // The route has checked both.
        let limit = request.query["n"].flatMap { Int($0) } ?? 50
        let before = request.query["before"].flatMap { Int($0) } ?? .max
        // One more tells whether there is a next page.
        let entries = try await BlockingWork.run("audit") { _ in
            try audit.entries(before: Int64(before), limit: limit + 1)
        }
        return Self.json(request) {
            $0.name("entries")
            $0.array { for entry in entries.prefix(limit) { Self.write(entry, to: &$0) } }
            if entries.count > limit, let last = entries.prefix(limit).last {
                $0.field("next_before", Int(last.number))
            }
        }
    }

    private static func write(_ entry: AuditEntry, to json: inout JSONWriter) {
        json.object {
            $0.field("number", Int(entry.number))
            $0.field("at", entry.at.description)
            $0.field("who", entry.change.who)
            $0.field("action", entry.change.action)
            $0.field("target", entry.change.target)
            $0.field("outcome", entry.change.outcome.rawValue)
            $0.field("reason", entry.change.reason)
            $0.field("request_id", entry.change.requestID)
            $0.field("digest", entry.hash.hex)
        }
    }

    private static let schema = JSONSchema.object(
        [
            "request_id": .text(),
            "entries": .list(
                .object([
                    "number": .integer(1...Int.max), "at": .time, "who": .text(), "action": .text(), "target": .text(),
                    "outcome": .choice(["begun", "done", "failed"]), "reason": .text(), "request_id": .text(),
                    "digest": .text(),
                ])),
        ], optional: ["next_before": .integer(1...Int.max)])
}
