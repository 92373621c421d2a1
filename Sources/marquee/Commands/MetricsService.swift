import HTTPServer
import Operations

/// A small HTTP server for programs that answer nothing else: `/metrics` for Prometheus, `/healthz/live` for whoever
/// restarts what hangs.
final class MetricsService: Service {
    let name = "metrics"
    private let server: HTTPServer

    /// Opens the port.
    /// - Throws: ``HTTPServerError`` if it cannot be had.
    init(host: String, port: Int) throws {
        var configuration = HTTPServerConfiguration(host: host, port: port)
        configuration.threads = 1
        configuration.maximumConnections = 64
        var router = HTTPRouter()
        router.on(.get, "/metrics") { _, _ in
            .now(
                HTTPResponse(
                    contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(Metrics.shared.text().utf8)))
        }
        router.on(.get, "/healthz/live") { _, _ in .now(HTTPResponse(text: "ok\n")) }
        server = HTTPServer(configuration, handler: router)
        try server.start()
        Log("metrics").info("serving metrics", ["url": "http://\(host):\(server.port)/metrics"])
    }

    func run() async throws {
        await BlockingWork.untilCancelled()
        await server.stop(grace: .seconds(1))
    }
}
