import Foundation
import HTTPServer
import Testing

@testable import Serving

@Suite("Other routes over HTTP", .timeLimit(.minutes(2)))
struct OtherRouteTests {
    @Test("similar items by factors, by words and by both", arguments: ["cf", "content", "blend"])
    func similar(_ method: String) async throws {
        try await withService { service in
            let answer = try await service.get("/v1/items/a5/similar?method=\(method)&n=10&explain=summary")
            #expect(answer.status == 200 && answer.ids.count == 10)
            #expect(answer.ids.allSatisfy { ($0.hasPrefix("a") || $0 == "new/ä") && $0 != "a5" })
            #expect(answer.json["user_state"] == nil)
            let sources = Set(
                answer.items.flatMap { $0["reasons"] as? [[String: Any]] ?? [] }.compactMap { $0["source"] as? String })
            #expect(
                sources == (method == "cf" ? ["factors"] : method == "content" ? ["content"] : ["factors", "content"]))
        }
    }

    @Test("an item that the model does not know has no neighbours by factors and some by words")
    func similarToNew() async throws {
        try await withService { service in
            #expect(try await service.get("/v1/items/new%2F%C3%A4/similar?method=cf").ids.isEmpty)
            let blend = try await service.get("/v1/items/new%2F%C3%A4/similar?n=7")
            #expect(blend.ids.count == 7 && blend.ids.allSatisfy { $0.hasPrefix("a") })
        }
    }

    @Test("the popular ones, by likes")
    func popular() async throws {
        try await withService { service in
            let answer = try await service.get("/v1/items/popular?n=4&fields=genres")
            #expect(answer.ids == ["a0", "a10", "b0", "b10"])
            #expect((answer.items[0]["fields"] as? [String: Any])?["genres"] as? [String] == ["Science Fiction"])
        }
    }

    @Test("one item, and one that is not there")
    func item() async throws {
        try await withService { service in
            let answer = try await service.get("/v1/items/new%2F%C3%A4")
            #expect(answer.json["id"] as? String == "new/ä" && answer.json["title"] as? String == "Brand \"new\"")
            #expect(answer.json["in_model"] as? Bool == false && answer.json["in_catalogue"] as? Bool == true)
            #expect(answer.json["year"] is NSNull)
            for path in ["/v1/items/nope", "/v1/items/nope/similar"] {
                let missing = try await service.get(path)
                #expect(missing.status == 404 && missing.json["code"] as? String == "item-not-found")
            }
        }
    }

    @Test("ten titles for clients that want no more")
    func suggestedMovies() async throws {
        try await withService { service in
            let answer = try await service.get("/suggested_movies?user_id=a-user1")
            let titles = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String])
            #expect(titles.count == 10 && titles.allSatisfy { $0.hasPrefix("Film a") || $0.hasPrefix("Brand") })
            #expect(try await service.get("/suggested_movies").json["code"] as? String == "missing-parameter")
        }
    }

    @Test("every route says what it is for, and what its parameters mean")
    func descriptions() async throws {
        try await withService { service in
            let routes = service.service.routes
            #expect(routes.filter { $0.scope == .events }.map(\.pattern) == ["/v1/events", "/v1/impressions"])
            for route in routes {
                #expect(route.summary.hasSuffix(".") && route.parameters.allSatisfy { $0.meaning.hasSuffix(".") })
            }
        }
    }

    static let bad: [(path: String, status: Int, code: String, parameter: String?)] = [
        ("/v1/users/u/recommendations?n=0", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=501", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=-1", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=%2B5", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=5.0", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=99999999999999999999", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=", 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations?n=5&n=5", 400, "repeated-parameter", "n"),
        ("/v1/users/u/recommendations?fields=title,nonsense", 400, "bad-parameter", "fields"),
        ("/v1/users/u/recommendations?fields=title,title", 400, "bad-parameter", "fields"),
        ("/v1/users/u/recommendations?fields=", 400, "bad-parameter", "fields"),
        ("/v1/users/u/recommendations?exclude_seen=everything", 400, "bad-parameter", "exclude_seen"),
        ("/v1/users/u/recommendations?explain=loudly", 400, "bad-parameter", "explain"),
        ("/v1/users/u/recommendations?cursor=abc", 400, "bad-cursor", "cursor"),
        ("/v1/users/u/recommendations?content_weight=1.01", 400, "bad-parameter", "content_weight"),
        ("/v1/users/u/recommendations?content_weight=-0.01", 400, "bad-parameter", "content_weight"),
        ("/v1/users/u/recommendations?content_weight=", 400, "bad-parameter", "content_weight"),
        ("/v1/users/u/surprising?content_weight=1", 400, "unknown-parameter", "content_weight"),
        ("/v1/items/popular?content_weight=1", 400, "unknown-parameter", "content_weight"),
        ("/v1/users/u/recommendations?diversity=1.5", 400, "bad-parameter", "diversity"),
        ("/v1/users/u/recommendations?diversity=nan", 400, "bad-parameter", "diversity"),
        ("/v1/users/u/recommendations?exploration=-0.1", 400, "bad-parameter", "exploration"),
        ("/v1/users/u/recommendations?min_score=much", 400, "bad-parameter", "min_score"),
        ("/v1/users/u/recommendations?seed=9007199254740992", 400, "bad-parameter", "seed"),
        ("/v1/users/u/recommendations?exclude_ids=a,a", 400, "bad-parameter", "exclude_ids"),
        ("/v1/users/u/recommendations?exclude_ids=", 400, "bad-parameter", "exclude_ids"),
        ("/v1/users/u/recommendations?scenario=a%20b", 400, "bad-parameter", "scenario"),
        ("/v1/users/u/recommendations?boost=year", 400, "bad-parameter", "boost"),
        ("/v1/users/u/recommendations?boost=11:year%3E1990", 400, "bad-parameter", "boost"),
        ("/v1/users/u/recommendations?params=%7B%7D", 400, "bad-parameter", "params"),
        ("/v1/items/popular?exclude_seen=none", 400, "unknown-parameter", "exclude_seen"),
        ("/v1/users/\(String(repeating: "u", count: 257))/recommendations", 400, "bad-identifier", nil),
        ("/v1/items/a0/similar?method=magic", 400, "bad-parameter", "method"),
        ("/v1/items/popular?window=7", 400, "bad-parameter", "window"),
        ("/v1/items/a0?n=1", 400, "unknown-parameter", "n"),
        ("/suggested_movies?user_id=", 400, "bad-identifier", nil),
        ("/suggested_movies?user_id=u&n=3", 400, "unknown-parameter", "n"),
        ("/v1/users//recommendations", 404, "no-such-path", nil),
        ("/v1/nothing", 404, "no-such-path", nil),
        ("/v1/users/u/recommendations/", 404, "no-such-path", nil),
        ("/v1/users/%FF/recommendations", 400, "bad-target", nil),
    ]

    @Test("bad requests get a problem that names what is wrong", arguments: bad.indices)
    func problems(_ index: Int) async throws {
        let bad = Self.bad[index]
        try await withService { service in
            let answer = try await service.get(bad.path)
            #expect(answer.status == bad.status, "\(bad.path)")
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(answer.json["status"] as? Int == bad.status)
            #expect(answer.json["code"] as? String == bad.code)
            #expect(answer.json["type"] as? String == "urn:marquee:problem:\(bad.code)")
            #expect(answer.json["parameter"] as? String == bad.parameter)
            #expect((answer.json["detail"] as? String)?.isEmpty == false)
            #expect(answer.json["request_id"] as? String == answer.header("X-Request-Id"))
        }
    }

    @Test("another method is refused with Allow")
    func methods() async throws {
        try await withService { service in
            for path in ["/v1/items/popular", "/v1/users/u/recommendations"] {
                let answer = try await service.get(path, method: "POST", body: [1, 2, 3])
                #expect(answer.status == 405 && answer.header("Allow") == "GET, HEAD, OPTIONS")
                #expect(try await service.get(path, method: "HEAD").status == 200)
            }
        }
    }
}
