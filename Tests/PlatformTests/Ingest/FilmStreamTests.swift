import Catalog
import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import Operations
import Platform
import Store
import TestSupport
import Testing

/// Raw films on the `movies` topic, through the ingester, into tables.
@Suite("Films as a stream", .timeLimit(.minutes(5)))
struct FilmStreamTests {
    private func ingest(_ properties: KafkaProperties, _ store: EventStore, cluster: String) async throws
        -> IngestProgress
    {
        var configuration = IngestConfiguration(
            store: store, kafka: properties, routes: try StoreRoutes.all(into: store))
        configuration.untilEnd = true
        configuration.createTopics = 1
        // A cluster of another name is read from its start: what a replay is.
        configuration.cluster = cluster
        let service = IngestService(configuration)
        try await service.run()
        return service.progress
    }

    private func send(_ messages: [String], _ properties: KafkaProperties) throws {
        let producer = try KafkaProducer(properties: properties)
        for (number, message) in messages.enumerated() {
            // One key, so that they lie in one partition, in their order.
            try producer.send(
                Array(message.utf8), key: "k", topic: "movies", timestamp: Int64(1_700_000_000_000 + number * 1000))
        }
        try producer.flush()
    }

    private static let messages = [
        #"{"page":1,"results":[{"id":1,"title":"A","genre_ids":[18],"release_date":"1999-01-01"},{"id":2},{"id":3,"title":"C"}]}"#,
        #"{"id":1,"title":"A","runtime":-5,"overview":"<p>Long</p>","genres":[{"id":18,"name":"Drama"}]}"#,
        "id,title,genre,original_language,overview,popularity,release_date,vote_average,vote_count\n4,D,Crime,en,O,1,1999-01-01,5,5\n",
        #"{"movieId":5,"title":"E, The (2001)","genres":"Crime|Drama","tmdbId":99,"tags":["x"]}"#,
        "no film at all",
        #"{"item_id":"6","title":"F","overview":"\#(String(repeating: "word ", count: 20_000))"}"#,
        #"{"id":1,"title":"Another","year":1950,"release_date":"1950-05-05"}"#,
    ]

    @Test("every form becomes clean rows, what is none a dead letter, and read again nothing is added")
    func forms() async throws {
        try await withTemporaryFolder { folder in
            let broker = try BrokerService()
            let properties = KafkaProperties(bootstrapServers: broker.bootstrapServers)
            try await properties.requireBroker()
            let store = EventStore(folder: folder.path)
            try send(Self.messages, properties)
            let first = try await ingest(properties, store, cluster: "one")
            #expect(first.rows == 7 && first.rejectedCount == 2, "\(first)")
            let films = try #require(try StoredCatalogue(store: store).read()?.snapshot)
            #expect(films.movies.map(\.itemID) == ["1", "3", "4", "5", "6"])
            #expect(films["5"]?.title == "The E" && films["5"]?.tmdbID == "99" && films["5"]?.decade == 2000)
            #expect(films["6"]?.overview.utf8.count == 99_999)
            let version = try store.open(.movies).snapshot().version

            // The page whose second film is none has its others as rows, and is a dead letter as a whole.
            var letters: [DeadLetter] = []
            try DeadLetters(store: store).forEach { letter in
                letters.append(letter)
                return true
            }
            #expect(letters.map(\.offset) == [0, 4])
            #expect(letters[0].reason.contains("film 2 of 3: it has no title"))
            #expect(letters[0].payload == Array(Self.messages[0].utf8))

            // Findings, as a table of their own.
            let flag = try await BlockingWork.run("refresh") { flag in try FilmTables.refresh(in: store, flag) }
            #expect(flag.findings != nil && flag.films == 0)
            let quality = try FilmTables.quality(of: store).quality
            let rules = Set(quality.findings.map(\.rule))
            #expect(rules.isSuperset(of: ["colliding-id", "long-text", "refused", "missing-overview"]), "\(rules)")
            #expect(try rows(of: .quality, in: store) == quality.findings.count)
            // Nothing has changed: nothing is written.
            let again = try await BlockingWork.run("refresh") { flag in try FilmTables.refresh(in: store, flag) }
            #expect(again.findings == nil && again.films == nil)

            // Read again, from the start.
            let second = try await ingest(properties, store, cluster: "two")
            #expect(second.rows == 0, "\(second)")
            #expect(try StoredCatalogue(store: store).read()?.snapshot.movies == films.movies)
            #expect(try rows(of: .movies, in: store) == 7)
            // What was known before can still be read.
            let old = try MovieTable.catalogue(of: store.open(.movies).snapshot(version: version))
            #expect(old.movies == films.movies)
            withExtendedLifetime(broker) {}
        }
    }

    @Test("what events say of films lies apart from them, and is made anew when there are more")
    func statistics() async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.path)
            let table = try store.openOrCreate(.events)
            func add(_ stars: [Float]) throws {
                let events = stars.enumerated().map { number, stars in
                    Event(
                        eventID: "\(stars)-\(number)", userID: "u", itemID: "f", kind: .review, value: stars,
                        at: Timestamp(seconds: Int64(1_700_000_000 + number)), source: "test")
                }
                _ = try table.append([EventTable.batch(events, ingestedAt: .now)])
            }
            try add([4, 5])
            let service = FilmTablesService(store: store, every: .milliseconds(50))
            let runs = Task { try await service.run() }
            try await eventually("figures are there") { (try? self.meanStars(in: store)) == 4.5 }
            try add([1, 1])
            try await eventually("figures are new") { (try? self.meanStars(in: store)) == 2.75 }
            runs.cancel()
            try await runs.value
            #expect(try rows(of: .filmStatistics, in: store) == 1)
        }
    }

    private func rows(of contract: TableContract, in store: EventStore) throws -> Int {
        var scan = try store.open(contract).snapshot().scan(columns: [])
        var count = 0
        while let batch = try scan.next() { count += batch.rowCount }
        return count
    }

    private func meanStars(in store: EventStore) throws -> Float? {
        var scan = try store.open(.filmStatistics).snapshot().scan(columns: ["mean_stars"])
        return try scan.next()?.column(named: "mean_stars").floats?[0]
    }
}
