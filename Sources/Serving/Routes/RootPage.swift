internal import HTTPServer

/// The page at `/`: what there is to call.
enum RootPage {
    static func html(_ routes: [(method: HTTPMethod, pattern: String)], version: String) -> [UInt8] {
        var rows = ""
        for route in routes where route.pattern != "/" {
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
