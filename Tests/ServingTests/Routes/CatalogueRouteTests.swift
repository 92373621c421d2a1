import Catalog
import Domain
import Foundation
import Testing

@testable import Serving

/// Reading the catalogue page by page, and what keeps it from being written.
@Suite("Catalogue over HTTP", .timeLimit(.minutes(5)))
struct CatalogueRouteTests {
    @Test("pages have every film once, in the order of identifiers, and say how many there are")
    func pages() async throws {
        let small = try SmallModel()
        try await withService { service in
            var ids: [String] = []
            var cursor = ""
            repeat {
                let page = try await service.get("/v1/items?n=7\(cursor)")
                #expect(page.status == 200 && page.json["total"] as? Int == 41)
                ids += page.ids
                cursor = (page.json["next_cursor"] as? String).map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(ids == small.catalog.movies.map(\.itemID))
            let first = try #require(try await service.get("/v1/items?n=1&fields=title,year").items.first)
            #expect(
                first["title"] as? String == "Film a0" && first["genres"] == nil && first["in_model"] as? Bool == true)
        }
    }

    @Test("a filter decides which films there are, and how many")
    func filtered() async throws {
        try await withService { service in
            let filter = "genre%20%3D%20%22Romance%22"
            let page = try await service.get("/v1/items?n=15&filter=\(filter)")
            #expect(
                page.json["total"] as? Int == 20 && page.ids.count == 15 && page.ids.allSatisfy { $0.hasPrefix("b") })
            let cursor = try #require(page.json["next_cursor"] as? String)
            let rest = try await service.get("/v1/items?n=15&filter=\(filter)&cursor=\(cursor)")
            #expect(rest.ids.count == 5 && Set(rest.ids).isDisjoint(with: page.ids))
            #expect(rest.json["next_cursor"] is NSNull)
            let posted = try await service.post(
                "/v1/items/query", #"{"n":15,"filter":"genre = \"Romance\""}"#, type: "application/json")
            #expect(posted.ids == page.ids && posted.json["total"] as? Int == 20)
            for bad in ["cursor=x", "cursor=", "cursor=AAAA", "filter=x", "n=0", "diversity=1"] {
                #expect(try await service.get("/v1/items?\(bad)").status == 400, "\(bad)")
            }
        }
    }

    @Test("a service without a store to write to says so, and keeps answering")
    func readOnly() async throws {
        try await withService { service in
            for (method, path, body) in [
                ("PUT", "/v1/items/x", #"{"title":"X"}"#), ("PATCH", "/v1/items/a0", #"{"title":"X"}"#),
                ("DELETE", "/v1/items/a0", ""), ("POST", "/v1/items/batch", #"[{"item_id":"x","title":"X"}]"#),
            ] {
                let answer = try await service.get(
                    path, method: method, body: Array(body.utf8), type: "application/json")
                #expect(answer.status == 503 && answer.json["code"] as? String == "catalogue-read-only", "\(method)")
            }
            #expect(try await service.get("/v1/items/a0").status == 200)
        }
    }
}
