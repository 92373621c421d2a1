import Catalog
import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

@testable import Platform

/// The topic of films that is deleted and made again, on Apache Kafka: the same rule as for events.
@Suite(.serialized, .enabled(if: KafkaServer.isAvailable, "needs shared/servers/kafka"))
struct OtherFilmLogTests {
    private func send(_ films: [String], to server: KafkaServer) throws {
        let producer = try KafkaProducer(properties: server.properties)
        for film in films {
            try producer.send(
                Array(#"{"id":"\#(film)","title":"Film \#(film)","overview":"About \#(film)."}"#.utf8), key: film,
                topic: Topics.movies)
        }
        try producer.flush()
    }

    private func films(_ store: EventStore) throws -> [String] {
        try MovieTable.catalogue(of: store.open(.movies).snapshot()).movies.map(\.itemID).sorted()
    }

    private func configuration(_ store: EventStore, _ server: KafkaServer) throws -> IngestConfiguration {
        let routes = try StoreRoutes.all(into: store).filter { $0.topics == [Topics.movies] }
        var configuration = IngestConfiguration(store: store, kafka: server.properties, routes: routes)
        configuration.untilEnd = true
        return configuration
    }

    private func with(_ body: (EventStore, KafkaServer) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try await KafkaServer.with { server in
                try await server.make(Topics.movies, partitions: 1)
                try await body(EventStore(folder: folder.path), server)
            }
        }
    }

    private func expectLoss(_ configuration: IngestConfiguration) async {
        await #expect {
            try await Ingester(configuration).run()
        } throws: { error in
            (error as? IngestError)?.code == "kafka-data-loss"
        }
    }

    /// As long as the old one, longer, and with a film of the old one where the table ends: another order is another log.
    @Test(arguments: [["x", "y", "z"], ["x", "y", "z", "v", "w"], ["x", "y", "z", "a"]])
    func aTopicOfFilmsMadeAnewStopsTheIngester(_ new: [String]) async throws {
        try await with { store, server in
            try send(["a", "b", "c"], to: server)
            try await Ingester(configuration(store, server)).run()
            try send(["d"], to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 1)
            try await server.remake(Topics.movies, partitions: 1)
            try send(new, to: server)
            await expectLoss(try configuration(store, server))
            #expect(try films(store) == ["a", "b", "c", "d"])
            var goOn = try configuration(store, server)
            goOn.onDataLoss = .continue
            #expect(try await Ingester(goOn).run().skipped.count == 1)
            #expect(try films(store) == Set(["a", "b", "c", "d"] + new).sorted())
            #expect(try await Ingester(configuration(store, server)).run().rows == 0)
        }
    }

    /// A film that is described again, withdrawn, or no film: all of them are rows or dead letters of their offset.
    @Test func theSameTopicGoesOnWhateverLiesAtItsEnd() async throws {
        try await with { store, server in
            try send(["a", "b", "a"], to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 3)
            let producer = try KafkaProducer(properties: server.properties)
            try Array("b".utf8).withUnsafeBytes {
                try producer.send(UnsafeRawBufferPointer(start: nil, count: 0), key: $0, topic: Topics.movies)
            }
            try producer.flush()
            #expect(try await Ingester(configuration(store, server)).run().rows == 1)
            try producer.send(Array("no film".utf8), key: "c", topic: Topics.movies)
            try producer.flush()
            _ = try await Ingester(configuration(store, server)).run()
            try send(["d"], to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 1)
            #expect(try films(store).contains("d"))
        }
    }

    /// Films stored before rows said which message they were.
    @Test func aTableOfAnEarlierVersionIsTakenForTheSameLog() async throws {
        try await with { store, server in
            try send(["a", "b"], to: server)
            try await Ingester(configuration(store, server)).run()
            let rows = try store.open(.movies).snapshot()
            var scan = try rows.scan(columns: TableContract.movies.contents.names)
            var batches: [RecordBatch] = []
            while let batch = try scan.next() { batches.append(batch) }
            let markers = rows.transactions.map { Transaction(appID: $0.key, version: $0.value) }
            try FileManager.default.removeItem(atPath: store.location(of: .movies))
            let old = try DeltaTable.create(
                at: store.location(of: .movies), schema: TableContract.movies.contents)
            _ = try old.append(batches, transactions: markers)
            try send(["c"], to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 1)
            #expect(try films(store) == ["a", "b", "c"])
        }
    }
}
