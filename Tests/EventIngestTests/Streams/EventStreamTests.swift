import Domain
import EventIngest
import Kafka
import KafkaTestSupport
import Store
import Synchronization
import TestSupport
import Testing

private final class Heard: Sendable {
    /// Identifiers by feed.
    let ids = Mutex<[[String]]>([[], []])
}

@Suite(.serialized) struct EventStreamTests {
    private func event(_ i: Int, _ kind: EventKind = .view) -> Event {
        Event(
            eventID: "e\(i)", userID: "u\(i % 3)", itemID: "i", kind: kind, value: 1,
            at: Timestamp(seconds: 1_780_000_000), source: "rest")
    }

    @Test func everyFeedHearsEverythingThatIsPublishedAfterItStarted() async throws {
        try await withMockBroker { broker in
            let publisher = try KafkaEventPublisher(properties: broker.properties)
            try await publisher.publish([event(0)])
            let heard = Heard()
            let properties = broker.properties
            let feeds = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for replica in 0..<2 {
                        group.addTask {
                            try await KafkaEventFeed(properties: properties).run { events in
                                heard.ids.withLock { $0[replica] += events.map(\.eventID) }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            // The feeds take a moment to find the end, so publish until both hear; then everything counts.
            var sent = 0
            while heard.ids.withLock({ $0.contains { $0.isEmpty } }) {
                sent += 1
                try await publisher.publish([event(sent)])
            }
            let from = sent + 1
            try await publisher.publish((from..<from + 100).map { event($0, EventKind.allCases[$0 % 3]) })
            let expected = Set((from..<from + 100).map { "e\($0)" })
            try await eventually("the events are heard") {
                heard.ids.withLock { $0.allSatisfy { expected.isSubset(of: $0) } }
            }
            let all = heard.ids.withLock { $0 }
            #expect(!all[0].contains("e0") && !all[1].contains("e0"))
            feeds.cancel()
            await #expect(throws: CancellationError.self) { try await feeds.value }
        }
    }

    private static let views = "kafka:c:\(Topics.views):0"
    private static let likes = "kafka:c:\(Topics.likes):0"

    @Test(arguments: [
        ([views: Int64(7), likes: 1], 7..<10), ([views: 7], 7..<11),
        // Of a log that is shorter than what was stored of it nothing is left out.
        ([views: 70, likes: 1], 0..<10),
        // Of another cluster nothing is known.
        (["kafka:d:\(Topics.views):0": 7], 0..<11),
    ])
    func aFeedGoesOnBehindWhatATableHas(_ markers: [String: Int64], _ expected: Range<Int>) async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            let publisher = try KafkaEventPublisher(properties: broker.properties)
            for i in 0..<10 { try await publisher.publish([event(i)]) }
            try await publisher.publish([event(10, .like)])
            let feed = KafkaEventFeed(properties: broker.properties, cluster: "c")
            feed.begin(behind: markers)
            let heard = Heard()
            let feeding = Task {
                try await feed.run { events in heard.ids.withLock { $0[0] += events.map(\.eventID) } }
            }
            try await eventually("it hears what is not stored") {
                heard.ids.withLock { $0[0].count } == expected.count
            }
            #expect(heard.ids.withLock { Set($0[0]) } == Set(expected.map { "e\($0)" }))
            // What comes now is measured.
            try await publisher.publish([event(100, .review)])
            try await eventually("it hears what comes") { heard.ids.withLock { $0[0].last } == "e100" }
            try await eventually("nothing is left") { feed.freshness.lag == 0 && feed.freshness.seconds != nil }
            let seconds = try #require(feed.freshness.seconds)
            #expect(seconds.p50 >= 0 && seconds.p99 >= seconds.p50)
            feeding.cancel()
            _ = await feeding.result
        }
    }

    /// The broker's own refusal, as it comes of librdkafka's wrong numbers.
    @Test func aPublisherGoesOnAfterAFatalError() async throws {
        try await withMockBroker(topics: [Topics.views: 1]) { broker in
            let notes = TakeoverNotes()
            let publisher = try KafkaEventPublisher(properties: broker.properties, observer: notes.observer)
            for i in 0..<20 {
                if i % 5 == 1 { broker.fail(.produce, with: [.outOfOrderSequence]) }
                try await publisher.publish([event(2 * i), event(2 * i + 1)])
            }
            let found = try contents(of: Topics.views, at: broker.properties).values.flatMap { $0 }
            // The mock cluster stores nothing of a request that it refuses, so that nothing came twice.
            let ids = found.compactMap { $0.firstMatch(of: /"event_id":"e(\d+)"/).flatMap { Int($0.1) } }
            #expect(ids == Array(0..<40))
            #expect(notes.lines.withLock { $0.count } == 4)
        }
    }

    @Test func publishingWithoutABrokerFailsInTime() async throws {
        let publisher = try KafkaEventPublisher(
            properties: KafkaProperties(bootstrapServers: "127.0.0.1:1"), timeout: 1)
        await #expect {
            try await publisher.publish([event(1), event(2)])
        } throws: { error in
            guard case KafkaError.notAcknowledged(2, 1) = error else { return false }
            return true
        }
    }

    @Test func theSimulatorFollowsASlowGroupAndLosesNothing() async throws {
        try await withMockBroker { broker in
            let store = MemoryStore()
            // More than the embedded broker would keep of a single partition.
            var settings = SimulatorSettings.history(
                weeks: 2, until: Timestamp("2026-11-20T00:00:00Z")!, count: 30_000)
            settings.malformed = 0.01
            let simulator = try Simulator(catalog: films(100), settings: settings)
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.commit = CommitPolicy(rows: 5000, age: 0.2)
            let stored = Atomic<Int>(0)
            let ingester = Ingester(
                configuration,
                hooks: .init(onProgress: {
                    stored.store($0.rows + $0.rejectedCount, ordering: .relaxed)
                }), openSink: { store.sink($0) })
            async let ingested = ingester.run()
            var options = SimulatorRun.Options(followedGroup: "marquee-ingest")
            options.lagLimit = 1000
            let sent = try await SimulatorRun(simulator: simulator, properties: broker.properties, options: options)
                .run()
            #expect(sent.progress.acknowledged == 30_000)
            try await eventually("the events are heard") { stored.load(ordering: .relaxed) >= 30_000 }
            ingester.stop()
            let progress = try await ingested
            #expect(progress.rows + progress.rejectedCount == 30_000)
            #expect(progress.rejectedCount == sent.progress.malformed)
            let ids = store.strings("event_id", of: TableContract.events.name)
            #expect(Set(ids).count == ids.count)
        }
    }
}
