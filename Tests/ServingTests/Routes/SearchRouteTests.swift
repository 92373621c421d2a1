import Catalog
import Domain
import Foundation
import Testing

@testable import Serving

@Suite("Search over HTTP", .timeLimit(.minutes(5)))
struct SearchRouteTests {
    private typealias Counts = [[String: Any]]

    @Test("films with the words come back, with how many there are of each kind")
    func search() async throws {
        try await withService { service in
            let answer = try await service.get("/v1/search?q=space%20ROBOTS&n=5&fields=title")
            #expect(answer.status == 200 && answer.ids.count == 5 && answer.json["total"] as? Int == 21)
            #expect(answer.ids.allSatisfy { $0.hasPrefix("a") || $0 == "new/ä" })
            let facets = answer.json["facets"] as? [String: Counts]
            #expect(facets?["genre"]?.first?["value"] as? String == "Science Fiction")
            #expect(facets?["genre"]?.first?["count"] as? Int == 21)
            #expect(facets?["decade"]?.first?["value"] as? String == "1990")
            #expect(facets?["decade"]?.first?["count"] as? Int == 20)
            #expect((answer.items.first?["fields"] as? [String: Any])?["title"] != nil)
            #expect(try await service.get("/v1/search?q=nowhere").ids.isEmpty)
        }
    }

    @Test("pages have every film once, and a filter holds on all of them")
    func pages() async throws {
        try await withService { service in
            var ids: [String] = []
            var cursor = ""
            repeat {
                let page = try await service.get("/v1/search?q=film&n=7&filter=genre%20%3D%20%22Romance%22\(cursor)")
                #expect(page.status == 200 && page.json["total"] as? Int == 20)
                ids += page.ids
                cursor = (page.json["next_cursor"] as? String).map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(ids.count == 20 && Set(ids).count == 20 && ids.allSatisfy { $0.hasPrefix("b") })
        }
    }

    @Test("for a user, their taste decides among films that the words fit alike")
    func personal() async throws {
        try await withService { service in
            let plain = try await service.get("/v1/search?q=film&n=500")
            let mine = try await service.get("/v1/search?q=film&n=20&user=b-user0")
            #expect(plain.json["user_state"] == nil && mine.json["user_state"] as? String == "known")
            #expect(mine.ids.allSatisfy { $0.hasPrefix("b") } && mine.ids.first == "b0")
            #expect(mine.json["total"] as? Int == plain.json["total"] as? Int)
            let body = try await service.post(
                "/v1/search/query", #"{"q":"film","n":20,"user":"b-user0"}"#, type: "application/json")
            #expect(body.ids == mine.ids)
            #expect(try await service.get("/v1/search?q=film&user=nobody").json["user_state"] as? String == "new")
        }
    }

    @Test("a search without words, or that cannot be asked, is a problem")
    func problems() async throws {
        try await withService { service in
            for query in ["", "?q=", "?q=\(String(repeating: "x", count: 1001))"] {
                let answer = try await service.get("/v1/search\(query)")
                #expect(answer.status == 400, "\(query.prefix(20))")
            }
            for (body, code) in [
                ("{}", "missing-parameter"), (#"{"q":null}"#, "missing-parameter"), (#"{"q":""}"#, "bad-parameter"),
                (#"{"q":7}"#, "bad-parameter"), (#"{"q":"a\u0085b"}"#, "bad-parameter"),
                (#"{"q":"\#(String(repeating: "x", count: 1001))"}"#, "bad-parameter"),
            ] {
                let answer = try await service.post("/v1/search/query", body, type: "application/json")
                #expect(answer.status == 400 && answer.json["code"] as? String == code, "\(answer.text)")
                #expect(answer.json["parameter"] as? String == "q")
            }
            let longest = #"{"q":"\#(String(repeating: "x", count: 1000))"}"#
            #expect(try await service.post("/v1/search/query", longest, type: "application/json").status == 200)
        }
        let small = try SmallModel()
        try await withService(content: FragileContent(small.catalog, mood: .fails)) { service in
            let answer = try await service.get("/v1/search?q=film")
            #expect(answer.status == 503 && answer.json["code"] as? String == "search-unavailable")
            #expect(try await service.get("/v1/users/a-user0/recommendations").status == 200)
        }
    }

    @Test("the figures of the catalogue are those of its films")
    func statistics() async throws {
        let films = [
            Movie(
                itemID: "1", title: "A", year: 1999, genres: ["Drama"], language: "en", popularity: 3, voteAverage: 8,
                voteCount: 5),
            Movie(
                itemID: "2", title: "B", year: 1999, genres: ["Drama", "War"], language: "en", popularity: 9,
                voteAverage: 6, voteCount: 50),
            Movie(itemID: "3", title: "C", year: 2001, language: "fr", voteAverage: 10, voteCount: 1),
            Movie(itemID: "4", title: "D"),
        ]
        try await withService(catalog: CatalogSnapshot(films)) { service in
            let answer = try await service.get("/v1/catalog/stats").json
            func counts(_ name: String) -> Counts { answer[name] as? Counts ?? [] }
            #expect(counts("films_by_year").map { $0["year"] as? Int } == [1999, 2001])
            #expect(counts("films_by_year").map { $0["count"] as? Int } == [2, 1])
            #expect(counts("most_popular").map { $0["id"] as? String } == ["2", "1"])
            #expect(counts("most_voted").map { $0["value"] as? Int } == [50, 5, 1])
            #expect(counts("mean_rating_by_genre").map { $0["genre"] as? String } == ["Drama", "War"])
            #expect(counts("mean_rating_by_genre").map { $0["mean"] as? Double } == [7, 6])
            #expect(counts("languages").map { $0["language"] as? String } == ["en", "fr"])
            #expect(counts("ratings").count == 10 && counts("ratings").last?["count"] as? Int == 1)
        }
    }
}
