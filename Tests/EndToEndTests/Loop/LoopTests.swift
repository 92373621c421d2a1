import Foundation
import TestSupport
import Testing

/// The commands apart, each a process of its own, as a user would run them in separate terminals.
@Suite struct LoopTests {
    static let events = 12_000

    @Test func theLoopAgainstTheEmbeddedBroker() async throws {
        try await withTemporaryFolder { folder in
            let broker = try MarqueeProcess(["broker"], in: folder)
            let servers = try await broker.line(after: "bootstrap.servers=")
            try await loop(servers: servers, in: folder)
            broker.signal(SIGINT)
            #expect(try await broker.result().status == 0)
        }
    }

    @Test(.enabled(if: RealServer.isPresent("kafka"), "there is no ../shared/servers/kafka beside the checkout"))
    func theLoopAgainstRealKafka() async throws {
        try await RealServer.with("kafka") { kafka in
            try await withTemporaryFolder { folder in try await loop(servers: kafka.address, in: folder) }
        }
    }

    private func loop(servers: String, in folder: URL) async throws {
        let store = folder.appending(path: "data").path
        let models = folder.appending(path: "models").path
        let kafka = ["--bootstrap-servers", servers]

        // In: the ingester runs while the producer does, and stops when asked.
        let ingest = try MarqueeProcess(["ingest", "--store", store, "--create-topics", "3"] + kafka, in: folder)
        let sent = try await Loop.run(
            ["simulate", "--count", "\(Self.events)", "--days", "30", "--malformed", "0.01"] + kafka, in: folder)
        #expect(sent.contains("sent \(12_000.formatted) events"))
        try await eventually("everything is stored") {
            try await self.count(store, "events", in: folder) + self.count(store, "dead_letters", in: folder)
                == Self.events
        }
        ingest.signal(SIGINT)
        let stored = try await ingest.result()
        #expect(stored.status == 0, "\(stored.errors)")
        #expect(stored.output.contains("dead letters"))

        // Nothing comes twice: a second ingester finds nothing to do.
        try await Loop.run(["ingest", "--store", store, "--until-end"] + kafka, in: folder)
        let events = try await count(store, "events", in: folder)
        let rejected = try await count(store, "dead_letters", in: folder)
        #expect(events + rejected == Self.events)
        #expect(rejected > 0)
        #expect(try await count(store, "movies", in: folder) > 300)
        try await look(at: store, in: folder)
        try await independentReaders(store, events: events)

        // Through: a model, its evaluation, its listing.
        let trained = try await Loop.run(
            ["train", "--store", store, "--models", models, "--rank", "16", "--epochs", "4"], in: folder)
        #expect(trained.contains("in service"))
        let report = folder.appending(path: "report.json")
        try await Loop.run(
            ["evaluate", "--store", store, "--models", models, "--k", "10,20", "--json", report.path], in: folder)
        let evaluation = try Loop.json(String(contentsOf: report, encoding: .utf8))
        let metrics = try #require(evaluation["metrics"] as? [String: [String: Any]])
        #expect(metrics["ndcg"]?["10"] != nil && metrics["ndcg"]?["20"] != nil)
        let training = try #require(evaluation["training"] as? [String: Any])
        let epochs = try #require(training["epochs"] as? [[String: Any]])
        #expect(epochs.count == 4 && epochs.allSatisfy { $0["loss"] != nil && $0["seconds"] != nil })
        let list = try await Loop.run(["models", "list", "--models", models], in: folder)
        #expect(list.split(separator: "\n").count == 2)
        let manifest = try Loop.json(
            try await Loop.run(["models", "show", "--models", models, "--format", "json"], in: folder))
        let id = try #require(manifest["id"] as? String)
        #expect(list.contains("* ") && list.contains(id))
        if Checkout.python != nil {
            let users = try #require((manifest["data"] as? [String: Any])?["users"] as? Int)
            #expect(users > 0)
            _ = try await Loop.python("models/read_model.py", ["\(models)/\(id)", "u1", "10"])
        }

        // Out: the terminal, and the server with events that come after the model.
        let recommended = try await Loop.run(
            ["recommend", "--models", models, "--store", store, "--user", "u1", "-n", "5"], in: folder)
        #expect(recommended.split(separator: "\n").count == 7)
        try await serve(models: models, store: store, kafka: kafka, in: folder)
    }

    private func count(_ store: String, _ table: String, in folder: URL) async throws -> Int {
        guard FileManager.default.fileExists(atPath: "\(store)/\(table)/_delta_log/00000000000000000000.json")
        else { return 0 }
        let text = try await Loop.run(["store", "count", "\(store)/\(table)"], in: folder)
        return try #require(Int(text.trimmingCharacters(in: .newlines)))
    }

    private func look(at store: String, in folder: URL) async throws {
        let log = try await Loop.run(["store", "log", "\(store)/events", "--format", "jsonl"], in: folder)
        let versions = try log.split(separator: "\n").map { try Loop.json(String($0))["version"] as? Int }
        #expect(versions == versions.indices.reversed().map { $0 })
        let shown = try await Loop.run(["store", "show", "\(store)/events"], in: folder)
        #expect(shown.contains("partitioned by") && shown.contains("column event_id"))
        let first = try await Loop.run(
            ["store", "cat", "\(store)/events", "--version", "1", "--columns", "event_id,value,at"], in: folder)
        let row = try Loop.json(String(try #require(first.split(separator: "\n").first)))
        #expect(Set(row.keys) == ["event_id", "value", "at"])
        #expect((row["at"] as? String)?.count == "2026-11-20T12:00:00.000000Z".count)
        #expect(row["value"] is Double)
    }

    private func independentReaders(_ store: String, events: Int) async throws {
        guard Checkout.python != nil else { return }
        let found = try await Loop.python("loop/read_store.py", [store])
        for (name, rows) in [("events", events), ("movies", nil)] as [(String, Int?)] {
            let table = try #require(found[name] as? [String: Any])
            let counts = ["deltalake", "pyarrow", "polars", "distinct"].map { table[$0] as? Int }
            #expect(Set(counts).count == 1, "\(name): \(counts)")
            if let rows { #expect(counts[0] == rows) }
        }
        let table = try #require(found["events"] as? [String: Any])
        #expect(table["kinds"] as? [String] == ["like", "review", "view"])
        #expect(table["dates_agree"] as? Bool == true)
        #expect((table["type_of_at"] as? String)?.contains("UTC") == true)
        let sums = [table["values"], table["values_by_polars"]].compactMap { $0 as? Double }
        #expect(sums.count == 2 && isClose(sums[0], sums[1], tolerance: 1e-5))
        let movies = try #require(found["movies"] as? [String: Any])
        #expect((movies["titles"] as? [String])?.contains("The Kid") == true)
        #expect((movies["genres"] as? [String])?.contains("Drama") == true)
    }

    private func serve(models: String, store: String, kafka: [String], in folder: URL) async throws {
        let server = try MarqueeProcess(
            ["serve", "--models", models, "--store", store, "--port", "0"] + kafka, in: folder)
        let client = Client(try await server.line(after: "serving on "))
        defer { client.close() }
        #expect(try await client.get("/healthz/live").status == 200)
        try await eventually("it is ready") { try await client.get("/healthz/ready").status == 200 }
        let before = try await client.object("/v1/users/u1/recommendations?n=5")
        #expect(before["user_state"] as? String == "known")
        #expect((before["degraded"] as? [String])?.isEmpty == true)
        #expect(try await client.items("/v1/items/popular?n=5").count == 5)

        // Someone the model has never heard of watches a film, and the next list knows it.
        let unknown = try await client.object("/v1/users/newcomer/recommendations?n=5")
        #expect(unknown["user_state"] as? String == "new")
        try await Loop.run(
            ["simulate", "--count", "200", "--users", "20000", "--seed", "99"] + kafka, in: folder)
        let late = try await lateUser(kafka, in: folder)
        try await eventually("the events of \(late) are folded in") {
            try await client.object("/v1/users/\(late)/recommendations?n=5")["user_state"] as? String == "folded_in"
        }
        server.signal(SIGTERM)
        let result = try await server.result()
        #expect(result.status == 0, "\(result.errors)")
    }

    /// A user whom only the newest events know: ingested into a store of its own, where they can be read.
    private func lateUser(_ kafka: [String], in folder: URL) async throws -> String {
        let store = folder.appending(path: "late").path
        try await Loop.run(["ingest", "--store", store, "--until-end"] + kafka, in: folder)
        let users = try await Loop.run(
            ["store", "cat", "\(store)/events", "--columns", "user_id", "--format", "csv"], in: folder)
        // The history had 200 users; the newest events are of twenty thousand.
        let late = users.split(separator: "\n").dropFirst().first { Int($0.dropFirst()).map { $0 > 2000 } ?? false }
        return String(try #require(late))
    }
}

extension Int {
    /// With thousands apart, as the program prints it.
    var formatted: String {
        let digits = String(self)
        guard digits.count > 3 else { return digits }
        return digits.dropLast(3) + "," + digits.suffix(3)
    }
}
