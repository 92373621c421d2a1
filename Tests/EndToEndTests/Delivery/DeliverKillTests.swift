import Domain
import Foundation
import Kafka
import KafkaTestSupport
import PostgreSQL
import PostgresTestSupport
import TestSupport
import Testing

/// `marquee deliver`, processes of their own, and the database's server are killed at random instants while events keep
/// coming: each event and each list is in the database exactly once.
@Suite(.serialized) struct DeliverKillTests {
    @Test(.enabled(if: PostgresServer.isAvailable, "\(PostgresServer.needed)"))
    func deliverersAndTheDatabaseAreKilledAtRandom() async throws {
        let kills = Effort.rounds(12, nightly: 200)
        // Of the database, in between.
        let every = Effort.rounds(6, nightly: 10)
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            try await PostgresServer.with { server in
                try await withMockBroker(topics: [Topics.views: 3, Topics.likes: 2, Topics.reviews: 2]) { broker in
                    _ = try await TrainedLoop.migrate(server, in: folder)
                    let words = loop.deliver(server, ["--bootstrap-servers", broker.bootstrapServers])
                    let hurried = words + ["--commit-interval", "0.2s"]
                    let traffic = SteadyTraffic(to: broker.properties, rate: 300)
                    var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
                    // How long it takes from the start to the first commit, on this machine with this load.
                    let begun = ContinuousClock.now
                    try await untilItCommits(try MarqueeProcess(hurried, in: folder), server)
                    let start = Int((ContinuousClock.now - begun) / .milliseconds(1))
                    for kill in 1...kills {
                        let process = try MarqueeProcess(hurried, in: folder)
                        if kill % every == 0 {
                            try await untilItCommits(process, server)
                            server.kill()
                            try await Task.sleep(for: .milliseconds(random.below(500)))
                            try await server.start()
                            #expect(process.isRunning, "it waits for the database: \(process.errors)")
                        }
                        // From "before it has read anything" to "after some commits".
                        try await Task.sleep(for: .milliseconds(random.below(start * 11 / 5)))
                        process.signal(SIGKILL)
                        #expect(try await process.result().wasKilled, "\(process.errors)")
                    }
                    let commits = Int(try server.value("SELECT count(DISTINCT delivered_at) FROM marquee.events") ?? "")
                    #expect((commits ?? 0) > kills / 6, "or the kills proved nothing")
                    let sent = try await traffic.finish()
                    try await Loop.run(words + ["--until-end"], in: folder)
                    #expect(try server.value("SELECT count(*) FROM marquee.events") == "\(sent.events)")
                    let letters = Int(try server.value("SELECT count(*) FROM marquee.dead_letters") ?? "") ?? 0
                    #expect((sent.bad...sent.bad + sent.again).contains(letters))
                    try DeliveryTally.check(server)
                    print(
                        "\(kills) kills, \(kills / every) of the database: \(sent), \(commits ?? 0) commits before the last run"
                    )
                }
            }
        }
    }

    private func untilItCommits(_ process: MarqueeProcess, _ server: PostgresServer) async throws {
        let newest = "SELECT max(updated_at) FROM marquee.offsets"
        let before = try server.value(newest)
        try await eventually("it commits") { try server.value(newest) != before }
        #expect(process.isRunning, "\(process.errors)")
    }
}
