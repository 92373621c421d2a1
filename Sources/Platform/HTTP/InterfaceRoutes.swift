internal import Domain
internal import HTTPServer

/// What the process says of its interface: `/openapi.json` for programs, `/docs` for people, and `/` that leads there.
enum InterfaceRoutes {
    /// - Parameters:
    ///   - others: all other routes of the process.
    ///   - needsKeys: whether requests need a key.
    static func table(describing others: [Route], needsKeys: Bool) -> [Route] {
        let about = OpenAPIDocument.About(
            title: "Marquee", version: Release.version,
            description: "Movie recommendations over HTTP. Answers are JSON, errors are problem+json (RFC 9457).",
            needsKeys: needsKeys)
        // A process with a dashboard begins there.
        let hasRoot = others.contains { $0.pattern == "/" }
        let own = routes(document: [], page: [], root: []).filter { !hasRoot || $0.pattern != "/" }
        let all = others + own
        // Made once, when the process starts: a request copies a reference.
        return routes(
            document: OpenAPIDocument(about, routes: all).json, page: InterfacePage.html(about, routes: all),
            root: root(about)
        ).filter { !hasRoot || $0.pattern != "/" }
    }

    private static func routes(document: [UInt8], page: [UInt8], root: [UInt8]) -> [Route] {
        [
            Route(
                .get, "/openapi.json", "The description of this interface, OpenAPI 3.1.", scope: .open,
                answers: [.json(.map(of: .any))]
            ) { _, _ in .now(HTTPResponse(body: document)) },
            html("/docs", "What there is to ask, for people.", page),
            html("/", "Where to begin.", root),
        ]
    }

    private static func html(_ pattern: String, _ summary: String, _ page: [UInt8]) -> Route {
        Route(.get, pattern, summary, scope: .open, answers: [.text("text/html")]) { _, _ in
            .now(HTTPResponse(contentType: "text/html; charset=utf-8", headers: InterfacePage.headers, body: page))
        }
    }

    private static func root(_ about: OpenAPIDocument.About) -> [UInt8] {
        Array(
            """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark"><title>\(about.title)</title></head>
            <body><h1>\(about.title) \(about.version)</h1>
            <p>\(about.description)</p>
            <ul>
            <li><a href="/docs">/docs</a>: what there is to ask</li>
            <li><a href="/openapi.json">/openapi.json</a>: the same for programs</li>
            <li><a href="/healthz/ready">/healthz/ready</a>: whether everything works</li>
            <li><a href="/metrics">/metrics</a>: for Prometheus</li>
            </ul>
            </body></html>

            """.utf8)
    }
}
