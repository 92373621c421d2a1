import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import Synchronization
import TestSupport
import Testing

/// Ingestion into the store itself.
@Suite(.serialized) struct DeltaStoreTests {
    private func event(_ i: Int, at: Timestamp) -> Event {
        Event(
            eventID: "e\(i)", userID: "u\(i % 5)", itemID: "i\(i)", kind: .view, value: 0.5, at: at, source: "test")
    }

    private func text(_ event: Event) -> String {
        var bytes: [UInt8] = []
        EventEncoder.append(event, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func ids(_ store: String) throws -> [String] {
        var scan = try DeltaTable.open(at: "\(store)/\(TableContract.events.name)").snapshot().scan(columns: [
            EventColumn.eventID
        ])
        var ids: [String] = []
        while let batch = try scan.next() {
            guard let bytes = try batch.column(named: EventColumn.eventID).byteStrings else { continue }
            ids += (0..<bytes.count).map { bytes.string(at: $0) ?? "" }
        }
        return ids
    }

    private func configuration(_ store: String, _ broker: EmbeddedBroker) -> IngestConfiguration {
        var configuration = IngestConfiguration(
            store: EventStore(folder: store), kafka: broker.properties, routes: [EventTable.route()])
        configuration.untilEnd = true
        configuration.cluster = "test"
        return configuration
    }

    @Test func rowsAndOffsetsAreOneCommitAndLateEventsAreFoundByTheirDay() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
                let store = folder.path
                let days = [0, 3, 1, 0, 2].map { Timestamp(seconds: 1_780_000_000 + $0 * 86_400) }
                try produce(
                    days.enumerated().map { text(event($0.offset, at: $0.element)) }, to: Topics.views,
                    of: broker.properties)
                _ = try await Ingester(configuration(store, broker)).run()
                let snapshot = try DeltaTable.open(at: "\(store)/\(TableContract.events.name)").snapshot()
                #expect(snapshot.transactions["kafka:test:movie-views:0"] == 5)
                #expect(snapshot.partitionColumns.isEmpty)
                for day in Set(days.map(\.date)) {
                    var scan = try snapshot.scan(
                        columns: [EventColumn.at], where: .compare(column: EventColumn.eventDate, .equal, .date(day)))
                    var rows = 0
                    while let batch = try scan.next() { rows += batch.rowCount }
                    #expect(rows == days.count { $0.date == day })
                }
                #expect(try ids(store).sorted() == ["e0", "e1", "e2", "e3", "e4"])
                _ = try await Ingester(configuration(store, broker)).run()
                #expect(try ids(store).count == 5)
            }
        }
    }

    /// Both read from the same offset; the second commit comes after the first and must be refused.
    @Test func theStoreRefusesWhoeverSawOlderOffsets() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
                let store = folder.path
                let now = Timestamp(seconds: 1_780_000_000)
                try produce((0..<50).map { text(event($0, at: now)) }, to: Topics.views, of: broker.properties)
                var slow = configuration(store, broker)
                slow.untilEnd = false
                slow.commit = CommitPolicy(rows: 1_000_000, age: 3600)
                let read = Atomic<Int>(0)
                let sleeper = Ingester(
                    slow, hooks: .init(onProgress: { read.store($0.messages, ordering: .relaxed) }))
                async let late = sleeper.run()
                try await eventually("the first has read") { read.load(ordering: .relaxed) == 50 }
                // Stores 30 more than the sleeper holds, so that offsets alone would let the sleeper's through later.
                _ = try await Ingester(configuration(store, broker)).run()
                try produce((50..<80).map { text(event($0, at: now)) }, to: Topics.views, of: broker.properties)
                try await eventually("the first has read more") { read.load(ordering: .relaxed) == 80 }
                sleeper.stop()
                do {
                    _ = try await late
                    Issue.record("the late commit was taken")
                } catch let error as IngestError {
                    guard case .anotherIngester = error else { throw error }
                }
                _ = try await Ingester(configuration(store, broker)).run()
                let stored = try ids(store)
                #expect(stored.count == 80 && Set(stored).count == 80)
            }
        }
    }

    @Test func deadLettersAreSentAgainOnceAfterAFix() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: [Topics.views: 2, Topics.likes: 1, Topics.reviews: 1]) { broker in
                let store = folder.path
                let now = Timestamp(seconds: 1_780_000_000)
                let good = (0..<20).map { text(event($0, at: now)) }
                try produce(good + ["nonsense", "{}"], key: "u1", to: Topics.views, of: broker.properties)
                var limits = EventLimits()
                // A mistake in the set-up: every event seems to come from the future.
                limits.clockSkew = -1e9
                var wrong = configuration(store, broker)
                wrong.routes = [EventTable.route(limits: limits)]
                let first = try await Ingester(wrong).run()
                #expect(first.rejected == ["time-out-of-window": 20, "malformed-json": 1, "missing-field": 1])

                let letters = try DeadLetters(store: EventStore(folder: store))
                var seen: [DeadLetter] = []
                try letters.forEach(reasons: ["malformed-json"]) { letter in
                    seen.append(letter)
                    return true
                }
                #expect(seen.map { String(decoding: $0.payload, as: UTF8.self) } == ["nonsense"])
                #expect(seen.first?.key == Array("u1".utf8))
                #expect(try letters.replay(to: broker.properties, reasons: ["time-out-of-window"]) == 20)
                #expect(try letters.replay(to: broker.properties, reasons: ["time-out-of-window"]) == 0)
                let second = try await Ingester(configuration(store, broker)).run()
                #expect(second.rows == 20 && second.rejectedCount == 0)
                #expect(Set(try ids(store)).count == 20)
            }
        }
    }
}
