import Columnar
import Domain
import Foundation
import Kafka
import KafkaTestSupport
import ObjectStore
import Store
import TestSupport
import Testing

/// The store and the models lie in a bucket. Each command is a process of its own, given the service by `AWS_*` variables.
@Suite(.enabled(if: ObjectServer.isAvailable, "moto is not in .venv: make venv"))
struct ObjectStoreLoopTests {
    /// The same bucket, seen from the test.
    private static func storage(_ address: String, on server: ObjectServer, cache: URL) throws -> S3Storage {
        let settings = try ObjectStoreSettings(environment: server.environment(cache: cache))
        return try S3Storage(ObjectAddress(address), settings, cache: cache.path)
    }

    @Test func fromEventsToAList() async throws {
        try await withTemporaryFolder { folder in
            let server = try await ObjectServer()
            let environment = server.environment(cache: folder.appending(path: "cache"))
            let (store, models) = ("s3://films/live/store", "s3://films/live/models")
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            try await Loop.run(["simulate", "--count", "4000", "--days", "30"] + kafka, in: folder)
            try await Loop.run(
                ["ingest", "--store", store, "--until-end"] + kafka, in: folder, environment: environment)
            let count = try await Loop.run(["store", "count", store + "/events"], in: folder, environment: environment)
            #expect(count.contains("4,000") || count.contains("4000"), "\(count)")
            #expect(
                try await Loop.run(["store", "verify", store + "/events"], in: folder, environment: environment)
                    .contains(" 0 problems"))

            // Others read the table where it lies.
            let answer = try await runCommand(
                "/usr/bin/env",
                environment.map { "\($0.key)=\($0.value)" } + [
                    try #require(Checkout.python).path,
                    Checkout.root.appending(path: "Tests/Independent/s3/read_table.py").path, store + "/events",
                ])
            #expect(answer.status == 0, "\(answer.output)")
            let found = try Loop.json(String(answer.output.split(separator: "\n").last ?? ""))
            for reader in ["deltalake", "polars", "pyarrow", "distinct"] {
                #expect(found[reader] as? Int == 4000, "\(reader): \(found)")
            }

            let trained = try await Loop.run(
                [
                    "train", "--store", store, "--models", models, "--rank", "8", "--epochs", "2", "--promote",
                    "always",
                ], in: folder, environment: environment)
            #expect(trained.contains("in service"))
            let list = try await Loop.run(["models", "list", "--models", models], in: folder, environment: environment)
            #expect(list.contains("* "))
            let shown = try await Loop.run(
                ["recommend", "--models", models, "--store", store, "--user", "u1", "--format", "json"], in: folder,
                environment: environment)
            #expect(try #require(try Loop.json(shown)["items"] as? [Any]).count == 10)

            let serve = try MarqueeProcess(
                ["serve", "--store", store, "--models", models, "--port", "0"] + kafka, in: folder,
                environment: environment)
            let client = Client(try await serve.line(after: "serving on "))
            try await eventually("a model is served") {
                try await client.get("/healthz/ready").status == 200
            }
            #expect(try await client.items("/v1/users/u1/recommendations?n=5").count == 5)
            client.close()
            serve.signal(SIGINT)
            let ended = try await serve.result()
            #expect(ended.status == 0, "\(ended.errors)")
            // No key, secret, token or signature of a request got into a log.
            for word in [ObjectServer.credentials.key, ObjectServer.credentials.secret, "Signature="] {
                #expect(!ended.errors.contains(word) && !ended.output.contains(word))
            }
            broker.signal(SIGINT)
            _ = try await broker.result()
        }
    }

    /// As on a disk: every event is there once, whenever the ingester dies.
    @Test func anIngesterIsKilledAtRandom() async throws {
        let kills = Effort.rounds(5, nightly: 100)
        try await withTemporaryFolder { folder in
            let server = try await ObjectServer()
            let cache = folder.appending(path: "cache")
            let environment = server.environment(cache: cache)
            try await withMockBroker(
                topics: [Topics.views: 3, Topics.likes: 2, Topics.reviews: 2, Topics.movies: 1]
            ) { broker in
                let store = "s3://films/killed"
                let arguments = [
                    "ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store, "--commit-interval",
                    "1s",
                ]
                let traffic = SteadyTraffic(to: broker.properties, rate: 300)
                var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
                let stored = try EventStore(Self.storage(store, on: server, cache: cache))
                var commits: Int64 = 0
                for round in 0..<kills {
                    let process = try MarqueeProcess(arguments, in: folder, environment: environment)
                    // Every other one dies at any instant, the others soon after they have committed: so the kills prove
                    // something, however slow the machine is.
                    if round.isMultiple(of: 2) {
                        let before = commits
                        try await eventually("a commit") {
                            commits = try stored.openIfPresent(.events)?.snapshot().version ?? 0
                            return commits > before
                        }
                    }
                    try await Task.sleep(for: .milliseconds(random.below(3000)))
                    process.signal(SIGKILL)
                    #expect(try await process.result().wasKilled)
                }
                let sent = try await traffic.finish()
                let last = try await MarqueeProcess.run(
                    arguments + ["--until-end"], in: folder, environment: environment)
                #expect(last.status == 0, "\(last.errors)")
                let tally = try StoreTally(of: stored, sent: sent)
                print("\(kills) kills, object store: \(tally)")
                #expect(tally.isExact, "\(tally)")
                #expect(commits >= kills / 2, "or the kills proved nothing")
            }
        }
    }

    @Test func whatCannotBeIsSaidInOneLine() async throws {
        try await withTemporaryFolder { folder in
            let server = try await ObjectServer()
            let environment = server.environment(cache: folder.appending(path: "cache"))
            try await Loop.refused(
                ["models", "list", "--models", "s3://nothing/models"], in: folder, environment: environment, status: 65,
                saying: ["There is no bucket 'nothing'"])
            var other = environment
            other["AWS_SECRET_ACCESS_KEY"] = "wrong"
            try await Loop.refused(
                ["store", "log", "s3://films/events"], in: folder, environment: other, status: 69,
                saying: ["does not accept the credentials (SignatureDoesNotMatch)"])
            other = ["AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null"]
            try await Loop.refused(
                ["store", "log", "s3://films/events"], in: folder, environment: other, status: 64,
                saying: ["There are no credentials for S3"])
            try await Loop.refused(
                ["store", "log", "ftp://films/events"], in: folder, environment: environment, status: 64,
                saying: ["A store cannot be at ftp://"])
            try await Loop.refused(
                [
                    "serve", "--store", "s3://films/store", "--models", "s3://films/models", "--state",
                    "s3://films/state",
                ],
                in: folder, environment: environment, status: 64, saying: ["be a folder of this machine"])
        }
    }
}
