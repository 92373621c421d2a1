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

private func wire(_ id: String, at: String = "2026-06-01T12:00:00Z") -> String {
    #"{"event_id":"\#(id)","user_id":"u","item_id":"i","kind":"view","value":0.5,"at":"\#(at)"}"#
}

@Suite(.serialized) struct DuplicateTests {
    private static let topics = [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]

    private func configuration(
        _ broker: EmbeddedBroker, _ duplicates: DuplicatePolicy?, store: String = ""
    ) -> IngestConfiguration {
        var configuration = IngestConfiguration(
            store: EventStore(folder: store), kafka: broker.properties,
            routes: [EventTable.route(duplicates: duplicates)])
        configuration.untilEnd = true
        return configuration
    }

    @Test func anEventSentTwiceIsRefusedWithItsReason() async throws {
        try await withMockBroker(topics: Self.topics) { broker in
            let store = MemoryStore()
            try produce(
                ["a", "b", "a", "c", "b", "a"].map { wire($0) }, key: "u", to: Topics.views, of: broker.properties)
            let progress = try await Ingester(
                configuration(broker, DuplicatePolicy()), openSink: { store.sink($0) }
            ).run()
            #expect(progress.rejected == ["duplicate-event": 3])
            #expect(store.strings("event_id", of: TableContract.events.name) == ["a", "b", "c"])
        }
    }

    @Test func theWindowIsCountedInOffsetsOfOnePartition() async throws {
        try await withMockBroker(topics: Self.topics) { broker in
            let store = MemoryStore()
            // The second a is 3 offsets behind the one that was stored, the third 7; x is in another topic too.
            try produce(
                ["a", "b", "x", "a", "c", "d", "e", "a"].map { wire($0) }, key: "u", to: Topics.views,
                of: broker.properties)
            try produce([wire("x")], key: "u", to: Topics.likes, of: broker.properties)
            let progress = try await Ingester(
                configuration(broker, DuplicatePolicy(window: 3)), openSink: { store.sink($0) }
            ).run()
            #expect(progress.rejected == ["duplicate-event": 1])
            #expect(
                store.strings("event_id", of: TableContract.events.name).sorted() == [
                    "a", "a", "b", "c", "d", "e", "x", "x",
                ])
        }
    }

    @Test func aRefusedEventDoesNotMakeItsCorrectionADuplicate() async throws {
        try await withMockBroker(topics: Self.topics) { broker in
            let store = MemoryStore()
            try produce(
                [wire("a").replacing("0.5", with: "5"), wire("a")], key: "u", to: Topics.views, of: broker.properties)
            let progress = try await Ingester(
                configuration(broker, DuplicatePolicy()), openSink: { store.sink($0) }
            ).run()
            #expect(progress.rejected == ["value-out-of-range": 1])
            #expect(progress.rows == 1)
        }
    }

    /// The next ingester, like the one that goes on after a crash, knows from the table what was stored.
    @Test func theWindowSurvivesARestart() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                func run() async throws -> IngestProgress {
                    try await Ingester(
                        configuration(
                            broker, DuplicatePolicy(window: 6, store: EventStore(folder: folder.path)),
                            store: folder.path)
                    ).run()
                }
                func send(_ ids: [String]) throws {
                    // Different days: the rows of one commit are spread over several files.
                    try produce(
                        ids.enumerated().map { wire($1, at: "2026-06-0\(1 + $0 % 3)T12:00:00Z") }, key: "u",
                        to: Topics.views, of: broker.properties)
                }
                try send(["a", "b", "c", "d"])
                #expect(try await run().rows == 4)
                try send(["d", "e"])
                #expect(try await run().rejected == ["duplicate-event": 1])
                // Offsets 6, 7 and 8: six before them are 0, 1 and 2.
                try send(["a", "e", "c"])
                let third = try await run()
                #expect(third.rejected == ["duplicate-event": 3])
                // Offset 9 sees back to 3: a, b and c have left the window.
                try send(["c", "d", "a"])
                #expect(try await run().rows == 3)
            }
        }
    }

    @Test func aCrashBetweenTheTwoCommitsRefusesTheSameMessages() async throws {
        struct Crash: Error {}
        try await withMockBroker(topics: Self.topics) { broker in
            let armed = Atomic<Bool>(true)
            let store = MemoryStore { table in
                if table == TableContract.events.name, armed.exchange(false, ordering: .relaxed) { throw Crash() }
            }
            try produce(["a", "b", "a", "b", "c"].map { wire($0) }, key: "u", to: Topics.views, of: broker.properties)
            let configuration = configuration(broker, DuplicatePolicy())
            await #expect(throws: Crash.self) {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            }
            _ = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            #expect(store.strings("event_id", of: TableContract.events.name) == ["a", "b", "c"])
            #expect(
                store.strings("reason", of: TableContract.deadLetters.name) == ["duplicate-event", "duplicate-event"])
        }
    }

    @Test func lateAndDisorderedEventsHaveTheDateOfTheirDay() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let times = [
                    "2026-06-03T00:00:00Z", "2026-06-01T23:59:59.999999Z", "1995-02-28T12:00:00Z",
                    "2026-06-02T01:30:00+02:00", "2026-06-03T23:59:59Z", "2024-02-29T00:00:00Z",
                ]
                try produce(
                    times.enumerated().map { wire("e\($0)", at: $1) }, key: "u", to: Topics.views,
                    of: broker.properties)
                let configuration = configuration(
                    broker, DuplicatePolicy(store: EventStore(folder: folder.path)), store: folder.path)
                #expect(try await Ingester(configuration).run().rows == 6)
                var scan = try DeltaTable.open(at: folder.appending(path: TableContract.events.name).path).snapshot()
                    .scan(columns: [EventColumn.eventDate])
                var rows: [String: Int] = [:]
                while let batch = try scan.next() {
                    guard case .date(let days) = batch.columns[0] else { break }
                    for day in days.values { rows["\(CalendarDate(days: day))", default: 0] += 1 }
                }
                #expect(rows == ["2026-06-03": 2, "2026-06-01": 2, "1995-02-28": 1, "2024-02-29": 1])
            }
        }
    }
}
