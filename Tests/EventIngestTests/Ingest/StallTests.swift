import Domain
import Foundation
import Kafka
import KafkaTestSupport
import Operations
import Store
import Synchronization
import TestSupport
import Testing

@testable import EventIngest

/// What gives nothing although it has something, in a running ingester on the embedded broker.
@Suite(.serialized) struct StallTests {
    private func send(_ range: Range<Int>, _ name: String = "e", to properties: KafkaProperties) throws {
        let producer = try KafkaProducer(properties: properties)
        for i in range {
            var bytes: [UInt8] = []
            EventEncoder.append(
                Event(
                    eventID: "\(name)\(i)", userID: "u\(i)", itemID: "i", kind: .view, value: 1,
                    at: Timestamp(seconds: 1_780_000_000 + Int64(i)), source: "test"), to: &bytes)
            try producer.send(bytes, key: "u", topic: Topics.views)
        }
        try producer.flush()
    }

    private func configuration(_ properties: KafkaProperties, store: URL) -> IngestConfiguration {
        var route = EventTable.route(duplicates: DuplicatePolicy(store: EventStore(folder: store.path)))
        route.topics = [Topics.views]
        var configuration = IngestConfiguration(
            store: EventStore(folder: store.path), kafka: properties, routes: [route])
        configuration.cluster = "test"
        configuration.commit = CommitPolicy(rows: 1000, age: 0.1)
        configuration.shorterLogPatience = 1
        return configuration
    }

    @Test func aPartitionThatHasMessagesAndGivesNoneEndsTheRunAndShowsBefore() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: [Topics.views: 1]) { broker in
                var configuration = configuration(broker.properties, store: folder)
                configuration.stallLimit = 1.5
                let latest = Mutex(IngestProgress())
                let hasStalled = Atomic<Bool>(false)
                let metrics = Metrics()
                let ingester = Ingester(
                    configuration,
                    hooks: .init(
                        onProgress: { progress in
                            if progress.stalledPartitions > 0 { hasStalled.store(true, ordering: .relaxed) }
                            latest.withLock { $0 = progress }
                        }, metrics: metrics))
                let run = Task { try await ingester.run() }
                try send(0..<5, to: broker.properties)
                try await eventually("the first are stored") { latest.withLock { $0.rows } == 5 }
                // It answers what there is, and gives nothing of it.
                broker.fail(.fetch, with: Array(repeating: .notLeader, count: 2000))
                try send(5..<9, to: broker.properties)
                await #expect {
                    _ = try await run.value
                } throws: { error in
                    guard case IngestError.partitionStalled(Topics.views, 0, 5, 9, _) = error else { return false }
                    return true
                }
                let wasSeen = hasStalled.load(ordering: .relaxed)
                #expect(wasSeen)
                #expect(metrics.text().contains("marquee_ingest_stalled_partitions 1"))
            }
            // Nothing was lost.
            try await withMockBroker(topics: [Topics.views: 1]) { broker in
                try send(0..<9, to: broker.properties)
                var again = configuration(broker.properties, store: folder)
                again.untilEnd = true
                #expect(try await Ingester(again).run().rows == 4)
            }
        }
    }

    /// Nobody sees that the log was replaced: it is longer than the one before as soon as it is there.
    @Test func aLogReplacedBetweenTwoLooksIsFoundByWhatWasStoredBefore() async throws {
        try await withTemporaryFolder { folder in
            var broker: EmbeddedBroker? = try EmbeddedBroker()
            let port = try #require(broker?.bootstrapServers.split(separator: ":").last.flatMap { Int($0) })
            broker = nil
            broker = try EmbeddedBroker(port: port)
            try broker?.createTopic(Topics.views, partitions: 1)
            let properties = KafkaProperties([
                "bootstrap.servers": "127.0.0.1:\(port)", "reconnect.backoff.max.ms": "100",
                "reconnect.backoff.ms": "20", "topic.metadata.refresh.interval.ms": "200",
            ])
            var configuration = configuration(properties, store: folder)
            configuration.inspectionInterval = 0.5
            let latest = Mutex(IngestProgress())
            let ingester = Ingester(
                configuration, hooks: .init(onProgress: { progress in latest.withLock { $0 = progress } }))
            let run = Task { try await ingester.run() }
            try send(0..<50, "old", to: properties)
            try await eventually("the first are stored") { latest.withLock { $0.rows } == 50 }
            // Long enough to be trusted.
            try await Task.sleep(for: .seconds(4))
            broker = nil
            broker = try EmbeddedBroker(port: port)
            try broker?.createTopic(Topics.views, partitions: 1)
            try send(0..<200, "new", to: properties)
            await #expect {
                _ = try await run.value
            } throws: { error in
                (error as? IngestError)?.code == "kafka-data-loss"
            }
            withExtendedLifetime(broker) {}
        }
    }

    @Test func anchorsTakeTurnsAndMoveWhenTheyAreConfirmed() {
        var anchors = LogAnchors()
        let places = (0..<3).map { TopicPartition("t", $0) }
        anchors.add([places[0]: 5, places[1]: 6, places[2]: 0])
        #expect(Set(anchors.next(8).map(\.place)) == [places[0], places[1]])
        let first = anchors.next(1)[0].place
        #expect(anchors.next(1)[0].place != first)
        anchors.add([places[0]: 50, places[2]: 7])
        anchors.confirmed(places[0], 40)
        anchors.forget(places[1])
        let now = Dictionary(uniqueKeysWithValues: anchors.next(8).map { ($0.place, $0.offset) })
        #expect(now == [places[0]: 40, places[2]: 7])
    }
}
