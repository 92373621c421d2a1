import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// A crash between the commit of the dead letters and that of the events, and a clock that says something else
/// afterwards: every message is still in one table, once.
@Suite(.serialized) struct DeadLetterFaultTests {
    private struct Crash: Error {}

    /// One event two hours ahead, among others. How far ahead is allowed says what the clock would.
    private func messages() -> [String] {
        let soon = Timestamp(seconds: Int64(Date().timeIntervalSince1970) + 7200)
        return (0..<10).map { i in
            if i == 7 { return "no event" }
            var bytes: [UInt8] = []
            EventEncoder.append(
                Event(
                    eventID: "e\(i)", userID: "u", itemID: "i", kind: .view, value: 0.5,
                    at: i == 3 ? soon : Timestamp(seconds: 1_780_000_000), source: "test"), to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func configuration(
        _ broker: EmbeddedBroker, store: String = "", allowing clockSkew: Double
    ) -> IngestConfiguration {
        var limits = EventLimits()
        limits.clockSkew = clockSkew
        var configuration = IngestConfiguration(
            store: EventStore(folder: store), kafka: broker.properties, routes: [EventTable.route(limits: limits)])
        configuration.untilEnd = true
        configuration.cluster = "test"
        return configuration
    }

    @Test(arguments: [(before: 3600.0, after: 10_800.0), (before: 10_800, after: 3600)])
    func aMessageStaysWhatItWasThroughACrash(clock: (before: Double, after: Double)) async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            try produce(messages(), to: Topics.views, of: broker.properties)
            let store = MemoryStore()
            let failing = MemoryStore(sharing: store) { if $0 == TableContract.events.name { throw Crash() } }
            await #expect(throws: Crash.self) {
                try await Ingester(configuration(broker, allowing: clock.before), openSink: { failing.sink($0) }).run()
            }
            #expect(store.strings("event_id", of: TableContract.events.name).isEmpty)
            let refused = store.strings("payload", of: TableContract.deadLetters.name)
            #expect(refused.count == (clock.before < 7200 ? 2 : 1))
            for _ in 0..<2 {
                _ = try await Ingester(configuration(broker, allowing: clock.after), openSink: { store.sink($0) }).run()
                let ids = store.strings("event_id", of: TableContract.events.name)
                let dead = store.strings("payload", of: TableContract.deadLetters.name)
                // Refused by either clock: before, it stays so; only after, it was never stored, and is refused now.
                #expect(ids.sorted() == [0, 1, 2, 4, 5, 6, 8, 9].map { "e\($0)" })
                #expect(dead.count == 2 && dead.count { $0 == "no event" } == 1 && Set(refused).isSubset(of: dead))
            }
        }
    }

    /// The same with the tables of a store: one that lost its events is what the crash leaves.
    @Test func theTablesKnowWhatWasRefused() async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            try await withTemporaryFolder { folder in
                try produce(messages(), to: Topics.views, of: broker.properties)
                _ = try await Ingester(configuration(broker, store: folder.path, allowing: 3600)).run()
                try FileManager.default.removeItem(at: folder.appending(path: TableContract.events.name))
                let progress = try await Ingester(configuration(broker, store: folder.path, allowing: 10_800)).run()
                #expect(progress.rows == 8 && progress.messages == 10 && progress.rejected.isEmpty)
                var refused: [Int64] = []
                try DeadLetters(store: EventStore(folder: folder.path)).forEach {
                    refused.append($0.offset)
                    return true
                }
                #expect(refused.sorted() == [3, 7])
            }
        }
    }
}
