import Domain
import Foundation
import Synchronization
import Testing

@testable import Serving

/// Keeps what it is given, or fails.
final class SmallImpressionPublisher: ImpressionPublisher {
    let impressions = Mutex<[Impression]>([])
    let isBroken = Atomic<Bool>(false)
    let tries = Atomic<Int>(0)

    func publish(_ impressions: [Impression]) async throws {
        tries.wrappingAdd(1, ordering: .relaxed)
        if isBroken.load(ordering: .relaxed) { throw SmallPublisher.Down() }
        self.impressions.withLock { $0 += impressions }
    }

    var all: [Impression] { impressions.withLock { $0 } }
}

@Suite(.timeLimit(.minutes(2))) struct ImpressionRouteTests {
    static let one = #"{"recommendation_id":"r1","item_id":"a1","position":3}"#
    static let two = """
        {"impression_id":"i2","recommendation_id":"r1","user_id":"u","item_id":"a2","position":4,"model_id":"m1",\
        "scenario":"home","propensity":0.25,"at":"2020-01-02T03:04:05Z"}
        """

    @Test(
        arguments: [
            ("application/json", one, 1), ("application/json", "[\(one),\(two)]", 2),
            ("application/x-ndjson", "\(one)\n\n\(two)\r\n", 2),
        ])
    func oneAnArrayAndLinesArePublishedWhole(_ type: String, _ body: String, _ count: Int) async throws {
        let publisher = SmallImpressionPublisher()
        try await withService(impressions: publisher) { service in
            let answer = try await service.post("/v1/impressions", body, type: type)
            #expect(answer.status == 202 && answer.json["accepted"] as? Int == count)
            #expect(answer.json["impression_ids"] as? [String] == ["rest/r1/3", "i2"].prefix(count).map { $0 })
            let taken = publisher.all
            #expect(taken.count == count && taken[0].source == "rest" && taken[0].userID == nil)
            #expect(
                taken[0].propensity == nil && abs(taken[0].at.microseconds - Timestamp.now.microseconds) < 60_000_000)
            if count == 2 {
                #expect(
                    taken[1]
                        == Impression(
                            impressionID: "i2", recommendationID: "r1", userID: "u", itemID: "a2", position: 4,
                            modelID: "m1", scenario: "home", propensity: 0.25,
                            at: Timestamp("2020-01-02T03:04:05Z")!, source: "rest"))
            }
        }
    }

    static let bad: [(body: String, type: String, status: Int, says: String)] = [
        ("", "application/json", 400, "not JSON"), ("[]", "application/json", 400, "no impression"),
        ("\n", "application/x-ndjson", 400, "no impression"),
        (
            "[\(one),{\"item_id\":\"a\"}]", "application/json", 400,
            "Impression 2 cannot be taken: recommendation_id is missing"
        ),
        (
            "\(one)\n{\"recommendation_id\":7}", "application/x-ndjson", 400,
            "Impression 2 cannot be taken: recommendation_id has the wrong type"
        ),
        (one.replacing(":3", with: ":0"), "application/json", 400, "position must be"),
        (one.replacing(":3", with: ":1.5"), "application/json", 400, "position must be a whole number"),
        (one.replacing(":3", with: ":1e300"), "application/json", 400, "position must be a whole number"),
        (one.replacing(":3", with: ":3,\"position\":4"), "application/json", 400, "position stands twice"),
        (one.replacing("a1", with: "a\\u0085"), "application/json", 400, "control characters"),
        (two.replacing("0.25", with: "0"), "application/json", 400, "propensity must be"),
        (two.replacing("0.25", with: "1.5"), "application/json", 400, "propensity must be"),
        (two.replacing("\"u\"", with: "\"\""), "application/json", 400, "user_id must have"),
        (two.replacing("2020-01", with: "2999-01"), "application/json", 400, "at must lie"),
        (two.replacing("scenario", with: "scene"), "application/json", 400, "no field scene"),
        (one, "text/plain", 415, "is not understood"),
        (
            "[" + Array(repeating: one, count: 10_001).joined(separator: ",") + "]", "application/json", 413,
            "may carry 10000"
        ),
    ]

    @Test(arguments: bad.indices)
    func whatIsWrongIsNamedAndNothingIsTaken(_ index: Int) async throws {
        let (body, type, status, says) = Self.bad[index]
        let publisher = SmallImpressionPublisher()
        try await withService(impressions: publisher) { service in
            let answer = try await service.post("/v1/impressions", body, type: type)
            #expect(answer.status == status && answer.text.contains(says), "\(answer.text)")
        }
        #expect(publisher.all.isEmpty)
    }

    @Test func withoutABrokerTheAnswerIs503() async throws {
        try await withService { service in
            let answer = try await service.post("/v1/impressions", Self.one, type: "application/json")
            #expect(answer.status == 503 && answer.json["code"] as? String == "impressions-unavailable")
        }
        let publisher = SmallImpressionPublisher()
        publisher.isBroken.store(true, ordering: .relaxed)
        try await withService(impressions: publisher) { service in
            let answer = try await service.post("/v1/impressions", Self.one, type: "application/json")
            #expect(answer.status == 503 && answer.json["code"] as? String == "broker-down")
        }
    }

    /// Every answered list, its pages and rails, with user, model, scenario and rank.
    @Test func answersAreWrittenDownWhereThatWasAskedFor() async throws {
        let publisher = SmallImpressionPublisher()
        try await withService(impressions: publisher, adjust: { $0.logsImpressions = true }) { service in
            let first = try await service.get("/v1/users/a-user0/recommendations?n=4&scenario=home")
            let cursor = try #require(first.json["next_cursor"] as? String)
            let second = try await service.get(
                "/v1/users/a-user0/recommendations?n=3&cursor=\(cursor)")
            let popular = try await service.get("/v1/items/popular?n=2")
            let page = try await service.post(
                "/v1/pages/front",
                #"{"user":"u","rails":[{"name":"top","kind":"personal","n":2},{"name":"pop","kind":"popular","n":2}]}"#,
                type: "application/json")
            #expect(page.status == 200)
            try await eventually { publisher.all.count == 4 + 3 + 2 + 4 }
            let all = publisher.all
            #expect(Set(all.map(\.impressionID)).count == all.count)
            func of(_ answer: RunningService.Answer) -> [Impression] {
                all.filter { $0.recommendationID == answer.json["recommendation_id"] as? String }
            }
            #expect(of(first).map(\.itemID) == first.ids && of(first).map(\.position) == [1, 2, 3, 4])
            #expect(of(second).map(\.itemID) == second.ids && of(second).map(\.position) == [5, 6, 7])
            #expect(of(popular).map(\.itemID) == popular.ids && of(popular).allSatisfy { $0.userID == nil })
            #expect(of(page).map(\.position) == [1, 2, 1, 2] && of(page).allSatisfy { $0.scenario == "front" })
            for impression in of(first) + of(second) { #expect(impression.userID == "a-user0") }
            #expect(of(first).allSatisfy { $0.scenario == "home" && $0.modelID == "m1" && $0.propensity == 1 })
            #expect(all.allSatisfy { $0.source == Impression.answered })
        }
    }

    @Test func nothingIsWrittenDownUnlessAskedFor() async throws {
        let publisher = SmallImpressionPublisher()
        try await withService(impressions: publisher) { service in
            _ = try await service.get("/v1/items/popular")
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(publisher.all.isEmpty)
    }

    /// While the broker is away they wait, and no answer does.
    @Test func whatWasShownWhileTheBrokerWasAwayComesLaterAndOnce() async throws {
        let publisher = SmallImpressionPublisher()
        publisher.isBroken.store(true, ordering: .relaxed)
        try await withService(impressions: publisher, adjust: { $0.logsImpressions = true }) { service in
            let answer = try await service.get("/v1/items/popular?n=5")
            #expect(answer.status == 200 && answer.degraded.isEmpty)
            try await eventually { service.service.impairments.has(.impressions) }
            publisher.isBroken.store(false, ordering: .relaxed)
            try await eventually { !service.service.impairments.has(.impressions) }
            #expect(publisher.all.map(\.itemID) == answer.ids)
        }
    }

    /// The last answers before a stop are not lost while the broker takes them.
    @Test func theLastListsAreWrittenDownAtTheEnd() async throws {
        let publisher = SmallImpressionPublisher()
        try await withService(impressions: publisher, adjust: { $0.logsImpressions = true }) { service in
            for _ in 0..<20 { _ = try await service.get("/v1/items/popular?n=5") }
        }
        #expect(publisher.all.count == 100)
    }
}
