import Domain
import Foundation
import Synchronization
import Testing

@testable import Serving

/// Has what it is asked for from some time on.
private struct LateArchive: EventArchive {
    let from: ContinuousClock.Instant

    func unstored(of events: [Event]) -> [Event] { ContinuousClock.now >= from ? [] : events }
    func activity(ofItem itemID: String) -> ItemActivity { ItemActivity() }
    func events(storedSince time: Timestamp?, _ receive: ([Event]) -> Void) {}
    func events(of userID: String, limit: Int) -> [Event] { [] }
}

/// `POST /v1/events?wait=stored`: how long it waits.
@Suite(.timeLimit(.minutes(2))) struct EventWaitTests {
    private func post(_ service: RunningService, _ patience: String?) async throws -> RunningService.Answer {
        try await service.post(
            "/v1/events?wait=stored", EventRouteTests.one, type: "application/json",
            headers: patience.map { ["X-Timeout-Ms": $0] } ?? [:])
    }

    /// The last look is taken when the time is over, whatever the pauses between looks are.
    @Test(arguments: [1, 50, 300, 1000, 2000])
    func whatIsStoredUntilTheEndOfTheTimeIsNoTimeout(_ milliseconds: Int) async throws {
        let archive = LateArchive(from: .now + .milliseconds(milliseconds))
        try await withService(publisher: SmallPublisher(), archive: archive) { service in
            // From here on at the earliest, so that the time ends after the events are stored.
            let answer = try await post(service, "\(milliseconds)")
            #expect(answer.status == 202, "\(answer.text)")
            #expect(answer.json["waited_for"] as? String == "stored")
        }
    }

    @Test(arguments: [50, 300, 1000])
    func whatIsNotStoredIsSaidWhenTheTimeIsOverAndTheEventsStayTaken(_ milliseconds: Int) async throws {
        let publisher = SmallPublisher()
        try await withService(publisher: publisher, archive: SmallArchive([])) { service in
            let start = ContinuousClock.now
            let answer = try await post(service, "\(milliseconds)")
            #expect(ContinuousClock.now - start >= .milliseconds(milliseconds))
            #expect(answer.status == 504 && answer.json["code"] as? String == "wait-timed-out")
            #expect((answer.json["detail"] as? String)?.contains("\(milliseconds) milliseconds") == true)
        }
        #expect(publisher.events.withLock { $0.count } == 1)
    }

    @Test(arguments: ["0", "60001", "-1", "1.5", "soon"])
    func aTimeThatIsNoneIsRefusedByName(_ text: String) async throws {
        let publisher = SmallPublisher()
        try await withService(publisher: publisher, archive: SmallArchive([])) { service in
            let answer = try await post(service, text)
            #expect(answer.status == 400 && answer.json["code"] as? String == "bad-parameter", "\(answer.text)")
            #expect(answer.json["parameter"] as? String == "X-Timeout-Ms")
        }
        #expect(publisher.events.withLock { $0.isEmpty })
    }
}
