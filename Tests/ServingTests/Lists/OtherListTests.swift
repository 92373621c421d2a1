import Catalog
import Domain
import Foundation
import Testing

@testable import Serving

/// Lists of other kinds, against what they say they are.
@Suite(.timeLimit(.minutes(2))) struct OtherListTests {
    @Test func aBasketIsAUserWhoLikedIt() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            let body = #"{"items":["b3",{"id":"b4"},{"id":"a1","value":-1},"unknown"],"n":8}"#
            let basket = try await service.post("/v1/recommendations/anonymous", body, type: "application/json")
            #expect(basket.status == 200 && basket.json["user_state"] as? String == "folded_in")
            feed.send([
                .like("u", "b3", at: 5_000), .like("u", "b4", at: 5_001), .like("u", "a1", value: -1, at: 5_002),
            ])
            try await eventually {
                try await service.get("/v1/users/u/recommendations?n=8").json["user_state"] as? String == "folded_in"
            }
            #expect(try await service.get("/v1/users/u/recommendations?n=8").ids == basket.ids)
            // Nothing of the basket was kept.
            #expect(service.service.pipeline().overlay.counts.held == 3)
        }
    }

    @Test func withContextIsTheUserAndTheBasket() async throws {
        try await withService { service in
            let path = "/v1/users/a-user0/recommendations"
            let body = #"{"items":["b1","b2","b3","b4","b5"],"n":10}"#
            let with = try await service.post("\(path)/with-context", body, type: "application/json")
            #expect(with.ids.contains { $0.hasPrefix("b") })
            #expect(Set(with.ids).isDisjoint(with: ["b1", "b2", "b3", "b4", "b5", "a0", "a1"]))
            #expect(try await service.get("\(path)?n=10").json["user_state"] as? String == "known")
        }
    }

    @Test func theBodyOfAQueryGivesTheSameListAsAPath() async throws {
        try await withService { service in
            for (path, query, body) in [
                (
                    "/v1/users/a-user0/recommendations", "n=7&exclude_seen=none&fields=title,year",
                    #"{"n":7,"exclude_seen":"none","fields":["title","year"]}"#
                ),
                (
                    "/v1/users/a-user0/recommendations", "n=9&exploration=0.5&seed=7&exclude_ids=a3,a4",
                    #"{"n":9,"exploration":0.5,"seed":7,"exclude_ids":["a3","a4"]}"#
                ),
                ("/v1/items/a3/similar", "method=content&n=4", #"{"method":"content","n":4}"#),
                ("/v1/items/popular", "diversity=0.5&explain=full", #"{"diversity":0.5,"explain":"full"}"#),
                (
                    "/v1/users/a-user0/recommendations",
                    "filter=genre%20%3D%20%24g&params=%7B%22g%22:%22Romance%22%7D&boost=2:year%20%3E%201980&explain=full",
                    #"{"filter":"genre = $g","params":{"g":"Romance"},"boost":[{"filter":"year > 1980","factor":2}],"explain":"full"}"#
                ),
                ("/v1/items/latest", "n=3", #"{"n":3}"#), ("/v1/items/representative", "n=3", #"{"n":3}"#),
                ("/v1/items/trending", "window=24h", #"{"window":"24h"}"#),
                ("/v1/users/a-user0/surprising", "n=3", #"{"n":3,"filter":null}"#),
            ] {
                let get = try await service.get("\(path)?\(query)")
                let post = try await service.post("\(path)/query", body, type: "application/json")
                #expect(get.status == 200 && post.status == 200, "\(path) \(post.text)")
                func items(_ answer: RunningService.Answer) throws -> Data {
                    try JSONSerialization.data(withJSONObject: answer.items, options: .sortedKeys)
                }
                #expect(try items(get) == items(post))
                #expect(get.header("Cache-Control") == post.header("Cache-Control"))
            }
        }
    }

    /// They are read on the connection's thread: what is larger than any sensible question is not read at all.
    @Test func aBodyOfMoreThanAMebibyteIsRefused() async throws {
        let blanks = String(repeating: " ", count: RequestBody.limit - 100)
        try await withService { service in
            for (path, body) in [
                ("/v1/users/a-user0/recommendations/query", #"{"n":3}"#), ("/v1/items/popular/query", "{}"),
                ("/v1/recommendations/anonymous", #"{"items":["b3"]}"#), ("/v1/rank", #"{"items":["a1"]}"#),
                ("/v1/pages/home", #"{"user":"u","rails":[{"name":"a","kind":"popular"}]}"#),
            ] {
                let sound = try await service.post(path, blanks + body, type: "application/json")
                #expect(sound.status != 413, "\(path) \(sound.text)")
                let large = try await service.post(path, blanks + blanks + body, type: "application/json")
                #expect(large.status == 413 && large.json["code"] as? String == "body-too-large", "\(path)")
            }
        }
    }

    static let badBodies: [(path: String, body: String, status: Int, code: String, parameter: String?)] = [
        ("/v1/users/u/recommendations/query", "[]", 400, "bad-body", nil),
        ("/v1/users/u/recommendations/query", "{", 400, "bad-body", nil),
        ("/v1/users/u/recommendations/query", #"{"n":1,"n":1}"#, 400, "bad-body", nil),
        ("/v1/users/u/recommendations/query", #"{"n":"1"}"#, 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations/query", #"{"n":1.5}"#, 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations/query", #"{"n":true}"#, 400, "bad-parameter", "n"),
        ("/v1/users/u/recommendations/query", #"{"count":1}"#, 400, "unknown-parameter", "count"),
        ("/v1/users/u/recommendations/query", #"{"fields":[1]}"#, 400, "bad-parameter", "fields"),
        ("/v1/users/u/recommendations/query", #"{"boost":[{"factor":2}]}"#, 400, "bad-parameter", "boost"),
        ("/v1/recommendations/anonymous", "{}", 400, "missing-parameter", "items"),
        ("/v1/recommendations/anonymous", #"{"items":[]}"#, 400, "bad-parameter", "items"),
        ("/v1/recommendations/anonymous", #"{"items":[{"id":"a","value":2}]}"#, 400, "bad-parameter", "items"),
        ("/v1/recommendations/anonymous", #"{"items":[{"id":"a","at":"soon"}]}"#, 400, "bad-parameter", "items"),
        ("/v1/recommendations/group", #"{"users":["a","a"]}"#, 400, "bad-parameter", "users"),
        ("/v1/recommendations/group", #"{"users":["a"],"aggregate":"max"}"#, 400, "bad-parameter", "aggregate"),
        ("/v1/items/similar", #"{"items":["nothing"]}"#, 404, "item-not-found", nil),
        ("/v1/rank", #"{"items":["a1"],"n":3}"#, 400, "unknown-parameter", "n"),
        ("/v1/pages/home", #"{"user":"u","rails":[]}"#, 400, "bad-parameter", "rails"),
        ("/v1/pages/home", #"{"user":"u","rails":[{"name":"a","kind":"odd"}]}"#, 400, "bad-parameter", "kind"),
        ("/v1/pages/a%20b", #"{"user":"u","rails":[{"name":"a","kind":"popular"}]}"#, 400, "bad-parameter", "page"),
        (
            "/v1/pages/home", #"{"user":"u","rails":[{"name":"a","kind":"popular","x":1}]}"#, 400, "unknown-parameter",
            "x"
        ),
    ]

    @Test(arguments: badBodies.indices)
    func aBadBodyIsRefusedByName(_ index: Int) async throws {
        let bad = Self.badBodies[index]
        try await withService { service in
            let answer = try await service.post(bad.path, bad.body, type: "application/json; charset=utf-8")
            #expect(answer.status == bad.status, "\(answer.text)")
            #expect(answer.json["code"] as? String == bad.code)
            #expect(answer.json["parameter"] as? String == bad.parameter)
            let other = try await service.post(bad.path, bad.body, type: "text/plain")
            #expect(other.status == 415)
        }
    }

    @Test func scoresAreThoseOfTheListInTheOrderAsked() async throws {
        try await withService { service in
            let list = try await service.get("/v1/users/a-user0/recommendations?n=20")
            let asked = list.ids.reversed() + ["nothing", "a0"]
            let body = #"{"items":["# + asked.map { "\"\($0)\"" }.joined(separator: ",") + "]}"
            let scores = try await service.post("/v1/users/a-user0/scores", body, type: "application/json")
            #expect(scores.ids == Array(asked))
            let byID = Dictionary(
                uniqueKeysWithValues: list.items.map { ($0["id"] as! String, $0["score"] as! Double) })
            for item in scores.items {
                let id = item["id"] as? String ?? ""
                if id == "nothing" { #expect(item["score"] is NSNull) }
                if let score = byID[id] { #expect(item["score"] as? Double == score) }
            }
            let ranked = try await service.post(
                "/v1/rank", #"{"user":"a-user0","items":["nothing","b1","a0","a5"]}"#, type: "application/json")
            #expect(ranked.ids.last == "nothing" && ranked.ids.dropLast().last == "b1")
            let anybody = try await service.post("/v1/rank", #"{"items":["b19","a0"]}"#, type: "application/json")
            #expect(anybody.ids == ["a0", "b19"] && anybody.json["user_state"] == nil)
        }
    }

    @Test func trendsAreCountedOverTheirWindow() throws {
        let random = try RandomState(seed: 2)
        let trends = EventTrends()
        var choice = SeededGenerator(seed: 9)
        let users = random.model.users + ["x", "y"]
        var events: [Event] = []
        for number in 0..<3000 {
            events.append(
                .like(
                    users[choice.below(users.count)], random.state.items.ids[choice.below(41)], id: "e\(number)",
                    value: choice.below(4) == 0 ? -1 : 1, at: Int64(choice.below(30 * 86_400))))
        }
        trends.receive(events)
        trends.receive(events)
        #expect(trends.count == 3000)
        let newest = events.map(\.at).max()!
        for days in [1, 7, 30] as [Double] {
            for segment in [nil, .known, .new] as [EventTrends.Segment?] {
                let window = EventTrends.Window(duration: .seconds(days * 86_400), segment: segment)
                let liked = events.filter { event in
                    let isKnown = random.model.users.contains(event.userID)
                    return event.value > 0 && Double(newest.microseconds - event.at.microseconds) < days * 86_400e6
                        && (segment == nil || (segment == .known) == isKnown)
                }
                var pairs: [String: Set<String>] = [:]
                for event in liked { pairs[event.itemID, default: []].insert(event.userID) }
                let ranking = trends.ranking(.users, window, in: random.state)
                let most = Double(pairs.values.map(\.count).max() ?? 1)
                #expect(ranking.count == pairs.count)
                for item in ranking {
                    let count = pairs[random.state.items.ids[Int(item.place)]]?.count ?? 0
                    #expect(abs(Double(item.score.total) - Double(count) / most * 1e6) < 1)
                }
                let decayed = trends.ranking(.decayed, window, in: random.state)
                var sums: [String: Double] = [:]
                for event in liked {
                    let age = Double(newest.microseconds - event.at.microseconds) / (days * 86_400e6)
                    sums[event.itemID, default: 0] += pow(2, -7 * age)
                }
                let largest = sums.values.max() ?? 1
                #expect(decayed.count == sums.count)
                for item in decayed {
                    let sum = sums[random.state.items.ids[Int(item.place)]] ?? 0
                    #expect(abs(Double(item.score.total) - sum / largest * 1e6) < 2)
                }
            }
        }
    }

    @Test func whatIsLikedNowIsPopularNow() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            #expect(try await service.get("/v1/items/trending").ids.isEmpty)
            feed.send((0..<4).map { .like("u\($0)", "b7", at: 9_000) } + [.like("u0", "b8", at: 9_000)])
            try await eventually { try await service.get("/v1/items/trending").ids == ["b7", "b8"] }
            let popular = try await service.get("/v1/items/popular?window=1h&explain=summary")
            #expect(popular.ids == ["b7", "b8"])
            #expect(try await service.get("/v1/items/popular?segment=genre:Romance").ids == ["b7", "b8"])
            #expect(try await service.get("/v1/items/popular?segment=known").ids.isEmpty)
            for bad in ["window=7", "window=0d", "window=400d", "window=-1d", "segment=old", "segment=genre:"] {
                #expect(try await service.get("/v1/items/trending?\(bad)").status == 400)
            }
        }
    }

    @Test func latestAreOutAndNewestFirst() throws {
        let random = try RandomState(seed: 6)
        var request = ListRequest()
        request.count = 500
        let now = Timestamp("2010-06-01T00:00:00Z")!
        let list = try random.pipeline.latest(try ListPage(request, of: "latest"), now: now)
        let years = list.items.map { random.state.items.movie(at: $0.place)!.year! }
        #expect(years == years.sorted(by: >) && years.allSatisfy { $0 <= 2010 })
        let out = (0..<Int32(random.state.items.count)).filter { place in
            (random.state.items.movie(at: place)?.year ?? 9999) <= 2010
        }
        #expect(Set(list.places) == Set(out) && list.items.count == out.count)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func surprisingIsTasteWithoutFame(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        var request = ListRequest()
        request.count = 500
        request.explain = .summary
        for user in random.model.users {
            let list = try random.pipeline.surprising(of: user, try ListPage(request, of: "x"))
            let all = try random.everything(user)
            #expect(Set(list.places) == Set(all.map(\.place)) && list.items.count == all.count)
            let totals = list.items.map(\.score.total)
            #expect(totals == totals.sorted(by: >) && totals.allSatisfy { $0 >= 0 })
            for item in list.items {
                #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total)
                let fame = random.state.popularity.scores[Int(item.place)]
                let expected = Double(item.score.factors) * Double(1 - fame)
                #expect(abs(Double(item.score.total) - expected) < 2)
            }
        }
    }

    @Test func nothingIsTwiceOnAPage() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            feed.send((0..<9).map { .like("u\($0)", "b\($0)", at: 9_000) })
            try await eventually { try await service.get("/v1/items/trending").ids.count == 9 }
            let body = """
                {"user":"a-user0","fields":["title"],"rails":[
                {"name":"top","kind":"personal","n":6},{"name":"like1","kind":"because","n":5},
                {"name":"like2","kind":"because","n":5,"seed":"b2"},{"name":"all","kind":"popular","n":5},
                {"name":"now","kind":"trending","n":5},{"name":"new","kind":"latest","n":5},
                {"name":"genre","kind":"genre","n":5,"seed":"Romance"},{"name":"mine","kind":"genre","n":4}]}
                """
            let page = try await service.post("/v1/pages/home", body, type: "application/json")
            #expect(page.status == 200, "\(page.text)")
            let rails = page.json["rails"] as? [[String: Any]] ?? []
            #expect(
                rails.compactMap { $0["name"] as? String }
                    == ["top", "like1", "like2", "all", "now", "new", "genre", "mine"])
            let ids = rails.map { rail in (rail["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String } }
            let all = ids.flatMap { $0 }
            #expect(Set(all).count == all.count)
            #expect(Set(all).isDisjoint(with: ["a0", "a1", "a10", "b19"]))
            #expect(ids[0].count == 6 && ids[1].count == 5 && ids[3].count == 5)
            #expect(ids[6].allSatisfy { $0.hasPrefix("b") } && ids[7].allSatisfy { !$0.hasPrefix("b") })
            #expect((rails[2]["title"] as? String)?.contains("Film b2") == true)
            // What was shown can be shown again.
            let id = try #require(page.json["recommendation_id"] as? String)
            let again = try await service.get("/v1/recommendations/\(id)")
            #expect((again.json["rails"] as? [Any])?.count == 8 && again.json["replayed"] as? Bool == true)
        }
    }
}
