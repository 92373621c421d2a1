import Catalog
import Domain
import EventIngest
import Foundation
import Kafka
import Platform
import Store
import TestSupport
import Testing

/// Films that come and go on the `movies` topic, over a real store.
@Suite("Withdrawals", .timeLimit(.minutes(5)))
struct WithdrawalTests {
    private func ingest(_ properties: KafkaProperties, _ store: EventStore) async throws -> IngestProgress {
        var configuration = IngestConfiguration(
            store: store, kafka: properties, routes: try StoreRoutes.all(into: store))
        configuration.untilEnd = true
        let service = IngestService(configuration)
        try await service.run()
        return service.progress
    }

    private func send(_ text: String?, key: String?, at seconds: Int64, _ properties: KafkaProperties) throws {
        let producer = try KafkaProducer(properties: properties)
        let key = key.map { Array($0.utf8) }
        let value = text.map { Array($0.utf8) }
        try (key ?? []).withUnsafeBytes { keyBytes in
            let given = key == nil ? nil : keyBytes
            if let value {
                try value.withUnsafeBytes {
                    try producer.send($0, key: given, topic: "movies", timestamp: seconds * 1000)
                }
            } else {
                try producer.send(
                    UnsafeRawBufferPointer(start: nil, count: 0), key: given, topic: "movies", timestamp: seconds * 1000
                )
            }
        }
        try producer.flush()
    }

    private func withStore(_ body: (KafkaProperties, EventStore) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let broker = try BrokerService()
            let properties = KafkaProperties(bootstrapServers: broker.bootstrapServers)
            try await properties.requireBroker()
            try await FilmTopic.publish(
                [Movie(itemID: "keep", title: "Keep", updatedAt: Timestamp(seconds: 5))], properties)
            try await body(properties, EventStore(folder: folder.path))
            withExtendedLifetime(broker) {}
        }
    }

    @Test("a tombstone withdraws the film of its key, and a newer description brings it back")
    func tombstone() async throws {
        try await withStore { properties, store in
            try send(#"{"id":"f1","title":"One"}"#, key: "f1", at: 1_000, properties)
            // Dated after the tombstone that follows it.
            try send(
                #"{"id":"f2","title":"Two","updated_at":"2026-01-01T00:00:00Z"}"#, key: "f2", at: 1_000, properties)
            #expect(try await ingest(properties, store).rows == 3)
            try send(nil, key: "f1", at: 2_000, properties)
            try send(nil, key: "f2", at: 2_000, properties)
            let progress = try await ingest(properties, store)
            #expect(progress.rows == 2 && progress.rejectedCount == 0)
            let withdrawn = try #require(try StoredCatalogue(store: store).read()?.snapshot)
            #expect(withdrawn.movies.map(\.itemID) == ["keep"])
            #expect(withdrawn.withdrawn.keys.sorted() == ["f1", "f2"])

            try send(#"{"id":"f1","title":"One again"}"#, key: "f1", at: 3_000, properties)
            _ = try await ingest(properties, store)
            #expect(try StoredCatalogue(store: store).read()?.snapshot["f1"]?.title == "One again")
        }
    }

    @Test("a tombstone without a key, and an empty description, are dead letters")
    func noKey() async throws {
        try await withStore { properties, store in
            try send(nil, key: nil, at: 2_000, properties)
            try send("", key: "f1", at: 2_000, properties)
            try send(#"{"id":"f1","title":"\u0001 \u0002"}"#, key: "f1", at: 2_000, properties)
            let progress = try await ingest(properties, store)
            #expect(progress.rejected == ["movie-malformed": 3])
        }
    }

    @Test("a film is described at the time of its message, so an older one that is read later does not win")
    func times() async throws {
        try await withStore { properties, store in
            try send(#"{"id":"f1","title":"New"}"#, key: "f1", at: 2_000, properties)
            try send(#"{"id":"f1","title":"Old"}"#, key: "f1", at: 1_000, properties)
            // A clock that is ahead does not make a description stand for ever.
            try send(#"{"id":"f2","title":"Ahead"}"#, key: "f2", at: 9_000_000_000, properties)
            _ = try await ingest(properties, store)
            let films = try #require(try StoredCatalogue(store: store).read()?.snapshot)
            #expect(films["f1"]?.title == "New" && films["f1"]?.updatedAt == Timestamp(seconds: 2_000))
            #expect(try #require(films["f2"]).updatedAt <= .now)
        }
    }
}
