import Catalog
import Domain
import Foundation
import HTTPServer
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

    @Test("a cursor is good for the films it was given for, until ten minutes later, and for no other list")
    func cursors() async throws {
        let filter = "genre%20%3D%20%22Romance%22"
        try await withService { service in
            func cursor(_ path: String) async throws -> String {
                try #require(try await service.get(path).json["next_cursor"] as? String, "\(path)")
            }
            let all = try await cursor("/v1/items?n=5")
            let romance = try await cursor("/v1/items?n=5&filter=\(filter)")
            let list = try await cursor("/v1/items/popular?n=5")
            // How many and what is shown of each may change.
            let more = try await service.get("/v1/items?n=7&fields=title&cursor=\(all)")
            #expect(more.status == 200 && more.ids.count == 7)
            for path in [
                "/v1/items?filter=\(filter)&cursor=\(all)", "/v1/items?cursor=\(romance)",
                "/v1/items?filter=year%20%3E%201&cursor=\(romance)", "/v1/items?cursor=\(list)",
                "/v1/items/popular?cursor=\(all)",
            ] {
                let answer = try await service.get(path)
                #expect(answer.status == 400 && answer.json["code"] as? String == "cursor-of-another-list", "\(path)")
                #expect(answer.json["parameter"] as? String == "cursor")
            }
            // Put together by hand: a last film without a seal, as cursors of before were.
            for text in [Base64URL.text(of: [1] + Array("a3".utf8)), Base64URL.text(of: [3] + Array("a3".utf8))] {
                let answer = try await service.get("/v1/items?cursor=\(text)")
                #expect(answer.status == 400 && answer.json["code"] as? String == "bad-cursor")
            }
        }
    }

    @Test("a cursor that is too old is gone, and each page has one of its own time")
    func cursorAge() throws {
        let state = try RandomState(seed: 1).state
        var request = ListRequest()
        request.count = 3
        let start = Timestamp(seconds: 1_800_000_000)
        let first = try CataloguePage(request, of: state, now: start)
        let cursor: String = try #require(first.nextCursor)
        request.cursor = cursor
        let second = try CataloguePage(request, of: state, now: start.advanced(bySeconds: 590))
        #expect(second.films.first!.itemID > first.films.last!.itemID)
        for seconds in [610, -120] as [Double] {
            #expect(throws: ServingError.cursorExpired) {
                try CataloguePage(request, of: state, now: start.advanced(bySeconds: seconds))
            }
        }
        let next: String = try #require(second.nextCursor)
        request.cursor = next
        _ = try CataloguePage(request, of: state, now: start.advanced(bySeconds: 1100))
        #expect(HTTPProblem(ServingError.cursorExpired).status == 410)
    }

    @Test("a cursor that was changed is refused, and nothing worse")
    func changedCursor() throws {
        let cursor = CatalogueCursor(madeAt: Timestamp(seconds: 5), fingerprint: .max, last: "f/ü")
        #expect(try CatalogueCursor(cursor.text) == cursor)
        for text in DamagedText.all(of: cursor.text, seed: 5) {
            #expect(throws: ServingError.badCursor) { try CatalogueCursor(text) }
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
