import Catalog
import Domain
import Foundation
import Testing

@testable import Serving

/// Filters and seen policies over HTTP.
@Suite("Filters over HTTP", .timeLimit(.minutes(5)))
struct FilterRouteTests {
    private func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
    }

    private static let paths = [
        "/v1/users/a-user0/recommendations", "/v1/users/nobody/recommendations", "/v1/items/popular",
        "/v1/items/a0/similar",
    ]

    @Test("every list heeds a filter, in a query as in a body", arguments: paths)
    func lists(path: String) async throws {
        try await withService { service in
            let filter = #"genre = "Science Fiction" and not id in ("a3", "a4") and (year = 1990 or year is null)"#
            let all = try await service.get("\(path)?n=500").ids
            let some = try await service.get("\(path)?n=500&filter=\(encoded(filter))")
            #expect(some.status == 200 && !some.ids.isEmpty)
            #expect(
                Set(some.ids) == Set(all.filter { ($0.hasPrefix("a") || $0 == "new/ä") && $0 != "a3" && $0 != "a4" }))
            let body = #"""
                {"n":500,"filter":"genre in $g and not id in $not and (year = $y or year is null)",
                 "params":{"g":["Science Fiction"],"not":["a3","a4"],"y":1990}}
                """#
            let same = try await service.post("\(path)/query", body, type: "application/json")
            #expect(same.status == 200 && same.ids == some.ids)
            let parameters = encoded(#"{"g":"Romance"}"#)
            let romance = try await service.get("\(path)?n=500&filter=\(encoded("genre = $g"))&params=\(parameters)")
            #expect(romance.ids.allSatisfy { $0.hasPrefix("b") })
            #expect(try await service.get("\(path)?filter=\(encoded("year > 3000"))").ids.isEmpty)
        }
    }

    @Test("a bad filter is 400 with the place and what to do", arguments: paths)
    func refusals(path: String) async throws {
        try await withService { service in
            for (filter, code, place) in [
                ("studio = \"x\"", "filter-unknown-field", "character 1"),
                ("year = \"x\"", "filter-wrong-type", "character 1"),
                ("year >", "filter-syntax", "character 7"), ("year = $y", "filter-parameters", "character 8"),
            ] {
                let answer = try await service.get("\(path)?filter=\(encoded(filter))")
                #expect(answer.status == 400 && answer.json["code"] as? String == code, "\(filter)")
                #expect((answer.json["detail"] as? String)?.contains(place) == true, "\(answer.text)")
                #expect((answer.json["advice"] as? String)?.isEmpty == false)
                #expect(answer.header("content-type") == "application/problem+json")
            }
        }
    }

    @Test("a value that nothing asks for and a boost that cannot be read are named as what they are", arguments: paths)
    func namedRefusals(path: String) async throws {
        try await withService { service in
            for (body, code, parameter) in [
                (#"{"filter":"year = $y","params":{"y":1990,"x":1}}"#, "filter-parameters", "params"),
                (
                    #"{"boost":[{"filter":"year = $y","factor":2}],"params":{"y":1,"x":1}}"#, "filter-parameters",
                    "params"
                ),
                (#"{"params":{"x":1}}"#, "filter-parameters", "params"),
                (#"{"boost":[{"filter":"studio = 1","factor":2}]}"#, "filter-unknown-field", "boost"),
                (#"{"boost":[{"filter":"year >","factor":2}]}"#, "filter-syntax", "boost"),
                (#"{"filter":"studio = 1"}"#, "filter-unknown-field", "filter"),
            ] {
                let answer = try await service.post("\(path)/query", body, type: "application/json")
                #expect(answer.status == 400 && answer.json["code"] as? String == code, "\(body): \(answer.text)")
                #expect(answer.json["parameter"] as? String == parameter, "\(body): \(answer.text)")
            }
        }
    }

    @Test("without a catalogue a filter is refused instead of answered by an empty list")
    func noCatalogue() async throws {
        try await withService(catalog: .empty) { service in
            let answer = try await service.get("/v1/items/popular?filter=\(encoded("year > 1"))")
            #expect(answer.status == 400 && answer.json["code"] as? String == "filter-without-catalogue")
        }
    }

    @Test("watched leaves out what was viewed or reviewed, and lets come back what was only liked")
    func watched() async throws {
        var model = try SmallModel()
        // Of a-user0: a0 liked, a1 viewed, a10 reviewed and liked, b19 disliked.
        model.kinds = model.histories.map { _ in
            [EventKinds(.like), EventKinds(.view), [EventKinds(.review), EventKinds(.like)], EventKinds(.like)]
        }
        let feed = SmallFeed()
        try await withService(models: SmallModels(model), feed: feed) { service in
            feed.send([
                .like("a-user0", "a5"),
                Event(
                    eventID: "v", userID: "a-user0", itemID: "a6", kind: .view, value: 0.1,
                    at: Timestamp(seconds: 9_000),
                    source: "test"),
            ])
            let path = "/v1/users/a-user0/recommendations?n=500&exclude_seen="
            try await eventually { try await !service.get(path + "watched").ids.contains("a6") }
            let everything = Set(try await service.get(path + "none").ids)
            let watched = Set(try await service.get(path + "watched").ids)
            let interacted = Set(try await service.get(path + "interacted").ids)
            #expect(everything.subtracting(watched) == ["a1", "a10", "a6"])
            #expect(everything.subtracting(interacted) == ["a0", "a1", "a10", "b19", "a5", "a6"])
        }
    }

    @Test("a film outside of its window is in no list, and its page says when it will be", arguments: paths)
    func availability(path: String) async throws {
        let small = try SmallModel()
        let (past, future) = (Timestamp.now.advanced(bySeconds: -3600), Timestamp.now.advanced(bySeconds: 3600))
        let catalog = CatalogSnapshot(
            small.catalog.movies.map { movie in
                var movie = movie
                switch movie.itemID {
                case "a2": movie.availableFrom = future
                case "a3": movie.availableUntil = past
                case "a4": (movie.availableFrom, movie.availableUntil) = (past, future)
                default: break
                }
                return movie
            })
        try await withService(catalog: catalog) { service in
            let ids = try await service.get("\(path)?n=500").ids
            #expect(!ids.contains("a2") && !ids.contains("a3") && ids.contains("a4"))
            let filter = encoded("available_from is not null")
            #expect(try await service.get("\(path)?n=500&filter=\(filter)").ids == ["a4"])
            let film = try await service.get("/v1/items/a2")
            #expect(film.status == 200 && film.json["available_from"] as? String == future.description)
        }
    }
}
