import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Synchronization
import TestSupport
import Testing

/// `marquee ingest`, processes of their own, are killed at random instants while events keep coming: every event is in
/// the table exactly once or in the dead letters exactly once.
@Suite(.serialized) struct IngestKillTests {
    /// Against the embedded broker, alone: the start without a group is quicker, so more instants of it are hit.
    @Test func anIngesterAloneIsKilledAtRandom() async throws {
        let kills = Effort.rounds(25, nightly: 100)
        try await withTemporaryFolder { folder in
            try await withMockBroker(
                topics: [Topics.views: 3, Topics.likes: 2, Topics.reviews: 2, Topics.movies: 1]
            ) { broker in
                let store = folder.appending(path: "store").path
                let arguments = ["ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store]
                let traffic = SteadyTraffic(to: broker.properties)
                var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
                for _ in 0..<kills {
                    let process = try MarqueeProcess(arguments, in: folder)
                    // From "before it has read anything" to "after some commits".
                    try await Task.sleep(for: .milliseconds(100 + random.below(3900)))
                    process.signal(SIGKILL)
                    let result = try await process.result()
                    #expect(result.wasKilled, "\(result.errors)")
                }
                let sent = try await traffic.finish()
                let last = try await MarqueeProcess.run(arguments + ["--until-end"], in: folder)
                #expect(last.status == 0, "\(last.errors)")
                let tally = try StoreTally(of: store, sent: sent)
                print("\(kills) kills, embedded broker: \(tally)")
                #expect(tally.isExact, "\(tally)")
                // Or the kills proved nothing.
                #expect(tally.commits > kills / 4)
            }
        }
    }

    /// Three ingesters of one group against Apache Kafka. Two keep their place in it over a kill (static members), so
    /// that they come back at once; the third joins anew each time and every other time leaves by itself, so that
    /// partitions keep moving. At night the broker is killed every 90 s as well.
    @Test(.enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
    func ingestersOfAGroupAreKilledAtRandom() async throws {
        let kills = Effort.rounds(50, nightly: 1000)
        try await withTemporaryFolder { folder in
            try await KafkaServer.with { server in
                let store = folder.appending(path: "store").path
                let consumer = try KafkaConsumer(properties: server.properties, group: "setup")
                try consumer.create(topics: Topics.events + [Topics.movies], partitions: 3)
                let traffic = SteadyTraffic(to: server.properties, rate: 500)
                let arguments = ["ingest", "--bootstrap-servers", server.bootstrapServers, "--store", store]
                let rampage = Rampage(kills: kills, arguments: arguments, folder: folder, traffic: traffic)
                try await withThrowingTaskGroup { group in
                    for slot in 0..<3 { group.addTask { try await rampage.run(slot) } }
                    if Effort.isNightly {
                        group.addTask {
                            while !rampage.isOver {
                                try await Task.sleep(for: .seconds(90))
                                // Each start of the broker begins its log anew.
                                rampage.sawRebalances(server.count(ofLogged: "Stabilized group"))
                                try await server.stop(crash: true)
                                try await server.start()
                                rampage.brokerWasKilled()
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let sent = try await traffic.finish()
                let rebalances = rampage.rebalancesBefore + server.count(ofLogged: "Stabilized group")
                let last = try await MarqueeProcess.run(arguments + ["--until-end"], in: folder)
                #expect(last.status == 0, "\(last.errors)")
                let tally = try StoreTally(of: store, sent: sent)
                print("\(rampage.figures), \(rebalances) rebalances: \(tally)")
                #expect(tally.isExact, "\(rampage.figures), \(rebalances) rebalances: \(tally)")
                #expect(rebalances > 5 && tally.commits > rampage.kills / 4, "or the kills proved nothing: \(tally)")
                #expect(rampage.gaveUpForNothing == 0, "\(rampage.figures)")
            }
        }
    }
}

/// Starts ingesters and kills them, in several slots at once, until there were enough kills.
private final class Rampage: Sendable {
    private let wanted: Int
    private let arguments: [String]
    private let folder: URL
    private let traffic: SteadyTraffic
    private let start = ContinuousClock.now
    private let killed = Atomic<Int>(0)
    private let killedAfterCommit = Atomic<Int>(0)
    private let stopped = Atomic<Int>(0)
    private let gaveUp = Atomic<Int>(0)
    private let rebalances = Atomic<Int>(0)
    private let brokerKilled = Atomic<Int>(0)

    /// What ends an ingester when the broker was killed: none answers for as long as a start has patience; or it has
    /// forgotten whom it let in last under a static member's name, and fences the one that is there, which is fatal to
    /// librdkafka's consumer. Whoever watches over the process starts it again.
    private static let endsForTheBroker = ["No Kafka broker answers", "Static consumer fenced"]

    init(kills: Int, arguments: [String], folder: URL, traffic: SteadyTraffic) {
        wanted = kills
        self.traffic = traffic
        self.arguments = arguments
        self.folder = folder
    }

    var isOver: Bool {
        // Without events kills prove nothing.
        if killed.load(ordering: .relaxed) >= wanted || traffic.hasFailed { return true }
        guard Effort.isNightly, let minutes = Effort.killMinutes else { return false }
        return ContinuousClock.now - start > .seconds(minutes * 60)
    }

    var kills: Int { killed.load(ordering: .relaxed) }

    /// Ends for the broker's sake beyond two of each slot a time that it was killed.
    var gaveUpForNothing: Int {
        max(0, gaveUp.load(ordering: .relaxed) - 6 * brokerKilled.load(ordering: .relaxed))
    }

    var figures: String {
        """
        \(killed.load(ordering: .relaxed)) kills (\(killedAfterCommit.load(ordering: .relaxed)) after a commit of \
        that process), \(stopped.load(ordering: .relaxed)) ended by SIGTERM, \
        \(gaveUp.load(ordering: .relaxed)) gave up for the broker's sake, broker killed \
        \(brokerKilled.load(ordering: .relaxed)) times
        """
    }

    var rebalancesBefore: Int { rebalances.load(ordering: .relaxed) }

    func sawRebalances(_ count: Int) { rebalances.wrappingAdd(count, ordering: .relaxed) }

    func brokerWasKilled() { brokerKilled.wrappingAdd(1, ordering: .relaxed) }

    func run(_ slot: Int) async throws {
        var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000), stream: UInt64(slot))
        var properties = [
            "--group", "rampage", "--log-level", "debug", "--kafka.session.timeout.ms", "6000",
            "--kafka.heartbeat.interval.ms", "500", "--kafka.reconnect.backoff.max.ms", "500",
        ]
        let isStatic = slot < 2
        if isStatic { properties += ["--kafka.group.instance.id", "slot-\(slot)"] }
        var rounds = 0
        while !isOver {
            rounds += 1
            let process = try MarqueeProcess(arguments + properties, in: folder)
            let hasCommitted = { process.errors.contains("committed") }
            // One in four at any instant, from its first; the others at any instant after they have stored something.
            if random.below(4) == 0 {
                try await Task.sleep(for: .milliseconds(random.below(2000)))
            } else {
                // Long enough for a group whose members keep vanishing to agree at last.
                let end = ContinuousClock.now + .seconds(30)
                while !hasCommitted(), process.isRunning, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await Task.sleep(for: .milliseconds(50 + random.below(750)))
            }
            if isStatic || rounds.isMultiple(of: 2) {
                process.signal(SIGKILL)
                let result = try await process.result()
                if Effort.isNightly, result.status == 69, Self.endsForTheBroker.contains(where: result.errors.contains)
                {
                    gaveUp.wrappingAdd(1, ordering: .relaxed)
                    continue
                }
                #expect(result.wasKilled, "it ended by itself: \(result.errors.suffix(3000))")
                killed.wrappingAdd(1, ordering: .relaxed)
                if result.errors.contains("committed") { killedAfterCommit.wrappingAdd(1, ordering: .relaxed) }
            } else {
                process.signal(SIGTERM)
                let result = try await process.result()
                #expect(!result.wasKilled || result.status == SIGTERM, "\(result.errors.suffix(3000))")
                stopped.wrappingAdd(1, ordering: .relaxed)
            }
        }
    }
}
