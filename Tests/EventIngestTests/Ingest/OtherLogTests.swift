import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Operations
import Store
import Synchronization
import TestSupport
import Testing

/// An offset is worth nothing in another log: topics that are deleted and made again, on Apache Kafka.
@Suite(.serialized, .enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
struct OtherLogTests {
    private let topic = Topics.views

    private func event(_ i: Int, _ prefix: String) -> Event {
        Event(
            eventID: "\(prefix)\(i)", userID: "u\(i)", itemID: "i\(i % 7)", kind: .view, value: 1,
            at: Timestamp(seconds: 1_780_000_000 + Int64(i)), source: "test")
    }

    /// A producer of its own each time: one that lives on makes the topic again while it is gone.
    private func send(
        _ prefix: String, _ range: Range<Int>, to server: KafkaServer, properties: [String: String] = [:]
    ) throws {
        let producer = try KafkaProducer(properties: server.properties.merging(KafkaProperties(properties)))
        for i in range {
            var bytes: [UInt8] = []
            EventEncoder.append(event(i, prefix), to: &bytes)
            try producer.send(bytes, key: "u", topic: topic)
        }
        try producer.flush()
    }

    /// The coordinator says that a transaction has ended before its marker is in every partition.
    private func markerIsWritten(_ server: KafkaServer, at offset: Int64) async throws {
        let consumer = try KafkaConsumer(properties: server.properties, group: "markers")
        defer { consumer.close() }
        try await eventually("the transaction's marker is written") {
            (try? consumer.watermarks(of: TopicPartition(topic, 0)).upperBound) == offset + 1
        }
    }

    private func configuration(_ server: KafkaServer, store: URL) -> IngestConfiguration {
        var route = EventTable.route(duplicates: DuplicatePolicy(store: EventStore(folder: store.path)))
        route.topics = [topic]
        var configuration = IngestConfiguration(
            store: EventStore(folder: store.path), kafka: server.properties, routes: [route])
        configuration.untilEnd = true
        configuration.commit = CommitPolicy(rows: 10_000, age: 0.2)
        configuration.shorterLogPatience = 1
        return configuration
    }

    private func table(_ store: URL) throws -> DeltaTable {
        try EventStore(folder: store.path).open(.events)
    }

    private func ids(_ store: URL) throws -> [String] {
        var scan = try table(store).snapshot().scan(columns: ["event_id"])
        var ids: [String] = []
        while let batch = try scan.next() {
            guard let column = try batch.column(named: "event_id").byteStrings else { continue }
            ids += (0..<batch.rowCount).compactMap { column.string(at: $0) }
        }
        return ids.sorted()
    }

    private func ids(_ prefix: String, _ range: Range<Int>) -> [String] { range.map { "\(prefix)\($0)" } }

    /// Runs `body` with a server that has the topic, and an empty store.
    private func with(
        partitions: Int = 1, _ body: (KafkaServer, URL) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { store in
            try await KafkaServer.with { server in
                try await server.make(topic, partitions: partitions)
                try await body(server, store)
            }
        }
    }

    private func expectLoss(_ configuration: IngestConfiguration) async {
        await #expect {
            try await Ingester(configuration).run()
        } throws: { error in
            (error as? IngestError)?.code == "kafka-data-loss"
        }
    }

    @Test func aTopicMadeAnewIsKnownByWhatLiesWhereTheTableEnds() async throws {
        try await with { server, store in
            var configuration = configuration(server, store: store)
            try send("old", 0..<5, to: server)
            try await Ingester(configuration).run()
            // The same log goes on.
            try send("old", 5..<6, to: server)
            #expect(try await Ingester(configuration).run().rows == 1)
            for length in [6, 9] {
                try await server.remake(topic, partitions: 1)
                try send("new", 0..<length, to: server)
                await expectLoss(configuration)
                #expect(try ids(store) == ids("old", 0..<6))
            }
            configuration.onDataLoss = .continue
            let progress = try await Ingester(configuration).run()
            #expect(progress.skipped.count == 1)
            #expect(try ids(store) == (ids("new", 0..<9) + ids("old", 0..<6)).sorted())
            configuration.onDataLoss = .stop
            try send("new", 9..<12, to: server)
            #expect(try await Ingester(configuration).run().rows == 3)
        }
    }

    @Test func theSameEventsInATopicMadeAnewAreStoredOnce() async throws {
        try await with { server, store in
            var configuration = configuration(server, store: store)
            try send("e", 0..<20, to: server)
            try await Ingester(configuration).run()
            try await server.remake(topic, partitions: 1)
            // Another first event moves all others by one.
            try send("x", 0..<1, to: server)
            try send("e", 0..<30, to: server)
            configuration.onDataLoss = .continue
            try await Ingester(configuration).run()
            #expect(try ids(store) == (ids("e", 0..<30) + ["x0"]).sorted())
        }
    }

    @Test func aTopicWithFewerPartitionsIsAnotherOne() async throws {
        try await with(partitions: 3) { server, store in
            var configuration = configuration(server, store: store)
            let producer = try KafkaProducer(properties: server.properties)
            for i in 0..<60 {
                var bytes: [UInt8] = []
                EventEncoder.append(event(i, "old"), to: &bytes)
                try producer.send(bytes, key: "u\(i)", topic: topic)
            }
            try producer.flush()
            try await Ingester(configuration).run()
            try await server.remake(topic, partitions: 1)
            try send("new", 0..<100, to: server)
            await expectLoss(configuration)
            #expect(try ids(store).count == 60)
            configuration.onDataLoss = .continue
            try await Ingester(configuration).run()
            #expect(try ids(store).count == 160)
            configuration.onDataLoss = .stop
            #expect(try await Ingester(configuration).run().rows == 0)
        }
    }

    @Test func erasedRowsDoNotMakeAnotherLog() async throws {
        try await with { server, store in
            let configuration = configuration(server, store: store)
            try send("e", 0..<4, to: server)
            try await Ingester(configuration).run()
            _ = try table(store).delete(where: .compare(column: "event_id", .equal, .string("e3")))
            try send("e", 4..<6, to: server)
            #expect(try await Ingester(configuration).run().rows == 2)
        }
    }

    @Test(arguments: [IngestConfiguration.Sharing.alone, .group])
    func aTopicMadeAnewUnderARunningIngesterIsReadOrStopsIt(_ sharing: IngestConfiguration.Sharing) async throws {
        try await with { server, store in
            var configuration = configuration(server, store: store)
            configuration.untilEnd = false
            configuration.sharing = sharing
            configuration.onDataLoss = .continue
            let latest = Mutex(IngestProgress())
            let ingester = Ingester(
                configuration, hooks: .init(onProgress: { progress in latest.withLock { $0 = progress } }))
            async let run = ingester.run()
            try send("old", 0..<50, to: server)
            try await eventually("the first are stored") { (try? ids(store).count) == 50 }
            for (name, count) in [("short", 20), ("long", 200)] {
                let before = try ids(store).count
                // Nothing is lost that was there for a while, and nothing is taken for stored.
                try await server.remake(topic, partitions: 1)
                try send(name, 0..<count, to: server)
                try await eventually("the new log is stored") { (try? ids(store).count) == before + count }
            }
            #expect(latest.withLock { $0.skipped.count } == 2)
            ingester.stop()
            _ = try await run
            #expect(try ids(store) == (ids("old", 0..<50) + ids("short", 0..<20) + ids("long", 0..<200)).sorted())
        }
    }

    @Test func aLogCutUnderARunningIngesterIsReadFromWhereItBegins() async throws {
        try await with { server, store in
            var configuration = configuration(server, store: store)
            configuration.onDataLoss = .continue
            configuration.untilEnd = false
            let ingester = Ingester(configuration)
            async let run = ingester.run()
            try send("a", 0..<10, to: server)
            try await eventually("the first are stored") { (try? ids(store).count) == 10 }
            for round in 0..<5 {
                // Some of it is deleted before it was fetched.
                try send("b\(round)", 0..<400, to: server)
                try server.cut(TopicPartition(topic, 0), before: -1)
            }
            try send("c", 0..<150, to: server)
            try await eventually("what is left is stored") {
                (try? ids(store).filter { $0.hasPrefix("c") }.count) == 150
            }
            ingester.stop()
            _ = try await run
        }
    }

    @Test func abortedTransactionsMoveTheOffsetAndAnOpenOneIsSaid() async throws {
        try await with { server, store in
            let configuration = configuration(server, store: store)
            try send("e", 0..<3, to: server)
            let producer = try TransactionalProducer(server.properties, id: "t")
            try producer.begin()
            for i in 0..<30 { try producer.send("lost \(i)", topic: topic) }
            try producer.abort()
            try await markerIsWritten(server, at: 33)
            let first = try await Ingester(configuration).run()
            #expect(first.rows == 3 && first.lag == 0 && first.heldBack.isEmpty)
            // Nothing that could be read is deleted.
            try server.cut(TopicPartition(topic, 0), before: -1)
            #expect(try await Ingester(configuration).run().rows == 0)
            try send("e", 3..<4, to: server)
            try producer.begin()
            for i in 0..<7 { try producer.send("open \(i)", topic: topic) }
            producer.flush()
            let second = try await Ingester(configuration).run()
            #expect(second.rows == 1)
            #expect(second.heldBack.values.map(\.count) == [7])
            try producer.abort()
            try await markerIsWritten(server, at: 42)
            #expect(try await Ingester(configuration).run().heldBack.isEmpty)
        }
    }

    @Test func anOpenTransactionUnderARunningIngesterIsSaid() async throws {
        try await with { server, store in
            var configuration = configuration(server, store: store)
            configuration.untilEnd = false
            configuration.heldBackLimit = 1
            let latest = Mutex(IngestProgress())
            let metrics = Metrics()
            let ingester = Ingester(
                configuration,
                hooks: .init(onProgress: { progress in latest.withLock { $0 = progress } }, metrics: metrics))
            async let run = ingester.run()
            try send("e", 0..<3, to: server)
            let producer = try TransactionalProducer(server.properties, id: "t")
            try producer.begin()
            for i in 0..<7 { try producer.send("open \(i)", topic: topic) }
            producer.flush()
            try send("e", 3..<5, to: server)
            let place = TopicPartition(topic, 0)
            try await eventually("it is said") { latest.withLock { $0.heldBack[place] } == 3..<12 }
            #expect(metrics.text().contains("marquee_ingest_held_back 9"))
            try producer.abort()
            try await eventually("what it held back is stored") { (try? ids(store).count) == 5 }
            try await eventually("it is over") { latest.withLock { $0.heldBack.isEmpty } }
            ingester.stop()
            _ = try await run
        }
    }

    @Test func aFeedHearsATopicMadeAnewFromItsBeginning() async throws {
        try await withTemporaryFolder { store in
            try await KafkaServer.with { server in
                for topic in Topics.events { try await server.make(topic, partitions: 1) }
                let feed = KafkaEventFeed(properties: server.properties, start: .beginning)
                let heard = Mutex<Set<String>>([])
                let feeding = Task {
                    try await feed.run { events in heard.withLock { $0.formUnion(events.map(\.eventID)) } }
                }
                try send("old", 0..<50, to: server)
                try await eventually("the first are heard") { heard.withLock { $0.count } == 50 }
                for (name, count) in [("short", 20), ("long", 200)] {
                    try await server.remake(topic, partitions: 1)
                    try send(name, 0..<count, to: server)
                    try await eventually("the new log is heard") {
                        heard.withLock { Set(ids(name, 0..<count)).isSubset(of: $0) }
                    }
                }
                feeding.cancel()
                _ = await feeding.result
            }
        }
    }

    @Test func anIngesterEndsAlthoughItsTopicWasDeleted() async throws {
        try await with { server, store in
            var configuration = configuration(server, store: store)
            configuration.untilEnd = false
            let latest = Mutex(IngestProgress())
            let ingester = Ingester(
                configuration, hooks: .init(onProgress: { progress in latest.withLock { $0 = progress } }))
            async let run = ingester.run()
            try send("e", 0..<5, to: server)
            try await eventually("they are stored") { (try? ids(store).count) == 5 }
            try await server.delete(topic)
            try await eventually("it is named") { latest.withLock { $0.missingTopics } == [topic] }
            ingester.stop()
            _ = try await run
        }
    }

    @Test func aDeadClusterIsSeenByIngesterFeedAndPublisher() async throws {
        try await withTemporaryFolder { store in
            try await KafkaServer.with { server in
                for topic in Topics.events { try await server.make(topic, partitions: 1) }
                var configuration = IngestConfiguration(
                    store: EventStore(folder: store.path), kafka: server.properties, routes: [EventTable.route()])
                configuration.kafka["reconnect.backoff.max.ms"] = "500"
                let latest = Mutex(IngestProgress())
                let ingester = Ingester(
                    configuration, hooks: .init(onProgress: { progress in latest.withLock { $0 = progress } }))
                async let run = ingester.run()
                let feed = KafkaEventFeed(properties: configuration.kafka)
                let heard = Atomic<Int>(0)
                let feeding = Task {
                    try await feed.run { events in heard.wrappingAdd(events.count, ordering: .relaxed) }
                }
                let publisher = try KafkaEventPublisher(properties: configuration.kafka, timeout: 0.5)
                try await eventually("both hear") {
                    try? await publisher.publish([event(0, UUID().uuidString)])
                    return latest.withLock { $0.rows } > 0 && heard.load(ordering: .relaxed) > 0
                }
                #expect(feed.state == .hearing && latest.withLock { $0.outage } == nil)
                try await server.stop(crash: true)
                try await eventually("both say so") {
                    latest.withLock { $0.outage != nil && $0.lag == nil } && feed.state != .hearing
                }
                await #expect {
                    try await publisher.publish([event(1, "dead")])
                } throws: { error in
                    (error as? KafkaError)?.code == "publish-timed-out"
                }
                try await server.start()
                try await eventually("both are back") {
                    latest.withLock { $0.outage == nil && $0.lag != nil } && feed.state == .hearing
                }
                ingester.stop()
                _ = try await run
                feeding.cancel()
                _ = await feeding.result
            }
        }
    }
}
