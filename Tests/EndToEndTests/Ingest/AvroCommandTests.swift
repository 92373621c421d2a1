import Domain
import EventIngest
import Foundation
import HTTPClient
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

/// `import` and `serve` with `--format avro`, as processes, against a registry that wants a password.
@Suite struct AvroCommandTests {
    private static let password = "s3cretword"

    /// Runs `body` with the options of a broker and a registry; the registry stands in a properties file.
    private func withAvro(_ body: (URL, _ options: [String], EmbeddedBroker) async throws -> Void) async throws {
        let schema = RegistryDouble.Schema(id: 1, subject: "event", text: AvroEventEncoder.schema)
        try await RegistryDouble.with(schemas: [schema], user: "marquee:\(Self.password)") { registry in
            try await withTemporaryFolder { folder in
                try await withMockBroker { broker in
                    let file = folder.appending(path: "client.properties")
                    try Data(
                        """
                        bootstrap.servers=\(broker.bootstrapServers)
                        schema.registry.url=\(registry.url)
                        basic.auth.credentials.source=USER_INFO
                        basic.auth.user.info=marquee:\(Self.password)
                        """.utf8
                    ).write(to: file)
                    try await body(folder, ["--kafka-config", file.path, "--format", "avro"], broker)
                }
            }
        }
    }

    @Test func importedEventsGoThroughKafkaAsAvro() async throws {
        try await withAvro { folder, avro, broker in
            let plays = folder.appending(path: "plays.csv")
            try Data("user,item,at\nu1,m1,2005-06-04\nu2,m2,2005-06-05\n".utf8).write(to: plays)
            let map = ["import", "csv", plays.path, "--map", "user=user,item=item,at=at", "--kind", "view"]
            try await Loop.run(map + avro, in: folder)
            let messages = try contents(of: Topics.views, at: broker.properties).values.flatMap { $0 }
            #expect(messages.count == 2 && messages.allSatisfy { $0.hasPrefix("\0\0\0\0\u{1}") })
            let store = folder.appending(path: "data").path
            try await Loop.run(["ingest", "--store", store, "--until-end"] + avro, in: folder)
            let events = try await StoredEvent.all(in: store, folder)
            #expect(events.map(\.userID).sorted() == ["u1", "u2"] && events.allSatisfy { $0.source == "csv" })
            // Directly into the store no message is written.
            try await Loop.refused(
                map + ["--store", store, "--format", "avro"], in: folder, status: 64, saying: ["--bootstrap-servers"])
        }
    }

    @Test func aRefusedPasswordIsNotShown() async throws {
        try await withAvro { folder, avro, _ in
            let wrong = ["--schema-registry-user", "marquee"]
            // On the command line it would be seen by all.
            try await Loop.refused(
                ["simulate", "--count", "10"] + avro + wrong + ["--schema-registry-password", "wr0ngword"], in: folder,
                status: 64, saying: ["MARQUEE_SCHEMA_REGISTRY_PASSWORD"])
            try await Loop.refused(
                ["simulate", "--count", "10"] + avro + wrong, in: folder, status: 64,
                saying: ["needs MARQUEE_SCHEMA_REGISTRY_PASSWORD"])
            let result = try await MarqueeProcess.run(
                ["simulate", "--count", "10", "--log-level", "trace"] + avro + wrong, in: folder,
                environment: ["MARQUEE_SCHEMA_REGISTRY_PASSWORD": "wr0ngword"])
            #expect(result.status == 69, "\(result.errors)")
            #expect(result.errors.contains("refused the credentials"), "\(result.errors)")
            for text in [result.errors, result.output] {
                #expect(!text.contains("wr0ngword") && !text.contains(Self.password), "\(text)")
            }
        }
    }

    @Test func theServiceHearsAndWritesAvro() async throws {
        try await withAvro { folder, avro, _ in
            let store = folder.appending(path: "data").path
            let models = folder.appending(path: "models").path
            let ingest = ["ingest", "--store", store, "--until-end"] + avro
            try await Loop.run(["simulate", "--count", "6000", "--days", "20", "--users", "100"] + avro, in: folder)
            try await Loop.run(ingest, in: folder)
            try await Loop.run(
                ["train", "--store", store, "--models", models, "--rank", "8", "--epochs", "2", "--promote", "always"],
                in: folder)
            let film = try #require(
                try await StoredEvent.all(in: store, folder).first { $0.kind == "view" }?.itemID)

            let server = try MarqueeProcess(
                ["serve", "--models", models, "--store", store, "--port", "0"] + avro, in: folder)
            let client = Client(try await server.line(after: "serving on "))
            defer { client.close() }
            try await eventually("it is ready") { try await client.get("/healthz/ready").status == 200 }
            // Written by the service: what it sends is Avro that the ingester reads.
            let event = #"{"user_id":"guest","item_id":"\#(film)","kind":"view","value":1}"#
            #expect(try await client.post("/v1/events", event) == 202)
            // Heard by the service: the import is of someone it does not know.
            let plays = folder.appending(path: "plays.csv")
            try Data("stranger,\(film),\(Int(Date().timeIntervalSince1970))\n".utf8).write(to: plays)
            try await Loop.run(
                ["import", "csv", plays.path, "--no-header", "--map", "user=1,item=2,at=3", "--kind", "view"] + avro,
                in: folder)
            for user in ["guest", "stranger"] {
                try await eventually("the event of \(user) is folded in") {
                    try await client.object("/v1/users/\(user)/recommendations?n=3")["user_state"] as? String
                        == "folded_in"
                }
            }
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
            try await Loop.run(ingest, in: folder)
            let stored = try await StoredEvent.all(in: store, folder)
            #expect(stored.contains { $0.userID == "guest" && $0.itemID == film && $0.source == "rest" })
            #expect(stored.contains { $0.userID == "stranger" })
        }
    }
}
