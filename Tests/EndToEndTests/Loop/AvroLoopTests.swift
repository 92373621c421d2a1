import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Operations
import Store
import Synchronization
import TestSupport
import Testing

/// Avro from end to end, against a real schema registry and the embedded broker.
@Suite(.serialized) struct AvroLoopTests {
    private static let isPossible = RealServer.isPresent("schema-registry")

    @Test(.enabled(if: isPossible, "needs shared/servers/schema-registry"))
    func avroWithARealRegistry() async throws {
        try await RealServer.with("schema-registry") { registry in
            try await aSubjectWithAnotherSchemaIsRefusedClearly(registry)
            try await simulatedEventsGoThroughAvroIntoTheTable(registry)
        }
    }

    private func simulatedEventsGoThroughAvroIntoTheTable(_ registry: RealServer) async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: [
                Topics.views: 2, Topics.likes: 2, Topics.reviews: 2, Topics.movies: 1,
            ]) { broker in
                let avro = ["--format", "avro", "--schema-registry", registry.address]
                let kafka = ["--bootstrap-servers", broker.bootstrapServers]
                let truth = folder.appending(path: "truth.jsonl").path
                let sent = try await MarqueeProcess.run(
                    ["simulate", "--count", "3000", "--days", "10", "--malformed", "0.05", "--truth", truth]
                        + kafka + avro, in: folder)
                #expect(sent.status == 0, "\(sent.errors)")
                let store = folder.appending(path: "data").path
                let stored = try await MarqueeProcess.run(
                    ["ingest", "--store", store, "--until-end", "--keep-text"] + kafka + avro, in: folder)
                #expect(stored.status == 0, "\(stored.errors)")
                let events = try await StoredEvent.all(in: store, folder)
                let dead = try await StoredEvent.rows(of: TableContract.deadLetters.name, in: store, folder).count
                #expect(events.count + dead == 3000)
                #expect((50...300).contains(dead), "\(stored.output)")
                #expect(events.allSatisfy { $0.userID.hasPrefix("u") && $0.source == "simulator" })
                let (heard, skipped) = try await everything(on: broker.properties, registry)
                #expect(heard == events, "what the feed reads is what was stored, event by event")
                #expect(skipped == dead)
                let vectors = try String(contentsOfFile: truth, encoding: .utf8).split(separator: "\n")
                #expect(vectors.filter { $0.hasPrefix("{\"user\":") }.count >= Set(events.map(\.userID)).count)
            }
        }
    }

    private func aSubjectWithAnotherSchemaIsRefusedClearly(_ server: RealServer) async throws {
        let registry = SchemaRegistry(url: server.address)
        let other = #"{"type":"record","name":"Event","fields":[{"name":"event_id","type":"int"}]}"#
        await #expect(throws: IngestError.self) {
            try await BlockingWork.run("test") { _ in
                try SchemaRegistry(url: server.address + "/nowhere").check()
            }
        }
        let reviews = "\(Topics.reviews)-value"
        let id = try await BlockingWork.run("test") { _ in try registry.register(other, for: reviews) }
        #expect(id > 0)
        func curl(_ method: String, _ path: String, _ more: [String] = []) async throws {
            let (status, output) = try await runCommand(
                "/usr/bin/curl", ["-sS", "-f", "-X", method, "\(server.address)/\(path)"] + more)
            try #require(status == 0, "\(output)")
        }
        let json = ["-H", "Content-Type: application/vnd.schemaregistry.v1+json"]
        try await curl("PUT", "config/\(reviews)", json + ["-d", #"{"compatibility":"FULL"}"#])
        try await withTemporaryFolder { folder in
            try await withMockBroker { broker in
                let result = try await MarqueeProcess.run(
                    [
                        "simulate", "--bootstrap-servers", broker.bootstrapServers, "--count", "10", "--format",
                        "avro", "--schema-registry", server.address,
                    ], in: folder)
                #expect(result.status == 65)
                #expect(result.errors.contains("not compatible with the subject \(reviews)"), "\(result.errors)")
            }
        }
        try await curl("DELETE", "subjects/\(reviews)")
        try await curl("DELETE", "subjects/\(reviews)?permanent=true")
    }

    @Test func aRegistryThatIsNotThereIsNamed() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker { broker in
                func ingest(_ more: [String]) async throws -> MarqueeProcess.Result {
                    try await MarqueeProcess.run(
                        [
                            "ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", folder.path,
                            "--until-end", "--format", "avro",
                        ] + more, in: folder)
                }
                let missing = try await ingest([])
                #expect(missing.status == 64)
                #expect(missing.errors.contains("--schema-registry"))
                let absent = try await ingest(["--schema-registry", "http://127.0.0.1:9"])
                #expect(absent.status == 69)
                #expect(absent.errors.contains("http://127.0.0.1:9"), "\(absent.errors)")
                let wrong = try await ingest(["--schema-registry", "localhost"])
                #expect(wrong.status == 64, "\(wrong.errors)")
            }
        }
    }

    /// What a feed reads from the beginning of the topics, as the service does with `--format avro`.
    private func everything(
        on properties: KafkaProperties, _ registry: RealServer
    ) async throws -> (events: [StoredEvent], skipped: Int) {
        let feed = KafkaEventFeed(
            properties: properties, start: .beginning,
            format: .avro(SchemaRegistry(url: registry.address)))
        let heard = Heard()
        let hearing = Task {
            try await feed.run { events in heard.events.withLock { $0 += events.map { StoredEvent($0) } } }
        }
        try await eventually("everything is heard") { heard.events.withLock { $0.count } + feed.skipped >= 3000 }
        hearing.cancel()
        await #expect(throws: CancellationError.self) { try await hearing.value }
        return (heard.events.withLock { $0 }.sorted { $0.eventID < $1.eventID }, feed.skipped)
    }

    private final class Heard: Sendable {
        let events = Mutex<[StoredEvent]>([])
    }
}
