internal import Domain
internal import HTTPServer

/// The page at `/`: what there is to call.
enum RootPage {
    /// - Parameter routes: all others.
    static func route(listing routes: [(method: HTTPMethod, pattern: String)]) -> Route {
        let page = html(routes, version: Release.version)
        return Route(.get, "/", "What there is to ask.", scope: .open, answers: [.text("text/html")]) { _, _ in
            .now(
                HTTPResponse(
                    contentType: "text/html; charset=utf-8",
                    headers: [
                        ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'"),
                    ], body: page))
        }
    }

    private static func html(_ routes: [(method: HTTPMethod, pattern: String)], version: String) -> [UInt8] {
        var rows = ""
        for route in routes {
            let target =
                route.pattern.contains("{") ? route.pattern : "<a href=\"\(route.pattern)\">\(route.pattern)</a>"
            rows += "<li><code>\(route.method) \(target)</code></li>\n"
        }
        return Array(
            """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><title>Marquee</title>
            <h1>Marquee \(version)</h1>
            <p>Movie recommendations over HTTP. Answers are JSON, errors are problem+json.</p>
            <ul>
            \(rows)</ul>
            </html>

            """.utf8)
    }
}
