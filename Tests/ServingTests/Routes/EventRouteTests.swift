import Domain
import Foundation
import HTTPServer
import Synchronization
import Testing
import Trainer

@testable import Serving

/// Keeps what it is given, or fails.
final class SmallPublisher: EventPublisher {
    let events = Mutex<[Event]>([])
    let isBroken = Atomic<Bool>(false)

    func publish(_ events: [Event]) async throws {
        if isBroken.load(ordering: .relaxed) { throw Down() }
        self.events.withLock { $0 += events }
    }

    struct Down: Fault {
        let code = "broker-down"
        let message = "No broker answers."
        let advice = "Try again."
        let category = FaultCategory.unavailable
    }
}

@Suite("Events over HTTP", .timeLimit(.minutes(2)))
struct EventRouteTests {
    static let one =
        #"{"event_id":"e1","user_id":"u","item_id":"b1","kind":"like","value":1,"at":"2020-01-02T03:04:05Z"}"#
    static let two = #"{"user_id":"u","item_id":"b2","kind":"review","value":4.5,"review_text":"schön \"so\""}"#

    @Test(
        "one, an array and lines are published whole, and fold in at once",
        arguments: [
            ("application/json", one, 1), ("application/json; charset=utf-8", "\n [\(one),\n\(two)]", 2),
            ("application/x-ndjson", "\(one)\n\n\(two)\r\n", 2),
        ])
    func taken(_ type: String, _ body: String, _ count: Int) async throws {
        let publisher = SmallPublisher()
        try await withService(publisher: publisher) { service in
            let answer = try await service.post("/v1/events", body, type: type)
            #expect(answer.status == 202 && answer.json["accepted"] as? Int == count)
            let ids = try #require(answer.json["event_ids"] as? [String])
            let events = publisher.events.withLock { $0 }
            #expect(events.map(\.eventID) == ids && ids[0] == "e1" && Set(ids).count == count)
            #expect(events[0].at == Timestamp("2020-01-02T03:04:05Z") && events[0].source == "rest")
            if count == 2 {
                #expect(events[1].reviewText == "schön \"so\"" && events[1].kind == .review && events[1].value == 4.5)
            }
            let list = try await service.get("/v1/users/u/recommendations?n=41")
            #expect(list.json["user_state"] as? String == "folded_in" && !list.ids.contains("b1"))
            // The same again is published again (the identifier makes it idempotent) and counts once here.
            #expect(try await service.post("/v1/events", body, type: type).status == 202)
        }
    }

    static let bad: [(body: String, type: String, status: Int, says: String)] = [
        ("", "application/json", 400, "not JSON"),
        ("[]", "application/json", 400, "no event"),
        ("\n\n", "application/x-ndjson", 400, "no event"),
        ("{", "application/json", 400, "not JSON"),
        ("\u{0}\u{1}", "application/json", 400, "not JSON"),
        ("[\(one),{\"user_id\":\"u\"}]", "application/json", 400, "Event 2 cannot be taken: item_id is missing"),
        ("\(one)\n{\"user_id\":7}", "application/x-ndjson", 400, "Event 2 cannot be taken: user_id has the wrong type"),
        (one.replacing("like", with: "love"), "application/json", 400, "kind must be"),
        (one.replacing("\"value\":1", with: "\"value\":0.5"), "application/json", 400, "a like has no value 0.5"),
        (one.replacing("\"value\":1", with: "\"value\":1e999"), "application/json", 400, "cannot be taken"),
        (one.replacing("2020-01-02T03:04:05Z", with: "yesterday"), "application/json", 400, "RFC 3339"),
        (one.replacing("2020-", with: "9020-"), "application/json", 400, "an hour from now"),
        (one.replacing("\"u\"", with: "\"\""), "application/json", 400, "user_id must have"),
        (one.replacing("\"kind\"", with: "\"x\":1,\"kind\""), "application/json", 400, "no field x"),
        (
            one.replacing("\"kind\"", with: "\"user_id\":\"v\",\"kind\""), "application/json", 400,
            "user_id stands twice"
        ),
        (
            "\(two)\n" + one.dropLast() + ",\"value\":1}", "application/x-ndjson", 400,
            "Event 2 cannot be taken: the name"
        ),
        ("[\(two),{\"x\":{\"y\":1,\"y\":2}}]", "application/json", 400, "y stands twice"),
        ("[\(one),7]", "application/json", 400, "Event 2 cannot be taken"),
        (String(repeating: "[", count: 100_000), "application/json", 400, "cannot be taken"),
        (one, "text/plain", 415, "text/plain"),
        (one, "", 415, "is not understood"),
        (String(repeating: one + "\n", count: 10_001), "application/x-ndjson", 413, "10000"),
    ]

    @Test("bad events are refused, and nothing of their request is taken", arguments: bad.indices)
    func refused(_ index: Int) async throws {
        let bad = Self.bad[index]
        let publisher = SmallPublisher()
        try await withService(publisher: publisher) { service in
            let answer = try await service.post("/v1/events", bad.body, type: bad.type)
            #expect(answer.status == bad.status)
            #expect((answer.json["detail"] as? String)?.contains(bad.says) == true, "\(answer.text)")
            #expect(publisher.events.withLock { $0 }.isEmpty)
        }
    }

    @Test(
        "no identifier has a control character of Unicode, also as an escape",
        arguments: ["\\u0000", "\\u0007", "\\u007f", "\\u0085", "\\u009F", "\u{85}", "\u{9F}", "\u{7F}"])
    func controlCharacters(_ character: String) async throws {
        let publisher = SmallPublisher()
        try await withService(publisher: publisher) { service in
            for name in ["user_id", "item_id", "event_id"] {
                let body = Self.one.replacing("\"\(name)\":\"", with: "\"\(name)\":\"x\(character)")
                let answer = try await service.post("/v1/events", body, type: "application/json")
                #expect(answer.status == 400 && answer.text.contains("\(name) must not have control characters"))
            }
            // Beside them in the table, and in scripts that are written with bytes of the same range.
            let sound = Self.one.replacing("\"u\"", with: "\"\u{A0}Ѕ\u{2085}\"")
            #expect(try await service.post("/v1/events", sound, type: "application/json").status == 202)
        }
        #expect(publisher.events.withLock { $0.map(\.userID) } == ["\u{A0}Ѕ\u{2085}"])
    }

    /// The ingester asks the same of what is published.
    @Test("an event on a limit is taken, and one beyond it is refused", arguments: [0, 1])
    func limits(_ beyond: Int) async throws {
        let limits = EventLimits()
        let publisher = SmallPublisher()
        let id = String(repeating: "i", count: limits.idLength + beyond)
        let text = String(repeating: "t", count: limits.textLength + beyond)
        let at = Timestamp(microseconds: limits.earliest.microseconds - Int64(beyond))
        let bodies = [
            Self.one.replacing("\"e1\"", with: "\"\(id)\""), Self.one.replacing("\"u\"", with: "\"\(id)\""),
            Self.one.replacing("\"b1\"", with: "\"\(id)\""),
            #"{"user_id":"u","item_id":"b2","kind":"review","value":4,"review_text":"\#(text)"}"#,
            Self.one.replacing("2020-01-02T03:04:05Z", with: "\(at)"),
        ]
        try await withService(publisher: publisher) { service in
            for body in bodies {
                let answer = try await service.post("/v1/events", body, type: "application/json")
                #expect(answer.status == (beyond == 0 ? 202 : 400), "\(body.prefix(100))")
            }
        }
        #expect(publisher.events.withLock { $0.count } == (beyond == 0 ? bodies.count : 0))
    }

    @Test("what people did with an item is counted from what is stored")
    func activity() async throws {
        let stored: [Event] = [
            .like("u", "a7", at: 3_600 * 5), .like("v", "a7", at: 3_600 * 5 + 1), .like("u", "a8", at: 3_600 * 6),
        ]
        try await withService(archive: SmallArchive(stored)) { service in
            let answer = try await service.get("/v1/items/a7/activity")
            #expect(answer.status == 200)
            let hours = answer.json.values.compactMap { $0 as? [Int] }.first { $0.count == 24 }
            #expect(hours?[5] == 2 && hours?.reduce(0, +) == 2, "\(answer.text)")
            #expect(try await service.get("/v1/items/nothing/activity").status == 404)
        }
    }

    @Test("without a broker, or with one that is down, the answer is 503 and nothing is folded in")
    func unavailable() async throws {
        try await withService { service in
            let answer = try await service.post("/v1/events", Self.one, type: "application/json")
            #expect(answer.status == 503 && answer.json["code"] as? String == "events-unavailable")
        }
        let publisher = SmallPublisher()
        publisher.isBroken.store(true, ordering: .relaxed)
        try await withService(publisher: publisher) { service in
            let answer = try await service.post("/v1/events", Self.one, type: "application/json")
            #expect(answer.status == 503 && answer.json["code"] as? String == "broker-down")
            #expect(answer.header("Retry-After") == "1")
            #expect(try await service.get("/v1/users/u/recommendations").json["user_state"] as? String == "new")
        }
    }
}
