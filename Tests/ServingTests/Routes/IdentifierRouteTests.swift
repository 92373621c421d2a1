import Catalog
import Domain
import Testing

@testable import Serving

/// Identifiers that are one text to Swift and differ in their bytes.
@Suite("Identifiers over HTTP", .timeLimit(.minutes(2)))
struct IdentifierRouteTests {
    private static let films = ["caf\u{E9}", "cafe\u{301}"]

    private static func has(_ id: String, _ ids: [String]) -> Bool { ids.contains { $0.isExactly(id) } }

    @Test("films are two: each has its title and its score, and is left out by itself")
    func ofFilms() async throws {
        let more = Self.films.map {
            Movie(itemID: $0, title: "\($0.utf8.count) bytes", overview: "space robots explore galaxy")
        }
        let catalog = CatalogSnapshot(try SmallModel().catalog.movies + more)
        let paths = ["caf%C3%A9", "cafe%CC%81"]
        try await withService(catalog: catalog) { service in
            for (number, path) in paths.enumerated() {
                let (film, other) = (Self.films[number], Self.films[1 - number])
                let described = try await service.get("/v1/items/\(path)")
                #expect(described.json["title"] as? String == "\(film.utf8.count) bytes")
                let list = "/v1/users/a-user0/recommendations?n=100"
                let all = try await service.get(list).ids
                #expect(Self.has(film, all))
                let rest = try await service.get("\(list)&exclude_ids=\(path)").ids
                #expect(!Self.has(film, rest) && Self.has(other, rest) && rest.count == all.count - 1)
                // The second is answered after the first was remembered.
                let found = try await service.get("/v1/items?filter=id%20%3D%20%22\(path)%22").ids
                #expect(found.count == 1 && Self.has(film, found))
            }
            let both = "exclude_ids=\(paths.joined(separator: ","))"
            #expect(try await service.get("/v1/users/u/recommendations?\(both)").status == 200)
            let body = #"{"items":["\#(Self.films[0])","\#(Self.films[1])"]}"#
            for path in ["/v1/users/a-user0/scores", "/v1/rank"] {
                let scored = try await service.post(path, body, type: "application/json")
                #expect(scored.status == 200 && scored.ids.count == 2, "\(path): \(scored.text)")
                #expect(Self.films.allSatisfy { Self.has($0, scored.ids) })
            }
        }
    }

    @Test("users are two: what one likes says nothing of the other")
    func ofUsers() async throws {
        try await withService(publisher: SmallPublisher()) { service in
            let event = #"{"user_id":"\#("\u{FC}")","item_id":"b1","kind":"like","value":1}"#
            #expect(try await service.post("/v1/events", event, type: "application/json").status == 202)
            let own = try await service.get("/v1/users/%C3%BC/recommendations?n=41")
            #expect(own.json["user_state"] as? String == "folded_in" && !own.ids.contains("b1"))
            let others = try await service.get("/v1/users/u%CC%88/recommendations?n=41")
            #expect(others.json["user_state"] as? String == "new" && others.ids.contains("b1"))
        }
    }

    @Test("events are two: both count")
    func ofEvents() async throws {
        try await withService(publisher: SmallPublisher()) { service in
            for (id, item) in zip(Self.films, ["b1", "b2"]) {
                let event = #"{"event_id":"\#(id)","user_id":"u","item_id":"\#(item)","kind":"like","value":1}"#
                #expect(try await service.post("/v1/events", event, type: "application/json").status == 202)
            }
            let list = try await service.get("/v1/users/u/recommendations?n=41").ids
            #expect(!list.isEmpty && !list.contains("b1") && !list.contains("b2"))
            let trending = try await service.get("/v1/items/trending").ids
            #expect(Set(trending) == ["b1", "b2"])
        }
    }
}
