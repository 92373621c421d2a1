internal import Domain
internal import HTTPServer
internal import Operations
internal import Synchronization

/// What every process of ours answers about itself: whether it lives and is ready, its version and its metrics.
final class ProcessRoutes: Sendable {
    /// Those that hand in their status.
    private let watched: [ServiceStatus]
    private let isStopping = Atomic<Bool>(false)
    /// Weak, because the server holds the routes.
    private let server = Mutex(Reference())
    private let connections = Metrics.shared.gauge("marquee_http_connections", help: "Open connections.")

    private struct Reference {
        weak var server: HTTPServer?
    }

    init(watching watched: [ServiceStatus]) { self.watched = watched }

    /// From here on the process is not ready.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Whose connections the metrics count.
    func count(_ server: HTTPServer) { self.server.withLock { $0.server = server } }

    var table: [Route] {
        [
            Route(
                .get, "/healthz/live", "Whether the process answers.", scope: .open,
                answers: [.json(.object(["status": .choice(["live"])]), headers: Self.notStored)]
            ) { _, _ in
                .now(Self.status("live"))
            },
            Route(
                .get, "/healthz/ready", "Whether every service of the process can work.", scope: .open,
                answers: [.json(Self.readiness, headers: Self.notStored)],
                problems: [
                    Route.Problem(PlatformError.stopping),
                    Route.Problem(PlatformError.notReady(service: "", reason: "")),
                ]
            ) { [self] request, _ in .now(ready(request))
            },
            Route(
                .get, "/version", "The program's version and what it works with.", scope: .open,
                answers: [.json(version(watched.flatMap(\.factSchemas)))]
            ) { [self] _, _ in .now(version())
            },
            Route(
                .get, "/metrics", "The metrics of the process, for Prometheus.", scope: .open,
                answers: [.text("text/plain", "Text exposition format 0.0.4.")]
            ) { [self] _, _ in .now(metrics())
            },
        ]
    }

    private static let notStored: KeyValuePairs = ["Cache-Control": "no-store"]

    private static let readiness = JSONSchema.object(
        ["status": .choice(["ready"])],
        optional: [
            "degraded": .list(.text()).meaning("What answers lack."),
            "details": .list(.object(["service": .text(), "part": .text(), "reason": .text()])),
        ])

    private func version(_ facts: [JSONSchema.Member]) -> JSONSchema {
        .members(
            [
                JSONSchema.Member(name: "name", schema: .choice(["marquee"]), isRequired: true),
                JSONSchema.Member(name: "version", schema: .text(), isRequired: true),
            ] + facts, others: nil)
    }

    private func ready(_ request: HTTPRequest) -> HTTPResponse {
        do throws(PlatformError) {
            if isStopping.load(ordering: .relaxed) { throw .stopping }
            for status in watched {
                if let reason = status.obstacle() { throw .notReady(service: status.service, reason: reason) }
            }
            let impaired = watched.flatMap { status in
                status.impairments().map { (service: status.service, impairment: $0) }
            }
            guard !impaired.isEmpty else { return Self.status("ready") }
            var json = JSONWriter(capacity: 256)
            json.object {
                $0.field("status", "ready")
                $0.field("degraded", Set(impaired.map(\.impairment.degraded)).sorted())
                $0.name("details")
                $0.array {
                    for one in impaired {
                        $0.object {
                            $0.field("service", one.service)
                            $0.field("part", one.impairment.part)
                            $0.field("reason", one.impairment.reason)
                        }
                    }
                }
            }
            return HTTPResponse(headers: [("Cache-Control", "no-store")], body: json.bytes)
        } catch {
            return HTTPProblem(error).response(requestID: request.id)
        }
    }

    private static func status(_ word: String) -> HTTPResponse {
        var json = JSONWriter(capacity: 32)
        json.object { $0.field("status", word) }
        return HTTPResponse(headers: [("Cache-Control", "no-store")], body: json.bytes)
    }

    private func version() -> HTTPResponse {
        var json = JSONWriter(capacity: 128)
        json.object {
            $0.field("name", "marquee")
            $0.field("version", Release.version)
            for fact in watched.flatMap({ $0.facts() }) {
                $0.name(text: fact.name)
                $0.value(json: fact.json)
            }
        }
        return HTTPResponse(body: json.bytes)
    }

    private func metrics() -> HTTPResponse {
        for status in watched { status.refresh() }
        if let load = server.withLock({ $0.server?.load }) { connections.set(Double(load.connections)) }
        return HTTPResponse(
            contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(Metrics.shared.text().utf8))
    }
}
