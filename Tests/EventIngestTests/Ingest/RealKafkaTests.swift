import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import Synchronization
import TestSupport
import Testing

/// The same promises against Apache Kafka itself.
@Suite(.serialized, .enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
struct RealKafkaTests {
    private func event(_ i: Int) -> Event {
        Event(
            eventID: "e\(i)", userID: "u\(i % 101)", itemID: "i\(i % 7)", kind: EventKind.allCases[i % 3], value: 1,
            at: Timestamp(seconds: 1_780_000_000 + Int64(i)), source: "test")
    }

    private func send(_ range: Range<Int>, with producer: KafkaProducer) throws {
        for i in range {
            var bytes: [UInt8] = []
            let event = event(i)
            EventEncoder.append(event, to: &bytes)
            try producer.send(bytes, key: event.userID, topic: event.kind.topic)
        }
    }

    private func count(_ store: MemoryStore) -> Int { store.strings("event_id", of: TableContract.events.name).count }

    private func expectExactly(_ count: Int, in store: MemoryStore) {
        let ids = store.strings("event_id", of: TableContract.events.name)
        #expect(ids.count == count)
        #expect(Set(ids).count == count)
    }

    private func createTopics(at properties: KafkaProperties) throws {
        let consumer = try KafkaConsumer(properties: properties, group: "setup")
        try consumer.create(topics: Topics.events, partitions: 4)
        // Creating what exists changes nothing.
        try consumer.create(topics: Topics.events, partitions: 9)
        try awaitTopics(consumer)
    }

    private func awaitTopics(_ consumer: KafkaConsumer) throws {
        for _ in 0..<100 where (try? consumer.partitions(of: Topics.events).count) != 12 {
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    @Test func twoIngestersSurviveACrashOfTheBroker() async throws {
        try await KafkaServer.with { server in
            let properties = server.properties
            try createTopics(at: properties)
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: properties, routes: [EventTable.route()])
            configuration.sharing = .group
            configuration.commit = CommitPolicy(rows: 2000, age: 0.1)
            configuration.kafka["session.timeout.ms"] = "6000"
            configuration.kafka["reconnect.backoff.max.ms"] = "500"
            let first = Ingester(configuration, openSink: { store.sink($0) })
            let second = Ingester(configuration, openSink: { store.sink($0) })
            async let firstRun = first.run()
            async let secondRun = second.run()
            let producer = try KafkaProducer(
                properties: properties.merging(KafkaProperties(["reconnect.backoff.max.ms": "500"])))
            try send(0..<10_000, with: producer)
            try await eventually("rows arrive") { count(store) > 3000 }
            try await server.stop(crash: true)
            try send(10_000..<20_000, with: producer)
            try await server.start()
            try producer.flush(timeout: 90)
            try await eventually("all rows arrive") { count(store) >= 20_000 }
            first.stop()
            second.stop()
            let shares = try await (firstRun.rows, secondRun.rows)
            #expect(shares.0 + shares.1 == 20_000)
            #expect(shares.0 > 0 && shares.1 > 0)
            expectExactly(20_000, in: store)
        }
    }

    @Test func whatKafkaDeletedOrBeganAnewStopsTheRun() async throws {
        try await KafkaServer.with { server in
            try createTopics(at: server.properties)
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: server.properties, routes: [EventTable.route()])
            configuration.untilEnd = true
            // Its own producer each time: one that lives on makes the topic again while it is gone.
            func send(_ ids: Range<Int>) throws {
                let producer = try KafkaProducer(properties: server.properties)
                try self.send(ids, with: producer)
                try producer.flush()
            }
            try send(0..<3000)
            _ = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            expectExactly(3000, in: store)

            // Retention passes us by: everything up to the end of one partition is deleted while we are away.
            try send(3000..<6000)
            let request = server.folder.appending(path: "delete.json")
            try #"{"partitions":[{"topic":"movie-views","partition":1,"offset":-1}],"version":1}"#.write(
                to: request, atomically: true, encoding: .utf8)
            try await server.tool([
                "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", server.bootstrapServers,
                "--offset-json-file", request.path,
            ])
            await #expect {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            } throws: { error in
                guard case IngestError.dataLoss(Topics.views, 1, let expected, let available) = error else {
                    return false
                }
                return expected > 0 && available.isEmpty && available.lowerBound > expected
            }
            configuration.onDataLoss = .continue
            let progress = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            #expect(progress.skipped.count == 1)
            let ids = store.strings("event_id", of: TableContract.events.name)
            #expect(ids.count == 3000 + progress.rows && Set(ids).count == ids.count)

            // The topic is made anew: our offsets are beyond its end.
            let topics = ["org.apache.kafka.tools.TopicCommand", "--bootstrap-server", server.bootstrapServers]
            try await server.tool(topics + ["--delete", "--topic", Topics.views])
            try await Task.sleep(for: .seconds(1))
            try await server.tool(topics + ["--create", "--topic", Topics.views, "--partitions", "4"])
            configuration.onDataLoss = .stop
            await #expect {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            } throws: { error in
                guard case IngestError.dataLoss(Topics.views, _, let expected, 0..<0) = error else { return false }
                return expected > 0
            }
        }
    }

    @Test func credentialsAndTLSPassThrough() async throws {
        try await KafkaServer.with(["--user", "marquee", "--password", "s3cret", "--tls"]) { server in
            let file = server.folder.appending(path: "client.properties")
            try """
            bootstrap.servers=\(server.bootstrapServers)
            security.protocol=SASL_SSL
            sasl.mechanism=PLAIN
            sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username='marquee' \
            password='s3cret';
            ssl.truststore.location=\(server.folder.path)/tls/ca.pem
            """.write(to: file, atomically: true, encoding: .utf8)
            let properties = try KafkaProperties(contentsOfFile: file.path)
            try createTopics(at: properties)
            try send(0..<200, with: KafkaProducer(properties: properties))
            let publisher = try KafkaEventPublisher(properties: properties)
            try await publisher.publish((200..<300).map(event))

            var wrong = properties
            wrong["sasl.password"] = "guess"
            let intruder = try KafkaConsumer(properties: wrong, group: "g")
            #expect {
                _ = try intruder.partitions(of: Topics.events, timeout: 10)
            } throws: { error in
                guard case KafkaError.authenticationRefused = error else { return false }
                return true
            }
        }
    }

    @Test func aMissingTopicIsNamedOrCreatedOnRequest() async throws {
        try await KafkaServer.with { server in
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: server.properties, routes: [EventTable.route()])
            configuration.untilEnd = true
            await #expect {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            } throws: { error in
                guard case KafkaError.topicMissing = error else { return false }
                return true
            }
            configuration.createTopics = 3
            let progress = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            #expect(progress.partitions == 9)
        }
    }
}
