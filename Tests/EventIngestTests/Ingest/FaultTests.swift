import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import Synchronization
import TestSupport
import Testing

/// Ingestion while the cluster misbehaves in every way the embedded broker can be made to.
@Suite(.serialized) struct FaultTests {
    private func bytes(_ i: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        EventEncoder.append(
            Event(
                eventID: "e\(i)", userID: "u\(i % 31)", itemID: "i\(i % 7)", kind: .view, value: 0.5,
                at: Timestamp(seconds: 1_780_000_000), source: "test"), to: &bytes)
        return bytes
    }

    private static let faults: [@Sendable (EmbeddedBroker, inout SeededGenerator) -> Void] = [
        { broker, _ in broker.fail(.fetch, with: [.disconnect, .requestTimedOut, .notLeader, .storage]) },
        { broker, _ in broker.fail(.produce, with: [.notLeader, .requestTimedOut, .storage]) },
        { broker, _ in broker.fail(.metadata, with: [.disconnect, .disconnect]) },
        { broker, _ in broker.fail(.listOffsets, with: [.notLeader, .disconnect]) },
        { broker, _ in broker.fail(.offsetCommit, with: [.disconnect, .requestTimedOut]) },
        { broker, random in
            for partition in 0..<4 {
                broker.setLeader(of: TopicPartition(Topics.views, Int32(partition)), to: 1 + random.below(3))
            }
        },
        { broker, random in
            let id = 1 + random.below(3)
            broker.setBroker(id, isUp: false)
            pause(0.3)
            broker.setBroker(id, isUp: true)
        },
        { broker, random in
            let id = 1 + random.below(3)
            broker.setRoundTrip(of: id, milliseconds: 300)
            pause(0.2)
            broker.setRoundTrip(of: id, milliseconds: 0)
        },
    ]

    @Test(arguments: [UInt64(1), 2, 3])
    func everyEventArrivesOnceWhileTheClusterFails(seed: UInt64) async throws {
        try await withMockBroker(
            brokers: 3, topics: [Topics.views: 4, Topics.likes: 1, Topics.reviews: 1]
        ) { broker in
            var random = SeededGenerator(seed: seed)
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.commit = CommitPolicy(rows: 400, age: 0.05)
            configuration.kafka["reconnect.backoff.max.ms"] = "200"
            // librdkafka 2.0.2 can go on asking a former leader for good, and only a new client asks the right one.
            configuration.stallLimit = 5
            let service = Ingester(configuration, openSink: { store.sink($0) })
            async let run = service.run()
            let producer = try KafkaProducer(
                properties: broker.properties.merging(KafkaProperties(["reconnect.backoff.max.ms": "200"])))
            var sent = 0
            for _ in 0..<12 {
                for _ in 0..<150 {
                    try producer.send(bytes(sent), key: "u\(sent % 31)", topic: Topics.views)
                    sent += 1
                }
                Self.faults[random.below(Self.faults.count)](broker, &random)
            }
            try producer.flush()
            // The embedded broker does not look at the numbers of an idempotent producer: a batch that is sent again after
            // its successor went to a new leader is not asked for, and counts as arrived. So what is there is counted.
            let places = (0..<4).map { TopicPartition(Topics.views, $0) }
            let arrived = try KafkaConsumer(properties: broker.properties, group: "count").watermarks(of: places)
                .reduce(0) { $0 + $1.count }
            #expect(arrived > sent / 2 && arrived <= sent)
            try await eventually("the faults are survived") {
                store.strings("event_id", of: TableContract.events.name).count >= arrived
            }
            service.stop()
            _ = try await run
            let ids = store.strings("event_id", of: TableContract.events.name)
            #expect(ids.count == arrived && Set(ids).count == arrived, "seed \(seed)")
        }
    }

    /// An ingester that stands still for so long that the group gives its partitions away, and then wakes up with rows
    /// in its hands, must not store them.
    @Test func aZombieCannotCommit() async throws {
        try await withMockBroker(topics: [Topics.views: 2, Topics.likes: 1, Topics.reviews: 1]) { broker in
            let gate = Gate()
            let store = MemoryStore()
            let zombieStore = MemoryStore(sharing: store) { _ in gate.passIfOpen() }
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.sharing = .group
            configuration.cluster = "test"
            configuration.commit.age = 0.05
            configuration.kafka["session.timeout.ms"] = "3000"
            configuration.kafka["max.poll.interval.ms"] = "3000"
            configuration.kafka["heartbeat.interval.ms"] = "200"
            let producer = try KafkaProducer(properties: broker.properties)
            for i in 0..<500 { try producer.send(bytes(i), key: "u\(i % 31)", topic: Topics.views) }
            try producer.flush()
            let zombie = Ingester(configuration, openSink: { zombieStore.sink($0) })
            async let zombieRun = zombie.run()
            // It holds its first rows and waits inside the commit, deaf to the group.
            try await eventually("the faults are survived") { gate.isReached }
            let heir = Ingester(configuration, openSink: { store.sink($0) })
            async let heirRun = heir.run()
            try await eventually("the faults are survived") {
                store.strings("event_id", of: TableContract.events.name).count >= 500
            }
            gate.open()
            for i in 500..<900 { try producer.send(bytes(i), key: "u\(i % 31)", topic: Topics.views) }
            try producer.flush()
            try await eventually("the faults are survived") {
                store.strings("event_id", of: TableContract.events.name).count >= 900
            }
            zombie.stop()
            heir.stop()
            _ = try await (zombieRun, heirRun)
            let ids = store.strings("event_id", of: TableContract.events.name)
            #expect(ids.count == 900 && Set(ids).count == 900)
        }
    }

    @Test func aStalledDiskBoundsWhatIsHeld() async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            let gate = Gate()
            let store = MemoryStore { _ in gate.passIfOpen() }
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.commit = CommitPolicy(rows: 1_000_000, bytes: 100_000, age: 3600)
            let read = Atomic<Int>(0)
            let ingester = Ingester(
                configuration, hooks: .init(onProgress: { read.store($0.messages, ordering: .relaxed) }),
                openSink: { store.sink($0) })
            let producer = try KafkaProducer(properties: broker.properties)
            for i in 0..<20_000 { try producer.send(bytes(i), key: "u", topic: Topics.views) }
            try producer.flush()
            async let run = ingester.run()
            try await eventually("the faults are survived") { gate.isReached }
            try await Task.sleep(for: .milliseconds(500))
            // While the first commit hangs one more batch is read, each one poll beyond the limit at most.
            #expect(read.load(ordering: .relaxed) <= 2 * (100_000 / 90 + 8192))
            gate.open()
            try await eventually("the faults are survived") {
                store.strings("event_id", of: TableContract.events.name).count >= 15_000
            }
            ingester.stop()
            #expect(try await run.rows == store.strings("event_id", of: TableContract.events.name).count)
        }
    }

    /// Larger than one fetch, and than what a producer takes by default: it is read all the same, and refused whole.
    @Test func aMessageBeyondTheLimitsIsADeadLetter() async throws {
        try await withMockBroker(
            topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1, "refused": 1]
        ) { broker in
            let limit = KafkaProperties(["message.max.bytes": "4000000", "compression.type": "none"])
            let producer = try KafkaProducer(properties: broker.properties.merging(limit))
            let large = [UInt8](repeating: 0x78, count: 1_040_000)
            try producer.send(bytes(0), topic: Topics.views)
            try producer.send(large, topic: Topics.views)
            try producer.send(bytes(1), topic: Topics.views)
            try producer.flush()
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.untilEnd = true
            configuration.deadLetterTopic = "refused"
            configuration.kafka["max.partition.fetch.bytes"] = "10000"
            let progress = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            #expect(progress.rows == 2 && progress.rejected == ["malformed-json": 1])
            #expect(store.strings("payload", of: TableContract.deadLetters.name).map(\.utf8.count) == [large.count])
            let sent = try contents(of: "refused", at: broker.properties).values.flatMap { $0 }
            #expect(sent.map(\.utf8.count) == [large.count])
            #expect {
                try KafkaProducer(properties: broker.properties).send(large, topic: Topics.views)
            } throws: { error in
                guard case KafkaError.messageTooLarge(Topics.views, large.count) = error else { return false }
                return true
            }
        }
    }

    /// What is behind our offset is gone at the broker: more came than it keeps while we were away.
    @Test func aLogCutBehindOurOffsetStopsTheRunWithWhatIsLost() async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.untilEnd = true
            configuration.cluster = "test"
            try produce(
                (0..<10).map { String(decoding: bytes($0), as: UTF8.self) }, to: Topics.views, of: broker.properties)
            _ = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            let producer = try KafkaProducer(
                properties: broker.properties.merging(KafkaProperties(["compression.type": "none"])))
            let filler = [UInt8](repeating: 0x20, count: 10_000)
            for i in 10..<1200 { try producer.send(bytes(i) + filler, topic: Topics.views) }
            try producer.flush()
            await #expect {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            } throws: { error in
                guard case IngestError.dataLoss(Topics.views, 0, 10, let available) = error else { return false }
                return available.lowerBound > 10 && available.upperBound == 1200
            }
            configuration.onDataLoss = .continue
            let progress = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            #expect(progress.skipped.count == 1)
            #expect(store.offsets(of: TableContract.events.name)["kafka:test:movie-views:0"] == 1200)
        }
    }
}

/// A door that a thread waits at.
final class Gate: Sendable {
    private let state = Mutex((reached: false, open: false))

    var isReached: Bool { state.withLock { $0.reached } }
    func open() { state.withLock { $0.open = true } }

    func passIfOpen() {
        state.withLock { $0.reached = true }
        while !state.withLock({ $0.open }) { pause(0.01) }
    }
}

private func pause(_ seconds: Double) { Thread.sleep(forTimeInterval: seconds) }
