import Domain
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct ListCursorTests {
    private let cursor = ListCursor(
        madeAt: Timestamp(seconds: 5), modelID: "20261121T084910Z-eb351644", fingerprint: .max, seed: 7,
        given: (0..<20).map { ItemTexts.hash(of: "item \($0)") })

    @Test func comesBackAsItWas() throws {
        #expect(try ListCursor(cursor.text) == cursor)
        var empty = cursor
        empty.given = []
        #expect(try ListCursor(empty.text) == empty)
    }

    /// Whatever a client sends: refused, and nothing worse.
    @Test func oneThatWasChangedIsRefused() {
        for text in DamagedText.all(of: cursor.text, seed: 3) {
            #expect(throws: ServingError.badCursor) { try ListCursor(text) }
        }
        #expect(throws: ServingError.badCursor) { try ListCursor("") }
        #expect(throws: ServingError.badCursor) { try ListCursor(String(repeating: "A", count: 100_000)) }
    }

    @Test func isGoodForTenMinutes() throws {
        var request = ListRequest()
        let page = try ListPage(request, of: "x")
        let state = try RandomState(seed: 1).state
        let cursor: String = try #require(page.next(after: [Ranked(place: 0, score: BlendedScore())], of: state))
        request.cursor = cursor
        let now = Timestamp.now
        _ = try ListPage(request, of: "x", now: now.advanced(bySeconds: 590))
        #expect(throws: ServingError.cursorExpired) {
            try ListPage(request, of: "x", now: now.advanced(bySeconds: 610))
        }
    }

    @Test func belongsToTheListItIsOf() async throws {
        try await withService { service in
            let first = try await service.get("/v1/users/a-user0/recommendations?n=5&seed=1")
            let cursor = try #require(first.json["next_cursor"] as? String)
            let second = try await service.get(
                "/v1/users/a-user0/recommendations?n=7&seed=1&fields=title&cursor=\(cursor)")
            #expect(second.status == 200 && second.ids.count == 7)
            // The place in the whole list, as impressions and why-not have it.
            let ranks = (second.json["items"] as? [[String: Any]])?.compactMap { $0["rank"] as? Int }
            #expect(ranks == Array(6...12))
            for path in [
                "/v1/users/a-user1/recommendations?n=5&seed=1", "/v1/users/a-user0/recommendations?n=5&seed=2",
                "/v1/users/a-user0/recommendations?seed=1&diversity=0.5", "/v1/items/popular?seed=1",
                "/v1/users/a-user0/recommendations?seed=1&exclude_ids=a3",
            ] {
                let answer = try await service.get("\(path)&cursor=\(cursor)")
                #expect(answer.status == 400 && answer.json["code"] as? String == "cursor-of-another-list")
                #expect(answer.json["parameter"] as? String == "cursor")
            }
        }
    }

    @Test(arguments: ["/v1/users/a-user0/recommendations", "/v1/items/popular", "/v1/items/a3/similar"])
    func everyListIsPagedToItsEnd(_ path: String) async throws {
        try await withService { service in
            let long = try await service.get("\(path)?n=100").ids
            var pages: [String] = []
            var cursor = ""
            repeat {
                let page = try await service.get("\(path)?n=6\(cursor)")
                pages += page.ids
                cursor = (page.json["next_cursor"] as? String).map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(pages == long)
        }
    }

    @Test func aSwapAndNewEventsDoNotChangeAListThatHasBegun() async throws {
        let models = SmallModels(try SmallModel())
        let feed = SmallFeed()
        try await withService(models: models, feed: feed) { service in
            let path = "/v1/users/a-user0/recommendations"
            let long = try await service.get("\(path)?n=12").ids
            let first = try await service.get("\(path)?n=4")
            models.promote(try RandomState(seed: 4, id: "m2").model)
            feed.send((0..<5).map { .like("a-user0", "b\($0)", at: Timestamp.now.seconds + 3000) })
            try await eventually {
                let other = try await service.get("\(path)?n=12")
                return service.model == "m2" && other.ids != long && other.json["user_state"] as? String == "folded_in"
            }
            var pages = first.ids
            var cursor = try #require(first.json["next_cursor"] as? String)
            for _ in 0..<2 {
                let page = try await service.get("\(path)?n=4&cursor=\(cursor)")
                #expect((page.json["model"] as? [String: Any])?["id"] as? String == "m1")
                pages += page.ids
                cursor = try #require(page.json["next_cursor"] as? String)
            }
            #expect(pages == long)
        }
    }

    /// Events that only the newer model knows are read again for the older one.
    @Test func aListGoesOnAfterARestartWithTheEventsOfItsUser() async throws {
        let models = SmallModels(try SmallModel())
        let feed = SmallFeed()
        let path = "/v1/users/late/recommendations"
        let now = Timestamp.now.seconds
        let events = (0..<5).map { Event.like("late", "b\($0)", at: now + Int64($0) - 100) }
        let (long, first) = try await withService(models: models, feed: feed) { service in
            feed.send(events)
            try await eventually {
                try await service.get("\(path)?n=1").json["user_state"] as? String == "folded_in"
            }
            return (try await service.get("\(path)?n=12").ids, try await service.get("\(path)?n=6"))
        }
        models.promote(try RandomState(seed: 4, id: "m2").model)
        let cursor = try #require(first.json["next_cursor"] as? String)
        try await withService(models: models, archive: SmallArchive(events)) { service in
            let second = try await service.get("\(path)?n=6&cursor=\(cursor)")
            #expect(second.json["user_state"] as? String == "folded_in")
            #expect(first.ids + second.ids == long)
        }
    }

    @Test func aListGoesOnAfterARestartWithAnotherModel() async throws {
        let models = SmallModels(try SmallModel())
        let path = "/v1/users/a-user0/recommendations"
        let (long, first) = try await withService(models: models) { service in
            (try await service.get("\(path)?n=12").ids, try await service.get("\(path)?n=6"))
        }
        models.promote(try RandomState(seed: 4, id: "m2").model)
        let cursor = try #require(first.json["next_cursor"] as? String)
        try await withService(models: models) { service in
            #expect(service.model == "m2")
            let second = try await service.get("\(path)?n=6&cursor=\(cursor)")
            #expect(first.ids + second.ids == long)
            #expect((second.json["model"] as? [String: Any])?["id"] as? String == "m1")
        }
        // Where the model is gone, so is the list.
        try await withService(models: SmallModels(try SmallModel(id: "m3"))) { service in
            let answer = try await service.get("\(path)?n=6&cursor=\(cursor)")
            #expect(answer.status == 410 && answer.json["code"] as? String == "cursor-expired")
        }
    }
}
