import Domain
import EventIngest
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// Each request an ingester of a group makes is answered with the errors a cluster answers with in passing, and the
/// group's coordinator and the partitions' leaders move, while a second ingester joins and events keep coming.
struct FaultMatrixTests {
    private struct Trouble: Sendable {
        var name: String
        var cause: @Sendable (EmbeddedBroker) -> Void
    }

    private static let errors: [(EmbeddedBroker.Request, [EmbeddedBroker.Failure])] = [
        (.joinGroup, [.coordinatorLoading, .notCoordinator, .unknownMember, .disconnect]),
        (.syncGroup, [.rebalanceInProgress, .notCoordinator, .unknownMember, .disconnect]),
        (.heartbeat, [.rebalanceInProgress, .notCoordinator, .illegalGeneration, .unknownMember, .disconnect]),
        (.offsetFetch, [.coordinatorLoading, .notCoordinator, .disconnect]),
        (.offsetCommit, [.coordinatorLoading, .notCoordinator, .rebalanceInProgress, .requestTimedOut, .disconnect]),
        (.fetch, [.notLeader, .storage, .requestTimedOut, .leaderNotAvailable, .disconnect]),
        (.listOffsets, [.notLeader, .leaderNotAvailable, .disconnect]),
        (.metadata, [.disconnect, .leaderNotAvailable, .disconnect]),
        (.findCoordinator, [.coordinatorNotAvailable, .requestTimedOut, .disconnect]),
    ]

    private static let troubles: [Trouble] =
        errors.map { request, failures in Trouble(name: "\(request)") { $0.fail(request, with: failures) } } + [
            Trouble(name: "coordinator") { for id in [2, 3, 1, 2] { $0.setCoordinator(of: "matrix", to: id) } },
            Trouble(name: "leader") { broker in
                for partition in 0..<3 {
                    broker.setLeader(of: TopicPartition(Topics.views, Int32(partition)), to: 1 + (partition + 1) % 3)
                }
            },
        ]

    /// All at once, each with a cluster of its own: most of the time is the group's, which waits for members.
    @Test func everyErrorOfEveryRequestIsSurvived() async throws {
        try await withThrowingTaskGroup { group in
            for trouble in Self.troubles { group.addTask { try await survive(trouble) } }
            try await group.waitForAll()
        }
    }

    private func survive(_ trouble: Trouble) async throws {
        try await withMockBroker(
            brokers: 3, topics: [Topics.views: 3, Topics.likes: 1, Topics.reviews: 1]
        ) { broker in
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.sharing = .group
            configuration.group = "matrix"
            configuration.cluster = "test"
            configuration.commit = CommitPolicy(rows: 100, age: 0.05)
            configuration.kafka = configuration.kafka.merging(
                KafkaProperties([
                    "session.timeout.ms": "6000", "heartbeat.interval.ms": "200", "reconnect.backoff.max.ms": "200",
                    "retry.backoff.ms": "50",
                ]))
            let ingesters = (0..<2).map { _ in Ingester(configuration, openSink: { store.sink($0) }) }
            let producer = try KafkaProducer(properties: broker.properties)
            var sent = 0
            func send(_ count: Int) throws {
                for i in sent..<sent + count { try producer.send(event(i), key: "u\(i % 31)", topic: Topics.views) }
                sent += count
                try producer.flush()
            }
            func arrived() async throws {
                try await eventually("\(trouble.name): everything sent is stored") {
                    store.strings("event_id", of: TableContract.events.name).count >= sent
                }
            }
            try await withThrowingTaskGroup { group in
                // Or a test that fails would wait for them for ever.
                defer { for ingester in ingesters { ingester.stop() } }
                group.addTask { _ = try await ingesters[0].run() }
                try send(300)
                try await arrived()
                trouble.cause(broker)
                group.addTask { _ = try await ingesters[1].run() }
                for _ in 0..<5 {
                    try send(100)
                    try await Task.sleep(for: .milliseconds(100))
                }
                trouble.cause(broker)
                try send(200)
                try await arrived()
            }
            let ids = store.strings("event_id", of: TableContract.events.name)
            #expect(ids.count == sent && Set(ids).count == sent, "\(trouble.name)")
            #expect(store.strings("payload", of: TableContract.deadLetters.name).isEmpty, "\(trouble.name)")
        }
    }

    private func event(_ i: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        EventEncoder.append(
            Event(
                eventID: "e\(i)", userID: "u\(i % 31)", itemID: "i\(i % 7)", kind: .view, value: 0.5,
                at: Timestamp(seconds: 1_780_000_000), source: "test"), to: &bytes)
        return bytes
    }
}
