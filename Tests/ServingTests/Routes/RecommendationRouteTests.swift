import Domain
import Foundation
import HTTPServer
import Operations
import Synchronization
import Testing

@testable import Serving

@Suite("Recommendations over HTTP", .timeLimit(.minutes(2)))
struct RecommendationRouteTests {
    @Test("a known user gets the unseen of the own taste, in the shape that is promised")
    func knownUser() async throws {
        try await withService { service in
            let answer = try await service.get("/v1/users/a-user0/recommendations?n=5&fields=title,year")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.header("Cache-Control") == "no-store")
            #expect(answer.header("X-Request-Id") == answer.json["request_id"] as? String)
            #expect(answer.json["user_state"] as? String == "known")
            #expect(answer.degraded == [])
            #expect((answer.json["next_cursor"] as? String)?.isEmpty == false)
            #expect((answer.json["took_ms"] as? Double ?? -1) >= 0)
            #expect((answer.json["recommendation_id"] as? String)?.isEmpty == false)
            let model = answer.json["model"] as? [String: Any]
            #expect(model?["id"] as? String == "m1")
            #expect(model?["trained_at"] as? String == "1970-01-01T00:33:20Z")
            #expect(model?["data_version"] as? Int == 7)
            #expect(answer.items.compactMap { $0["rank"] as? Int } == [1, 2, 3, 4, 5])
            // a0, a1 and a10 were liked.
            #expect(answer.ids.allSatisfy { $0.hasPrefix("a") } && !answer.ids.contains("a0"))
            let scores = answer.items.compactMap { $0["score"] as? Double }
            #expect(scores == scores.sorted(by: >) && scores.allSatisfy { $0 >= 0 && $0 <= 1 })
            let fields = answer.items[0]["fields"] as? [String: Any]
            #expect(fields?["title"] as? String == "Film \(answer.ids[0])" && fields?["year"] as? Int == 1990)
            #expect(
                Set(answer.json.keys) == [
                    "request_id", "recommendation_id", "model", "user_state", "degraded", "items", "next_cursor",
                    "took_ms",
                ])
        }
    }

    @Test("an unknown user is no error: the most popular come back")
    func newUser() async throws {
        try await withService { service in
            let answer = try await service.get("/v1/users/nobody%2F%C3%A4/recommendations?n=3")
            #expect(answer.status == 200 && answer.json["user_state"] as? String == "new")
            #expect(answer.ids == ["a0", "a10", "b0"])
        }
    }

    @Test(
        "min(n, eligible) items come back and no filter is broken",
        arguments: ["a-user0", "b-user2", "nobody"], [1, 20, 38, 41, 500])
    func eligible(_ user: String, _ n: Int) async throws {
        try await withService { service in
            for exclude in ["none", "interacted"] {
                let answer = try await service.get("/v1/users/\(user)/recommendations?n=\(n)&exclude_seen=\(exclude)")
                // 40 of the model and one of the catalogue alone; three likes and a dislike were seen.
                let eligible = user == "nobody" || exclude == "none" ? 41 : 37
                #expect(answer.ids.count == min(n, eligible))
                #expect(Set(answer.ids).count == answer.ids.count)
                if exclude == "interacted", user == "a-user0" {
                    #expect(Set(answer.ids).isDisjoint(with: ["a0", "a1", "a10", "b19"]))
                }
            }
        }
    }

    @Test("the parts of an explanation add up to the score exactly", arguments: ["a-user0", "b-user1", "nobody"])
    func explanations(_ user: String) async throws {
        try await withService { service in
            let plain = try await service.get("/v1/users/\(user)/recommendations?n=41")
            #expect(plain.items.allSatisfy { $0["reasons"] == nil })
            let answer = try await service.get("/v1/users/\(user)/recommendations?n=41&explain=summary")
            for item in answer.items {
                let reasons = item["reasons"] as? [[String: Any]] ?? []
                let sum = reasons.reduce(0) { $0 + Int((($1["part"] as? Double ?? 0) * 1e6).rounded()) }
                #expect(sum == Int(((item["score"] as? Double ?? -1) * 1e6).rounded()))
                for reason in reasons where reason["source"] as? String == "factors" {
                    let because = (reason["because"] as? [String: Any])?["id"] as? String
                    #expect(because?.prefix(1) == user.prefix(1))
                }
            }
            #expect(answer.ids == plain.ids)
        }
    }

    @Test("what is newer than the model changes the list, new users become folded in, and repeats count once")
    func foldIn() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            let before = try await service.get("/v1/users/stranger/recommendations?n=5")
            #expect(before.json["user_state"] as? String == "new")
            feed.send([.like("stranger", "b3"), .like("stranger", "b4"), .like("stranger", "b3")])
            try await eventually {
                try await service.get("/v1/users/stranger/recommendations?n=5").json["user_state"] as? String
                    == "folded_in"
            }
            let after = try await service.get("/v1/users/stranger/recommendations?n=5")
            #expect(after.ids.allSatisfy { $0.hasPrefix("b") && $0 != "b3" && $0 != "b4" })
            // A known user turns: older events than the model's are not new.
            feed.send([.like("a-user0", "b5", at: 900)])
            feed.send((1...8).map { .like("a-user0", "b\($0)", at: 6_000 + Int64($0)) } + [.like("x", "b1")])
            try await eventually {
                try await service.get("/v1/users/a-user0/recommendations").json["user_state"] as? String == "folded_in"
            }
            let turned = try await service.get("/v1/users/a-user0/recommendations?n=5")
            #expect(turned.ids.contains { $0.hasPrefix("b") })
            #expect(Set(turned.ids).isDisjoint(with: (1...8).map { "b\($0)" }))
        }
    }

    @Test("a dislike takes the item out and does not count as a liking")
    func dislikes() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            feed.send([.like("hater", "a0", value: -1), .like("hater", "new/ä", value: -1)])
            try await eventually {
                try await !service.get("/v1/users/hater/recommendations?n=41").ids.contains("a0")
            }
            let answer = try await service.get("/v1/users/hater/recommendations?n=41&explain=summary")
            #expect(answer.ids.count == 39)
            #expect(!answer.text.contains("\"factors\"") && !answer.text.contains("\"content\""))
        }
    }

    @Test("an item that only the catalogue knows is found by its words")
    func catalogueOnly() async throws {
        try await withService { service in
            let answer = try await service.get("/v1/users/a-user0/recommendations?n=41&explain=summary&fields=title")
            let item = answer.items.first { $0["id"] as? String == "new/ä" }
            #expect((item?["fields"] as? [String: Any])?["title"] as? String == "Brand \"new\"")
            let reasons = item?["reasons"] as? [[String: Any]] ?? []
            #expect(reasons.compactMap { $0["source"] as? String } == ["content"])
        }
    }

    @Test("when content fails or hangs the rest answers and says so", arguments: [FragileContent.Mood.fails, .hangs])
    func degraded(_ mood: FragileContent.Mood) async throws {
        let content = FragileContent(try SmallModel().catalog, mood: mood)
        try await withService(content: content, adjust: { $0.contentDeadline = .milliseconds(50) }) { service in
            let answer = try await service.get("/v1/users/a-user0/recommendations?n=5&explain=summary")
            #expect(answer.status == 200 && answer.degraded == ["content"] && answer.ids.count == 5)
            #expect(!answer.text.contains("\"content\",\"part\""))
            let similar = try await service.get("/v1/items/a3/similar?method=blend&n=5")
            #expect(similar.degraded == ["content"] && similar.ids.count == 5)
            // It is told by whoever shows readiness and metrics.
            #expect(service.service.impairments.all.map(\.part) == [.content])
            let reason = mood == .fails ? "search-unavailable" : "deadline"
            let told = Metrics.shared.text().split(separator: "\n").first {
                $0.hasPrefix("marquee_content_failures_total{") && $0.contains("reason=\"\(reason)\"")
            }
            #expect(told != nil)
            content.mood.withLock { $0 = .answers }
            try await eventually {
                try await service.get("/v1/users/a-user0/recommendations?n=5").degraded.isEmpty
            }
            #expect(service.service.impairments.all.isEmpty)
        }
    }

    @Test("a feed that hears nothing, without an error, is said for as long as it lasts")
    func silentFeed() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            feed.become(.down(since: .now, reason: "no broker answers"))
            try await eventually { try await service.get("/v1/users/x/recommendations").degraded == ["events"] }
            #expect(service.service.impairments.all.first?.reason == "no broker answers")
            // Lists that are not about a user lack nothing.
            #expect(try await service.get("/v1/items/popular").degraded == [])
            feed.become(.hearing)
            try await eventually { try await service.get("/v1/users/x/recommendations").degraded == [] }
        }
    }

    @Test("a feed that breaks is said, and taken up again")
    func brokenFeed() async throws {
        let feed = SmallFeed()
        try await withService(feed: feed) { service in
            feed.fail()
            try await eventually { try await service.get("/v1/users/x/recommendations").degraded == ["events"] }
            feed.send([.like("x", "b1")])
            try await eventually {
                let answer = try await service.get("/v1/users/x/recommendations")
                return answer.degraded == [] && answer.json["user_state"] as? String == "folded_in"
            }
        }
    }
}
