import Columnar
import Domain
import EventIngest
import Foundation
import Operations
import Store
import TestSupport
import Testing

/// Erasures that are killed, that run twice at once, and that run beside writers.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ErasureKillTests {
    private static let canary = ErasureTests.canary
    private static let kills = Effort.rounds(6, nightly: 40)

    @Test func killedAtAnyMomentTheNextRunGoesOn() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: Self.canary)
            for round in 0..<Self.kills {
                let erasing = try MarqueeProcess(["privacy", "erase", Self.canary] + place.places, in: folder)
                try await Task.sleep(for: .milliseconds(20 + 45 * round))
                erasing.signal(SIGKILL)
                _ = try await erasing.result()
                let verified = try await MarqueeProcess.run(["store", "verify", "\(place.data)/events"], in: folder)
                #expect(verified.status == 0, "\(verified.output)")
            }
            // As a kill leaves it that comes while the erasure itself is written down.
            try Data("{\"user\":\"\(Self.canary)\"".utf8).write(
                to: folder.appending(path: "state/privacy/open/.tmp-0-0"))
            let done = try await place.run(["privacy", "erase", Self.canary, "--retrain", "--format", "json"])
            #expect(done.status == 0, "\(done.errors)")
            let verified = try await place.run(["privacy", "verify", Self.canary])
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            for part in ["data", "models", "state"] { #expect(try place.mentions(Self.canary, below: part) == []) }
            #expect(try EventStore(folder: place.data).open(.events).snapshot().rowCount == 720)
        }
    }

    @Test func twoAtOnceAreOneErasure() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: Self.canary)
            let words = ["privacy", "erase", Self.canary, "--format", "json"] + place.places
            let both = [try MarqueeProcess(words, in: folder), try MarqueeProcess(words, in: folder)]
            var ids: Set<String> = []
            for process in both {
                let result = try await process.result()
                #expect(result.status == 75, "\(result.errors)")
                let erasure = try #require(try Loop.json(result.output)["erasure"] as? [String: Any])
                ids.insert(erasure["id"] as? String ?? "")
            }
            #expect(ids.count == 1)
            let done = try await place.run(["privacy", "erase", "--retrain"])
            #expect(done.status == 0, "\(done.errors)")
        }
    }

    /// Appends, merges and the erasure race; what others wrote is there, and nothing of the person.
    @Test func besideWritersNobodyElseLosesARow() async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.appending(path: "data").path)
            let table = try store.openOrCreate(.events)
            @Sendable func append(_ number: Int, _ users: [String]) throws {
                let events = users.enumerated().map { place, user in
                    Event(
                        eventID: "e\(number)-\(place)", userID: user, itemID: "1", kind: .like, value: 1,
                        at: Timestamp(seconds: 1_790_000_000 + Int64(number) * 3600), source: "test")
                }
                _ = try store.open(.events).append([EventTable.batch(events, ingestedAt: .now)])
            }
            for number in 0..<12 { try append(number, [Self.canary, "a-\(number)", "b"]) }
            let personal = try #require(PersonalTable.all(of: store).first)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await BlockingWork.run("writer") { _ in
                        for number in 100..<140 { try append(number, ["a-\(number)", "b"]) }
                    }
                }
                group.addTask {
                    try await BlockingWork.run("optimizer") { _ in
                        for _ in 0..<6 { _ = try store.open(.events).optimize() }
                    }
                }
                group.addTask { for _ in 0..<4 { _ = try await personal.erase(Self.canary) } }
                try await group.waitForAll()
            }
            #expect(try await personal.erase(Self.canary).standing == .done)
            #expect(try await personal.verify(Self.canary) == [])
            #expect(try await personal.find("b") == 52)
            #expect(try table.snapshot().rowCount == 104)
            #expect(try table.verify().problems == [])
        }
    }
}
