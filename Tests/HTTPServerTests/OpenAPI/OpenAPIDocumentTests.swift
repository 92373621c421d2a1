import Domain
import Foundation
import Testing

@testable import HTTPServer

@Suite("The description of an interface")
struct OpenAPIDocumentTests {
    private static let film = JSONSchema.named("Film", .object(["id": .identifier], optional: ["year": .integer()]))
    private static let routes = [
        Route(
            .get, "/v1/films/{film}", "One <film>.",
            parameters: [Route.Parameter("n", .integer(1...5), "How \"many\".", default: 2)], answers: [.json(film)],
            problems: [Route.Problem(404, "no-film")]
        ) { _, _ in .now(HTTPResponse()) },
        Route(.post, "/v1/films", "A film.", scope: .catalog, body: .json(film), answers: [.nothing()]) { _, _ in
            .now(HTTPResponse(status: 204, contentType: ""))
        },
    ]

    private func document(needsKeys: Bool) throws -> [String: Any] {
        let about = OpenAPIDocument.About(title: "T", version: "1", description: "D", needsKeys: needsKeys)
        let json = OpenAPIDocument(about, routes: Self.routes).json
        return try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    }

    @Test("it has each route's parameters, body, answers and problems, and refers to what has a name")
    func contents() throws {
        let paths = try #require(try document(needsKeys: false)["paths"] as? [String: [String: [String: Any]]])
        let get = try #require(paths["/v1/films/{film}"]?["get"])
        let parameters = try #require(get["parameters"] as? [[String: Any]])
        #expect(parameters.map { $0["in"] as? String } == ["path", "query"])
        #expect((parameters[1]["schema"] as? [String: Any])?["maximum"] as? Int == 5)
        #expect((parameters[1]["schema"] as? [String: Any])?["default"] as? Int == 2)
        let responses = try #require(get["responses"] as? [String: [String: Any]])
        #expect((responses["404"]?["description"] as? String)?.contains("no-film") == true)
        #expect(responses["401"] == nil && responses["400"] != nil)
        let content = try #require(responses["200"]?["content"] as? [String: [String: [String: Any]]])
        #expect(content["application/json"]?["schema"]?["$ref"] as? String == "#/components/schemas/Film")
        let post = try #require(paths["/v1/films"]?["post"]?["responses"] as? [String: Any])
        #expect(post["204"] != nil && post["415"] != nil && post["413"] != nil)
    }

    @Test("headers that a route looks at are parameters, and those of its answers stand with each status")
    func headers() throws {
        let route = Route(
            .put, "/v1/films/{film}", "A film.", scope: .catalog,
            headers: [.ifMatch, .ifNoneMatch, Route.Parameter("X-Patience", .integer(1...5), "How long.")],
            body: .json(Self.film), answers: [.json(Self.film, headers: ["ETag": "Of the film."])],
            problems: [Route.Problem(412, "film-changed")]
        ) { _, _ in .now(HTTPResponse()) }
        func responses(needsKeys: Bool) throws -> ([[String: Any]], [String: [String: [String: Any]]], [String: Any]) {
            let about = OpenAPIDocument.About(title: "T", version: "1", description: "D", needsKeys: needsKeys)
            let json = OpenAPIDocument(about, routes: [route]).json
            let document = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
            let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
            let put = try #require(paths["/v1/films/{film}"]?["put"])
            let answers = try #require(put["responses"] as? [String: [String: Any]])
            return (
                try #require(put["parameters"] as? [[String: Any]]),
                answers.mapValues { $0["headers"] as? [String: [String: Any]] ?? [:] },
                try #require((document["components"] as? [String: Any])?["headers"] as? [String: Any])
            )
        }
        let (parameters, open, _) = try responses(needsKeys: false)
        let inHeaders = parameters.filter { $0["in"] as? String == "header" }.compactMap { $0["name"] as? String }
        #expect(inHeaders == ["If-Match", "If-None-Match", "X-Patience"])
        #expect(Set(try #require(open["200"]).keys) == ["X-Request-Id", "ETag"])
        #expect(Set(try #require(open["503"]).keys) == ["X-Request-Id", "Retry-After"])
        let (_, guarded, defined) = try responses(needsKeys: true)
        let rates: Set = [
            "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
        ]
        #expect(Set(try #require(guarded["200"]).keys) == rates.union(["X-Request-Id", "ETag"]))
        #expect(Set(try #require(guarded["412"]).keys) == rates.union(["X-Request-Id"]))
        #expect(Set(try #require(guarded["429"]).keys) == rates.union(["X-Request-Id", "Retry-After"]))
        #expect(Set(try #require(guarded["401"]).keys) == ["X-Request-Id", "WWW-Authenticate"])
        // What is referred to is there.
        let referred = guarded.values.flatMap(\.values).compactMap { $0["$ref"] as? String }
        let names = Set(referred.compactMap { $0.split(separator: "/").last.map(String.init) })
        #expect(names == Set(defined.keys))
    }

    @Test("where keys are needed each operation names its scope, 401, 403 and 429")
    func keys() throws {
        let paths = try #require(try document(needsKeys: true)["paths"] as? [String: [String: [String: Any]]])
        let post = try #require(paths["/v1/films"]?["post"])
        #expect(post["security"] as? [[String: [String]]] == [["bearer": ["catalog"]], ["apiKey": ["catalog"]]])
        let responses = try #require(post["responses"] as? [String: Any])
        #expect(responses["401"] != nil && responses["403"] != nil && responses["429"] != nil)
    }

    @Test("the page for people lists the same, with everything escaped and nothing loaded")
    func page() {
        let about = OpenAPIDocument.About(title: "<T>", version: "1", description: "D & E")
        let page = String(decoding: InterfacePage.html(about, routes: Self.routes), as: UTF8.self)
        for text in [
            "One &lt;film&gt;.", "How &quot;many&quot;.", "&lt;T&gt;", "D &amp; E", "<b>GET</b> /v1/films/{film}",
            "a whole number from 1 to 5; 2 if not given", "<code>no-film</code>",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        for text in ["<script", "src=", "@import", "http://cdn", "<link"] { #expect(!page.contains(text)) }
    }
}
