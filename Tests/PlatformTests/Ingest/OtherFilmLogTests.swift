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
    /// - Parameters:
    ///   - dated: when the films say that they were described: then they say the same whenever they come.
    ///   - words: that their overviews begin with.
    private func send(
        _ films: [String], dated: String? = nil, words: String = "About", to server: KafkaServer
    ) throws {
        let producer = try KafkaProducer(properties: server.properties)
        let date = dated.map { #","updated_at":"\#($0)""# } ?? ""
        for film in films {
            try producer.send(
                Array(#"{"id":"\#(film)","title":"Film \#(film)","overview":"\#(words) \#(film)."\#(date)}"#.utf8),
                key: film, topic: Topics.movies)
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
        configuration.shorterLogPatience = 1
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

    /// Films that arrive again word for word are not stored again: the end of such a topic has no rows.
    @Test func theSameTopicGoesOnWhereWhatCameLastWasKnownAndAnotherOneDoesNot() async throws {
        let day = "2026-01-01T00:00:00Z"
        try await with { store, server in
            try send(["a", "b", "c"], dated: day, to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 3)
            try send(["b", "a"], dated: day, to: server)
            for _ in 0..<2 { #expect(try await Ingester(configuration(store, server)).run().rows == 0) }
            try send(["d"], dated: day, to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 1)
            try send(["c"], dated: day, to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 0)

            // Another cluster that has the same films elsewhere: nothing of it is news, and it goes on.
            try await server.remake(Topics.movies, partitions: 1)
            try send(["d", "c", "a", "b"], dated: day, to: server)
            var mirror = try configuration(store, server)
            mirror.cluster = "mirror"
            for _ in 0..<2 { #expect(try await Ingester(mirror).run().rows == 0) }
            try send(["e"], dated: day, to: server)
            #expect(try await Ingester(mirror).run().rows == 1)

            // As long as the first one, and it ends with a film that is known: what lies before it is not.
            try await server.remake(Topics.movies, partitions: 1)
            try send(["x", "y", "z", "v", "w", "u", "c"], dated: day, to: server)
            await expectLoss(try configuration(store, server))
            #expect(try films(store) == ["a", "b", "c", "d", "e"])
        }
    }

    /// The films of a topic that was made anew come in the same order, and say other things.
    @Test func aCatalogueThatIsSentAnewIsAnotherLogByItsWords() async throws {
        try await with { store, server in
            try send(["a", "b", "c"], to: server)
            #expect(try await Ingester(configuration(store, server)).run().rows == 3)
            try await server.remake(Topics.movies, partitions: 1)
            try send(["a", "b", "c"], words: "More about", to: server)
            await expectLoss(try configuration(store, server))
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
