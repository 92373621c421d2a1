import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import Synchronization
import TestSupport
import Testing

/// Exactly-once against tables in memory: what Delta adds is tested where the store is.
@Suite(.serialized) struct IngesterTests {
    /// Sends `count` events and, mixed in, `bad` messages that are none.
    private func send(_ count: Int, bad: Int = 0, from first: Int = 0, to properties: KafkaProperties) throws {
        let producer = try KafkaProducer(properties: properties)
        for i in first..<first + count {
            var bytes: [UInt8] = []
            let kind = EventKind.allCases[i % 3]
            EventEncoder.append(
                Event(
                    eventID: "e\(i)", userID: "u\(i % 17)", itemID: "i\(i % 5)", kind: kind, value: 1,
                    at: Timestamp(seconds: 1_780_000_000 + Int64(i) * 60), source: "test"), to: &bytes)
            try producer.send(bytes, key: "u\(i % 17)", topic: kind.topic)
            if i - first < bad { try producer.send(Array("bad \(i)".utf8), key: "u\(i % 17)", topic: kind.topic) }
        }
        try producer.flush()
    }

    private func configuration(_ broker: EmbeddedBroker) -> IngestConfiguration {
        var configuration = IngestConfiguration(
            store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
        configuration.untilEnd = true
        return configuration
    }

    private func expectExactly(_ count: Int, in store: MemoryStore, bad: Int = 0) {
        let ids = store.strings("event_id", of: TableContract.events.name)
        #expect(ids.count == count)
        #expect(Set(ids).count == count)
        #expect(
            store.strings("payload", of: TableContract.deadLetters.name).sorted()
                == (0..<bad).map { "bad \($0)" }.sorted())
    }

    @Test func everythingArrivesOnceAndASecondRunAddsNothing() async throws {
        try await withMockBroker { broker in
            let store = MemoryStore()
            try send(3000, bad: 7, to: broker.properties)
            let first = try await Ingester(configuration(broker), openSink: { store.sink($0) }).run()
            #expect(first.rows == 3000)
            #expect(first.rejected == ["malformed-json": 7])
            #expect(first.lag == 0)
            let version = store.version(of: TableContract.events.name)
            let second = try await Ingester(configuration(broker), openSink: { store.sink($0) }).run()
            #expect(second.rows == 0)
            #expect(store.version(of: TableContract.events.name) == version)
            try send(500, from: 3000, to: broker.properties)
            _ = try await Ingester(configuration(broker), openSink: { store.sink($0) }).run()
            expectExactly(3500, in: store, bad: 7)
        }
    }

    @Test func aCrashBetweenTheTwoCommitsRepeatsNothing() async throws {
        struct Crash: Error {}
        try await withMockBroker { broker in
            let armed = Atomic<Bool>(true)
            let store = MemoryStore { table in
                // The dead letters are stored, the rows are not.
                if table == TableContract.events.name, armed.exchange(false, ordering: .relaxed) { throw Crash() }
            }
            try send(300, bad: 20, to: broker.properties)
            await #expect(throws: Crash.self) {
                try await Ingester(configuration(broker), openSink: { store.sink($0) }).run()
            }
            #expect(store.strings("payload", of: TableContract.deadLetters.name).count == 20)
            _ = try await Ingester(configuration(broker), openSink: { store.sink($0) }).run()
            expectExactly(300, in: store, bad: 20)
        }
    }

    @Test func theTableWinsOverTheBrokersOffsets() async throws {
        try await withMockBroker { broker in
            let store = MemoryStore()
            try send(600, to: broker.properties)
            _ = try await Ingester(configuration(broker), openSink: { store.sink($0) }).run()
            // A store restored from yesterday's backup: the broker believes that all was read.
            let empty = MemoryStore()
            _ = try await Ingester(configuration(broker), openSink: { empty.sink($0) }).run()
            expectExactly(600, in: empty)
        }
    }

    @Test func aSecondIngesterOfTheSamePartitionsIsRefused() async throws {
        try await withMockBroker { broker in
            try send(100, to: broker.properties)
            let rival = Mutex<MemoryStore?>(nil)
            let store = MemoryStore { table in
                // Before our first commit somebody else stores the same messages.
                guard table == TableContract.events.name, let store = rival.withLock({ $0.take() }) else { return }
                store.withTables { tables in
                    tables[TableContract.events.name, default: .init()].offsets =
                        Dictionary(
                            uniqueKeysWithValues: Topics.events.flatMap { topic in
                                (0..<4).map { ("kafka:test:\(topic):\($0)", Int64(1)) }
                            })
                }
            }
            rival.withLock { $0 = store }
            var configuration = configuration(broker)
            configuration.cluster = "test"
            await #expect {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            } throws: { error in
                guard case IngestError.anotherIngester = error else { return false }
                return true
            }
        }
    }

    @Test func stoppingStoresWhatWasRead() async throws {
        try await withMockBroker { broker in
            let store = MemoryStore()
            try send(1000, to: broker.properties)
            var configuration = configuration(broker)
            configuration.untilEnd = false
            configuration.commit = CommitPolicy(rows: 1_000_000, age: 3600)
            let seen = Atomic<Int>(0)
            let hooks = Ingester.Hooks(onProgress: { seen.store($0.messages, ordering: .relaxed) })
            let ingester = Ingester(configuration, hooks: hooks, openSink: { store.sink($0) })
            async let result = ingester.run()
            try await eventually("the rows are stored") { seen.load(ordering: .relaxed) >= 1000 }
            #expect(store.version(of: TableContract.events.name) == -1)
            ingester.stop()
            #expect(try await result.rows == 1000)
            expectExactly(1000, in: store)
        }
    }

    @Test func halfABatchIsEnoughWhileNothingElseIsCommitted() async throws {
        try await withMockBroker { broker in
            let store = MemoryStore()
            try send(1000, to: broker.properties)
            var configuration = configuration(broker)
            configuration.untilEnd = false
            configuration.commit = CommitPolicy(rows: 1500, age: 3600)
            let ingester = Ingester(configuration, openSink: { store.sink($0) })
            async let result = ingester.run()
            try await eventually("rows are stored") { store.version(of: TableContract.events.name) >= 0 }
            ingester.stop()
            #expect(try await result.rows == 1000)
            expectExactly(1000, in: store)
        }
    }

    @Test func twoIngestersOfAGroupShareThePartitions() async throws {
        try await withMockBroker(topics: [Topics.views: 4, Topics.likes: 4, Topics.reviews: 4]) { broker in
            let store = MemoryStore()
            var shared = configuration(broker)
            shared.sharing = .group
            shared.untilEnd = false
            shared.commit.age = 0.05
            shared.kafka["session.timeout.ms"] = "6000"
            shared.cluster = "test"
            let first = Ingester(shared, openSink: { store.sink($0) })
            async let firstRun = first.run()
            try send(2000, to: broker.properties)
            try await eventually("the rows are stored") {
                store.strings("event_id", of: TableContract.events.name).count >= 2000
            }
            let joined = Atomic<Int>(0)
            let second = Ingester(
                shared, hooks: .init(onProgress: { joined.store($0.partitions, ordering: .relaxed) }),
                openSink: { store.sink($0) })
            async let secondRun = second.run()
            try await eventually("the rows are stored") { joined.load(ordering: .relaxed) > 0 }
            try send(2000, from: 2000, to: broker.properties)
            try await eventually("the rows are stored") {
                store.strings("event_id", of: TableContract.events.name).count >= 4000
            }
            first.stop()
            _ = try await firstRun
            try send(1000, from: 4000, to: broker.properties)
            try await eventually("the rows are stored") {
                store.strings("event_id", of: TableContract.events.name).count >= 5000
            }
            second.stop()
            #expect(try await secondRun.rows > 0)
            expectExactly(5000, in: store)
        }
    }

    /// Who has read what is theirs stays: what others have may come to them, as that of the one that is stopped here.
    @Test func membersOfAGroupEndWhenAllIsStoredWhoeverStoredIt() async throws {
        try await withMockBroker(topics: [Topics.views: 4, Topics.likes: 4, Topics.reviews: 4]) { broker in
            let store = MemoryStore()
            let slow = MemoryStore(sharing: store) { _ in Thread.sleep(forTimeInterval: 0.3) }
            try send(6000, to: broker.properties)
            var shared = configuration(broker)
            shared.sharing = .group
            shared.commit = CommitPolicy(rows: 200, age: 0.05)
            shared.kafka["session.timeout.ms"] = "6000"
            shared.cluster = "test"
            func stored() -> Int { store.strings("event_id", of: TableContract.events.name).count }
            let stopped = Ingester(shared, openSink: { slow.sink($0) })
            let members = [
                Ingester(shared, openSink: { slow.sink($0) }), Ingester(shared, openSink: { store.sink($0) }),
            ]
            async let stoppedRun = stopped.run()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for member in members {
                    group.addTask {
                        _ = try await member.run()
                        return store.strings("event_id", of: TableContract.events.name).count
                    }
                }
                try await eventually("some are stored") { stored() > 1000 }
                stopped.stop()
                for try await count in group { #expect(count == 6000, "a member ended before the others") }
            }
            _ = try await stoppedRun
            expectExactly(6000, in: store)
        }
    }

    /// As a leader that was paused answers while it wakes: for a moment its log ends where it stood still.
    @Test func aLogThatIsShorterForAMomentIsNoLoss() async throws {
        let store = MemoryStore()
        let topics = [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]
        func ingester(_ broker: EmbeddedBroker) -> Ingester {
            var configuration = configuration(broker)
            configuration.cluster = "test"
            configuration.shorterLogPatience = 120
            return Ingester(configuration, openSink: { store.sink($0) })
        }
        try await withMockBroker(topics: topics) { broker in
            try send(60, to: broker.properties)
            _ = try await ingester(broker).run()
        }
        // The same log, which grows to where it was while it is looked at.
        try await withMockBroker(topics: topics) { broker in
            try send(9, to: broker.properties)
            let next = ingester(broker)
            let run = Task { try await next.run() }
            try await Task.sleep(for: .milliseconds(500))
            try send(81, from: 9, to: broker.properties)
            let progress = try await run.value
            #expect(progress.skipped.isEmpty)
            // The end that this run went to is the one that was found; a run after it has the rest.
            _ = try await ingester(broker).run()
        }
        expectExactly(90, in: store)
    }

    @Test func whatTheBrokerHasLostStopsTheRun() async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            let store = MemoryStore()
            store.withTables { $0[TableContract.events.name] = .init(offsets: ["kafka:test:movie-views:0": 50]) }
            try send(9, to: broker.properties)
            var configuration = configuration(broker)
            configuration.cluster = "test"
            configuration.shorterLogPatience = 0.3
            await #expect {
                try await Ingester(configuration, openSink: { store.sink($0) }).run()
            } throws: { error in
                guard case IngestError.dataLoss(Topics.views, 0, 50, 0..<3) = error else { return false }
                return true
            }
            configuration.onDataLoss = .continue
            let progress = try await Ingester(configuration, openSink: { store.sink($0) }).run()
            #expect(progress.skipped.count == 1)
            #expect(progress.rows == 9)
            #expect(store.offsets(of: TableContract.events.name)["kafka:test:movie-views:0"] == 3)
        }
    }
}
