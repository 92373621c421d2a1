import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// What `marquee ingest` does when it is stopped, frozen, refused, or out of space, against Apache Kafka.
@Suite(.serialized, .enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
struct IngestTroubleTests {

    private func version(of store: String) -> Int64 {
        (try? DeltaTable.open(at: "\(store)/\(TableContract.events.name)").snapshot().version) ?? -1
    }

    private func grows(_ store: String, by versions: Int64 = 2) async throws {
        let goal = version(of: store) + versions
        try await eventually("the table grows") { version(of: store) >= goal }
    }

    /// One of two ingesters is frozen for longer than the group waits, with rows in its hands, and wakes up when the
    /// other has stored them. Then both are told to end: what was read is stored, and the broker hears the same offsets.
    @Test(arguments: Effort.isNightly ? ["cooperative-sticky", "range"] : ["cooperative-sticky"])
    func aFrozenIngesterStoresNothingTwiceAndAStoppedOneEverything(strategy: String) async throws {
        try await withTemporaryFolder { folder in
            try await KafkaServer.with { server in
                try await server.createTopics()
                let store = folder.appending(path: "store").path
                let arguments = ["ingest", "--bootstrap-servers", server.bootstrapServers, "--store", store]
                let member =
                    arguments + [
                        "--group", "pair", "--kafka.session.timeout.ms", "6000", "--kafka.heartbeat.interval.ms", "500",
                        "--kafka.partition.assignment.strategy", strategy,
                    ]
                let traffic = SteadyTraffic(to: server.properties)
                let processes = [
                    try MarqueeProcess(member, in: folder), try MarqueeProcess(member, in: folder),
                ]
                try await grows(store, by: 4)
                let before = server.count(ofLogged: "Stabilized group")
                processes[0].signal(SIGSTOP)
                try await eventually("the group goes on without it") {
                    server.count(ofLogged: "Stabilized group") > before
                }
                try await grows(store)
                processes[0].signal(SIGCONT)
                try await grows(store, by: 4)
                let sent = try await traffic.finish()
                try await Task.sleep(for: .milliseconds(500))
                for (process, signal) in zip(processes, [SIGTERM, SIGINT]) {
                    process.signal(signal)
                    let result = try await process.result()
                    #expect(!result.wasKilled && [0, 130].contains(result.status), "\(result)")
                }
                let last = try await MarqueeProcess.run(arguments + ["--until-end"], in: folder)
                #expect(last.status == 0, "\(last.errors)")
                let tally = try StoreTally(of: store, sent: sent)
                #expect(tally.isExact, "\(strategy): \(tally)")
                try await expectBrokerAgrees(store, server.properties)
            }
        }
    }

    /// The last run was told no group, so it told the broker its offsets under the default one.
    private func expectBrokerAgrees(_ store: String, _ properties: KafkaProperties) async throws {
        let traffic = SteadyTraffic(to: properties)
        let folder = URL(filePath: store).deletingLastPathComponent()
        let process = try MarqueeProcess(
            ["ingest", "--bootstrap-servers", properties.bootstrapServers, "--store", store], in: folder)
        try await grows(store)
        process.signal(SIGTERM)
        let result = try await process.result()
        #expect(!result.wasKilled, "\(result)")
        _ = try await traffic.finish()
        let stored = try DeltaTable.open(at: "\(store)/\(TableContract.events.name)").snapshot().transactions
        let consumer = try KafkaConsumer(properties: properties, group: "marquee-ingest")
        let told = try consumer.committed(try consumer.partitions(of: Topics.events))
        #expect(told.count == 6)
        for (place, offset) in told {
            let key = stored.keys.first { $0.hasSuffix(":\(place.topic):\(place.partition)") }
            #expect(key.flatMap { stored[$0] } == offset, "\(place)")
        }
    }

    /// Messages of partitions that came into being while the ingester ran are read from their beginning.
    @Test func aTopicGrowsWhileItIsRead() async throws {
        try await withTemporaryFolder { folder in
            try await KafkaServer.with { server in
                try await server.createTopics()
                let store = folder.appending(path: "store").path
                let arguments = ["ingest", "--bootstrap-servers", server.bootstrapServers, "--store", store]
                let process = try MarqueeProcess(
                    arguments + ["--group", "g", "--kafka.topic.metadata.refresh.interval.ms", "1000"], in: folder)
                let traffic = SteadyTraffic(to: server.properties)
                try await grows(store)
                for topic in Topics.events {
                    try await server.tool([
                        "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", server.bootstrapServers, "--alter",
                        "--topic", topic, "--partitions", "5",
                    ])
                }
                try await eventually("the new partitions are read") {
                    let stored = try DeltaTable.open(at: "\(store)/\(TableContract.events.name)").snapshot()
                        .transactions
                    return stored.keys.contains { $0.hasSuffix(":\(Topics.views):4") }
                }
                let sent = try await traffic.finish()
                process.signal(SIGTERM)
                _ = try await process.result()
                let last = try await MarqueeProcess.run(arguments + ["--until-end"], in: folder)
                #expect(last.status == 0, "\(last.errors)")
                let tally = try StoreTally(of: store, sent: sent)
                #expect(tally.isExact, "\(tally)")
            }
        }
    }

    @Test func aRefusedPasswordIsNamedAndNotShown() async throws {
        try await withTemporaryFolder { folder in
            try await KafkaServer.with(["--user", "marquee", "--password", "s3cret"]) { server in
                let result = try await MarqueeProcess.run(
                    [
                        "ingest", "--bootstrap-servers", server.bootstrapServers, "--store",
                        folder.appending(path: "store").path, "--kafka.security.protocol", "sasl_plaintext",
                        "--kafka.sasl.mechanisms", "PLAIN", "--kafka.sasl.username", "marquee",
                        "--kafka.sasl.password", "guessed-wrong",
                    ], in: folder)
                #expect(result.status == 69 && result.errors.contains("refused the credentials"), "\(result)")
                #expect(!(result.errors + result.output).contains("guessed-wrong"))
            }
        }
    }

    /// The store lies on a file system of 3 MB. The run ends with what is wrong; with space again nothing is missing.
    @Test(.enabled(if: getuid() == 0, "only root may mount a small file system"))
    func aFullDiskEndsTheRunAndLosesNothing() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(
                topics: [Topics.views: 2, Topics.likes: 2, Topics.reviews: 2, Topics.movies: 1]
            ) { broker in
                let store = folder.appending(path: "small").path
                try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
                let mounted = try await runCommand("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", store])
                guard mounted.status == 0 else {
                    print("not tried, mount is forbidden here: \(mounted.output)")
                    return
                }
                do {
                    let arguments = ["ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store]
                    let traffic = SteadyTraffic(to: broker.properties, rate: 2000)
                    let process = try MarqueeProcess(arguments, in: folder)
                    try await grows(store)
                    let filler = "\(store)/filler"
                    _ = try await runCommand("/bin/dd", ["if=/dev/zero", "of=\(filler)", "bs=4k"])
                    let result = try await process.result()
                    #expect(!result.wasKilled && [69, 70].contains(result.status), "\(result)")
                    #expect(result.errors.contains("No space left") || result.errors.contains("full"), "\(result)")
                    let sent = try await traffic.finish()
                    try FileManager.default.removeItem(atPath: filler)
                    let last = try await MarqueeProcess.run(arguments + ["--until-end"], in: folder)
                    #expect(last.status == 0, "\(last.errors)")
                    let tally = try StoreTally(of: store, sent: sent)
                    #expect(tally.isExact, "\(tally)")
                } catch {
                    _ = try await runCommand("/bin/umount", ["-l", store])
                    throw error
                }
                _ = try await runCommand("/bin/umount", ["-l", store])
            }
        }
    }
}
