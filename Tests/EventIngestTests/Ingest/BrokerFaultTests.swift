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

/// Brokers of Apache Kafka are killed, frozen and started again while events are sent and two ingesters of a group store
/// them: nothing is lost, nothing is stored twice.
@Suite(.serialized, .enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
struct BrokerFaultTests {
    private func topics(at properties: KafkaProperties, brokers: Int) async throws {
        let consumer = try KafkaConsumer(properties: properties, group: "setup")
        try consumer.create(topics: Topics.events, partitions: 3, replication: min(brokers, 3), timeout: 60)
        try await eventually("every broker knows the topics") {
            (try? consumer.partitions(of: Topics.events).count) == 9
        }
    }

    /// Runs two ingesters and a producer while `trouble` lasts, and compares at the end.
    private func survive(
        brokers: Int, _ trouble: (KafkaServer, _ rows: @escaping () async throws -> Void) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await KafkaServer.with(["--brokers", "\(brokers)"]) { server in
                try await topics(at: server.properties, brokers: brokers)
                var configuration = IngestConfiguration(
                    store: EventStore(folder: folder.path), kafka: server.properties, routes: [EventTable.route()])
                configuration.sharing = .group
                configuration.patience = 60
                configuration.commit = CommitPolicy(rows: 5000, age: 0.2)
                configuration.kafka = configuration.kafka.merging(
                    KafkaProperties([
                        "session.timeout.ms": "6000", "heartbeat.interval.ms": "500",
                        "reconnect.backoff.max.ms": "500", "socket.timeout.ms": "6000",
                    ]))
                let stored = Atomic<Int>(0)
                let refused = Atomic<Int>(0)
                let endings = Endings()
                let ingesters = (0..<2).map { i in
                    Ingester(
                        configuration,
                        hooks: Ingester.Hooks(
                            onProgress: { progress in endings.latest.withLock { $0[i] = progress } },
                            onCommit: { commit in
                                if commit.table == TableContract.events.name {
                                    stored.wrappingAdd(commit.rows, ordering: .relaxed)
                                } else {
                                    refused.wrappingAdd(commit.rows, ordering: .relaxed)
                                }
                            }))
                }
                // Or a test that fails would wait for them for ever.
                defer { for ingester in ingesters { ingester.stop() } }
                let runs = ingesters.map { ingester in
                    Task {
                        do { _ = try await ingester.run() } catch { endings.errors.withLock { $0.append("\(error)") } }
                    }
                }
                let traffic = SteadyTraffic(to: server.properties, rate: 2000)
                let more: () async throws -> Void = {
                    let goal = stored.load(ordering: .relaxed) + 1000
                    do {
                        // Several time-outs of half a minute may follow each other on a busy machine.
                        try await eventually("rows go on being stored", patience: .seconds(300)) {
                            try endings.check()
                            try traffic.check()
                            return stored.load(ordering: .relaxed) > goal
                        }
                    } catch {
                        let latest = endings.latest.withLock { $0 }
                        let rows = stored.load(ordering: .relaxed)
                        print("\(rows) rows stored of \(traffic.soFar); ingesters: \(latest)")
                        throw error
                    }
                }
                try await more()
                try await trouble(server, more)
                let sent = try await traffic.finish()
                try await eventually("everything is stored: \(sent)") {
                    stored.load(ordering: .relaxed) >= sent.events && refused.load(ordering: .relaxed) >= sent.bad
                }
                for ingester in ingesters { ingester.stop() }
                for run in runs { await run.value }
                try endings.check()
                let tally = try StoreTally(of: folder.path, sent: sent)
                print("\(brokers) brokers: \(tally)")
                #expect(tally.isExact, "\(tally)")
            }
        }
    }

    @Test func oneOfThreeBrokersIsKilledAndOneFrozen() async throws {
        try await survive(brokers: 3) { server, more in
            for round in 0..<Effort.rounds(1, nightly: 8) {
                // A frozen broker keeps its connections open and answers nothing; the others elect without it.
                let frozen = 1 + round % 3
                server.signal(broker: frozen, SIGSTOP)
                try await Task.sleep(for: .seconds(round.isMultiple(of: 2) ? 5 : 8))
                try await more()
                server.signal(broker: frozen, SIGCONT)
                try await more()
            }
            // It does not come back: two in-sync replicas of three remain.
            server.signal(broker: 2, SIGKILL)
            try await more()
        }
    }

    /// ``RealKafkaTests`` does it once every time.
    @Test(.enabled(if: Effort.isNightly, "the long form of a test of RealKafkaTests: make nightly"))
    func theOnlyBrokerIsKilledAndStartedAgain() async throws {
        try await survive(brokers: 1) { server, more in
            for round in 0..<Effort.rounds(1, nightly: 8) {
                try await server.stop(crash: true)
                try await Task.sleep(for: .seconds(round % 4))
                try await server.start()
                try await more()
            }
        }
    }
}

/// What ended ingesters before their time, and what they were doing.
private final class Endings: Sendable {
    struct Early: Error { var errors: [String] }
    let errors = Mutex<[String]>([])
    /// What each ingester said last.
    let latest = Mutex<[Int: IngestProgress]>([:])

    func check() throws {
        let errors = errors.withLock { $0 }
        if !errors.isEmpty { throw Early(errors: errors) }
    }
}
