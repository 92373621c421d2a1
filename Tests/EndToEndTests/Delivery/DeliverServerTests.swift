import Domain
import Foundation
import Kafka
import KafkaTestSupport
import PostgreSQL
import PostgresTestSupport
import TestSupport
import Testing

/// `marquee deliver` and what a database's operator does: encryption, a disk that is full, several deliverers that share
/// the topics.
@Suite(.serialized) struct DeliverServerTests {
    @Test(
        .enabled(if: PostgresServer.isAvailable, "\(PostgresServer.needed)"),
        .enabled(if: CertificateAuthority.isAvailable, "there is no /usr/bin/openssl"))
    func encrypted() async throws {
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            let authority = try await CertificateAuthority(folder)
            let otherFolder = folder.appending(path: "other")
            try FileManager.default.createDirectory(at: otherFolder, withIntermediateDirectories: true)
            let other = try await CertificateAuthority(otherFolder)
            try await PostgresServer.with { server in
                _ = try await TrainedLoop.migrate(server, in: folder)
                func restart(with issued: CertificateAuthority.Issued) async throws {
                    try await server.stop()
                    try server.useTLS(issued)
                    try await server.start()
                }
                func deliver(_ parameters: String) -> [String] {
                    let address = server.url()
                    return loop.deliver(server).map { $0 == address ? "\(address)?\(parameters)" : $0 } + [
                        "--until-end"
                    ]
                }
                try await restart(with: authority.issue("server"))
                try await Loop.refused(
                    deliver("sslmode=disable"), in: folder, status: 69, saying: ["SQLSTATE 28000", "no encryption"])
                try await Loop.refused(
                    deliver("sslmode=verify-full&sslrootcert=\(other.certificate)"), in: folder, status: 69,
                    saying: ["certificate verify failed"])
                // What libpq needs and does not find is no outage of the server.
                try await Loop.refused(
                    deliver("sslmode=verify-full"), in: folder, environment: ["HOME": folder.path], status: 64,
                    saying: ["settings", "root certificate file"])
                let trusted = deliver("sslmode=verify-full&sslrootcert=\(authority.certificate)")
                try await Loop.run(trusted, in: folder)
                let count = "SELECT count(*) FROM marquee.events"
                #expect(try server.value(count) == "\(TrainedLoop.events)")
                #expect(try server.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t")
                try DeliveryTally.check(server)
                try await restart(with: authority.issue("expired", days: -1))
                try await Loop.refused(trusted, in: folder, status: 69, saying: ["certificate verify failed"])
            }
        }
    }

    @Test(.enabled(if: PostgresServer.canLimitDisk, "needs a PostgreSQL server, and root to mount a small disk for it"))
    func aFullDisk() async throws {
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            try await PostgresServer.with { server in
                try await server.withDisk(bytes: 24 << 20) { disk in
                    // One statement each: neither may be in a transaction with another.
                    try server.connection().query("CREATE TABLESPACE small LOCATION '\(disk)'")
                    try server.connection().query("CREATE DATABASE small TABLESPACE small")
                    let address = server.url(database: "small")
                    let words = loop.deliver(server).map { $0 == server.url() ? address : $0 }
                    try await Loop.run(["deliver", "--migrate", "--postgres", address], in: folder)
                    let admin = try server.connection(database: "small")
                    func events() throws -> Int {
                        Int(try admin.query("SELECT count(*) FROM marquee.events")[0, 0] ?? "") ?? -1
                    }
                    try admin.query("CREATE TABLE filler (text text)")
                    // Until nothing more goes in.
                    for size in [100_000, 8000, 100] {
                        while (try? admin.query(
                            "INSERT INTO filler SELECT repeat(md5(random()::text), \(size / 32)) FROM generate_series(1, 10)"
                        ))
                            != nil
                        {}
                    }
                    let process = try MarqueeProcess(words, in: folder)
                    try await eventually("it says so") { process.errors.contains("SQLSTATE 53100") }
                    #expect(try events() < TrainedLoop.events)
                    #expect(process.isRunning)
                    try admin.query("DROP TABLE filler")
                    try await eventually("all is there") { try events() == TrainedLoop.events }
                    process.signal(SIGTERM)
                    #expect(try await process.result().status == 0)
                    try DeliveryTally.check(admin)
                }
            }
        }
    }

    /// Three share the partitions; one is killed and one stopped, and the third goes on with what was theirs.
    @Test(
        .enabled(if: PostgresServer.isAvailable, "\(PostgresServer.needed)"),
        .enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
    func aGroup() async throws {
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            try await PostgresServer.with { server in
                try await KafkaServer.with { broker in
                    try await broker.createTopics(partitions: 3)
                    _ = try await TrainedLoop.migrate(server, in: folder)
                    let words =
                        loop.deliver(server, ["--bootstrap-servers", broker.bootstrapServers])
                        + ["--group", "deliverers", "--commit-interval", "0.2s", "--kafka.session.timeout.ms", "6000"]
                    let traffic = SteadyTraffic(to: broker.properties, rate: 200)
                    let group = try (0..<3).map { _ in try MarqueeProcess(words, in: folder) }
                    // Without the one that asks, which is called the same.
                    let writers = """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE application_name = 'marquee' AND pid <> pg_backend_pid()
                        """
                    try await eventually("all three are connected") {
                        for process in group where !process.isRunning { Issue.record("\(process.errors)") }
                        // Two connections each, for events and for dead letters, which stay.
                        return try server.value(writers) == "6"
                    }
                    // Each partition that has messages is somebody's, and goes on.
                    func allGoOn(since start: String) async throws {
                        try await eventually("all partitions go on") {
                            try server.value(
                                """
                                SELECT count(*) > 4 AND bool_and(updated_at > '\(start)') FROM marquee.offsets
                                WHERE next_offset > 0
                                """) == "t"
                        }
                    }
                    func now() throws -> String { try server.value("SELECT clock_timestamp()") ?? "" }
                    try await allGoOn(since: now())
                    group[0].signal(SIGKILL)
                    #expect(try await group[0].result().wasKilled)
                    group[1].signal(SIGTERM)
                    let stopped = try await group[1].result()
                    #expect(stopped.status == 0, "\(stopped.errors)")
                    try await allGoOn(since: now())
                    let sent = try await traffic.finish()
                    try await eventually("all is there") {
                        try server.value("SELECT count(*) FROM marquee.events") == "\(sent.events)"
                    }
                    group[2].signal(SIGTERM)
                    #expect(try await group[2].result().status == 0)
                    #expect(stopped.output.contains("stored"), "the second did its part: \(stopped.output)")
                    try DeliveryTally.check(server)
                }
            }
        }
    }
}
