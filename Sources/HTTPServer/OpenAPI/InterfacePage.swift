internal import Domain

/// A page that lists routes for people, whole in itself: it loads nothing, runs nothing, and follows the reader's choice of
/// light or dark. O(routes).
public enum InterfacePage {
    /// What its answer should say beside its bytes: no script runs on it, whatever it holds.
    public static let headers = [
        (name: "Content-Security-Policy", value: "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),
        (name: "X-Content-Type-Options", value: "nosniff"),
    ]

    /// - Returns: HTML, UTF-8.
    public static func html(_ about: OpenAPIDocument.About, routes: [Route]) -> [UInt8] {
        var page = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(escaped(about.title)): what there is to ask</title><style>\(style)</style></head><body>
            <header><h1>\(escaped(about.title)) \(escaped(about.version))</h1>
            <p>\(escaped(about.description))</p>
            <p>For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). A path can be asked in one line:
            <code>curl 'http://HOST:PORT/v1/items/popular?n=5'</code></p></header>

            """
        let families = Dictionary(grouping: routes, by: \.family).sorted { $0.key < $1.key }
        page += "<nav aria-label=\"Families\"><ul>"
        for (family, _) in families { page += "<li><a href=\"#\(escaped(family))\">\(escaped(family))</a></li>" }
        page += "</ul></nav>\n<main>\n"
        for (family, routes) in families {
            page +=
                "<section aria-labelledby=\"\(escaped(family))\"><h2 id=\"\(escaped(family))\">\(escaped(family))</h2>\n"
            for route in routes.sorted(by: { ($0.pattern, "\($0.method)") < ($1.pattern, "\($1.method)") }) {
                page += entry(route, needsKeys: about.needsKeys)
            }
            page += "</section>\n"
        }
        return Array((page + "</main></body></html>\n").utf8)
    }

    private static func entry(_ route: Route, needsKeys: Bool) -> String {
        let target = escaped(route.pattern)
        let isPlain = route.method == .get && route.path.isEmpty && !route.parameters.contains(where: \.isRequired)
        var entry = """
            <details><summary><code><b>\(route.method)</b> \(target)</code> <span>\(escaped(route.summary))</span></summary>

            """
        if isPlain { entry += "<p><a href=\"\(target)\">Ask it</a></p>\n" }
        if needsKeys, route.scope != .open {
            entry += "<p>Needs a key with the scope <code>\(route.scope.rawValue)</code>.</p>\n"
        }
        let rows =
            (route.path.map { ($0, "path") } + route.parameters.map { ($0, "query") }
            + route.headers.map { ($0, "header") }).map(row)
        if !rows.isEmpty {
            entry += table("Parameters", ["Name", "Where", "Value", "Meaning"], rows.joined())
        }
        if let body = route.body {
            entry += "<p>Body: \(body.content.map { "<code>\(escaped($0.type))</code>" }.joined(separator: ", "))</p>\n"
            if let members = members(of: body.content[0].schema) { entry += members }
        }
        entry += table("Answers", ["Status", "Holds", "Meaning"], answers(of: route, needsKeys: needsKeys))
        return entry + "</details>\n"
    }

    private static func row(_ parameter: Route.Parameter, _ place: String) -> String {
        var value = escaped(parameter.schema.words)
        switch parameter.default {
        case .text(let text): value += "; \(escaped(text)) if not given"
        case .number(let number):
            value += "; \(number == number.rounded() ? "\(Int(number))" : "\(number)") if not given"
        case .bool(let truth): value += "; \(truth) if not given"
        default: if parameter.isRequired { value += "; required" }
        }
        return
            "<tr><td><code>\(escaped(parameter.name))</code><td>\(place)<td>\(value)<td>\(escaped(parameter.meaning))\n"
    }

    private static func members(of schema: JSONSchema) -> String? {
        guard case .members(let members, _) = schema.bare, !members.isEmpty else { return nil }
        let rows = members.map { member in
            let need = member.isRequired ? "; required" : ""
            return "<tr><td><code>\(escaped(member.name))</code><td>\(escaped(member.schema.words))\(need)"
                + "<td>\(escaped(member.schema.description ?? ""))\n"
        }
        return table("Members of the body", ["Name", "Value", "Meaning"], rows.joined())
    }

    private static func answers(of route: Route, needsKeys: Bool) -> String {
        var rows = ""
        for answer in route.answers {
            let content = answer.content.map { type, schema in
                guard case .members(let members, _) = schema.bare else { return "<code>\(escaped(type))</code>" }
                return "<code>\(escaped(type))</code> with \(escaped(members.map(\.name).joined(separator: ", ")))"
            }
            rows += "<tr><td>\(answer.status)<td>\(content.joined(separator: " or "))<td>\(escaped(answer.meaning))\n"
        }
        for problem in Set(route.problems).sorted(by: { ($0.status, $0.code) < ($1.status, $1.code) }) {
            rows += "<tr><td>\(problem.status)<td>problem+json<td><code>\(escaped(problem.code))</code>\n"
        }
        return rows
    }

    private static func table(_ caption: String, _ heads: [String], _ rows: String) -> String {
        "<table><caption>\(caption)</caption><thead><tr>"
            + heads.map { "<th scope=\"col\">\($0)" }.joined() + "</thead><tbody>\n\(rows)</tbody></table>\n"
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fff;--line:#c9c9d1;--mark:#0b57d0}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e6ea;--paper:#17171b;--line:#45454f;--mark:#9dbffb}}
        body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:0 auto;padding:1rem}
        a{color:var(--mark)}nav ul{display:flex;flex-wrap:wrap;gap:1rem;padding:0;list-style:none}
        details{border-top:1px solid var(--line);padding:.4rem 0}summary{cursor:pointer}summary span{opacity:.85}
        table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.9rem}caption{text-align:left;font-weight:600}
        th,td{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);padding:.25rem .6rem .25rem 0;overflow-wrap:anywhere}
        """

    private static func escaped(_ text: String) -> String { MarkupText.escaped(text) }
}

extension JSONSchema {
    /// The words of the outermost description; nil if there is none.
    var description: String? {
        switch self {
        case .described(_, let text): text
        case .named(_, let schema): schema.description
        default: nil
        }
    }

    /// What the value may be, for people.
    var words: String {
        switch self {
        case .any: "anything"
        case .null: "null"
        case .boolean: "true or false"
        case .integer, .number: bounds
        case .text(_, _, let format): format ?? "text"
        case .choice(let words): words.joined(separator: ", ")
        case .list(let element, _, _): "list of: \(element.words)"
        case .members: "object"
        case .either(let schemas): schemas.map(\.words).joined(separator: ", or ")
        case .named(_, let schema), .described(let schema, _): schema.words
        }
    }

    /// What ``flaw(in:)`` asks of a number.
    private var bounds: String { flaw(in: "no number") ?? "" }
}
