import Catalog
import Domain
import EventIngest
import Foundation
import HTTPServer
import Kafka
import Operations
import Platform
import Store
import TestSupport
import Testing
import Trainer

/// What a program of somebody else's does that has the platform inside: nothing here knows of a command line.
@Suite("The platform inside another program", .timeLimit(.minutes(5)))
struct EmbeddingTests {
    private let films = (0..<60).map { number in
        Movie(
            itemID: "m\(number)", title: "Film \(number)", overview: "story number \(number % 7) of many",
            year: 1990, genres: [["Drama", "Comedy", "Crime"][number % 3]])
    }

    @Test("events go from a broker through the store and the trainer into lists, by services alone")
    func wholeLoop() async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.appending(path: "data").path)
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let broker = try BrokerService()
            let properties = KafkaProperties(bootstrapServers: broker.bootstrapServers)
            try await properties.requireBroker()

            // History into the store.
            try await FilmTopic.publish(films, properties)
            let simulator = try Simulator(
                catalog: films, settings: .history(weeks: 4, until: .now, count: 3_000, seed: 5))
            _ = try await SimulatorRun(simulator: simulator, properties: properties, observer: .logging).run()
            var configuration = IngestConfiguration(
                store: store, kafka: properties, routes: try StoreRoutes.all(into: store))
            configuration.untilEnd = true
            let ingest = IngestService(configuration)
            #expect(ingest.status.obstacle() == nil)
            try await ingest.run()
            #expect(ingest.progress.rows == 3_060 && ingest.progress.rejectedCount == 0)
            #expect(try StoredCatalogue(store: store).read()?.snapshot.count == 60)

            // A model, by the service that makes one again and again.
            var training = TrainingConfiguration(
                codeVersion: "test", parameters: ALSParameters(rank: 4, epochs: 2), policy: .always)
            training.bootstrapResamples = 10
            let trainer = try RetrainingService(
                RunTiming(.every(.seconds(3_600))), store: store, configuration: training, registry: registry)
            let trains = Task { try await trainer.run() }
            try await eventually("a model is in service") { (try? registry.current()) != nil }
            trains.cancel()
            try await trains.value

            // Lists over HTTP, beside a route of the program's own.
            let hello = Route(.get, "/hello", "Greets.", scope: .open, answers: [.text()]) { _, _ in
                .now(HTTPResponse(text: "hello\n"))
            }
            let server = try await RecommendationServer(
                http: HTTPServerConfiguration(port: 0), registry: registry, catalogue: StoredCatalogue(store: store),
                feed: KafkaEventFeed(properties: properties, observer: .logging),
                publisher: try KafkaEventPublisher(properties: properties, observer: .logging), routes: [hello])
            try server.http.open()
            let serves = Task { try await server.group.run() }
            let fetch = Fetch()
            #expect(try await fetch("\(server.address)/hello").body == "hello\n")
            let list = try await fetch("\(server.address)/v1/users/new/recommendations?n=5&fields=title")
            let json = try JSONSerialization.jsonObject(with: Data(list.body.utf8)) as? [String: Any]
            #expect(list.status == 200 && (json?["items"] as? [Any])?.count == 5)
            #expect(list.body.contains("\"title\":\"Film "))
            let version = try await fetch("\(server.address)/version").body
            #expect(version.contains("\"model\":{\"id\":\"\(try #require(try registry.current()))\""))
            #expect(try await fetch("\(server.address)/healthz/ready").status == 200)

            // The store goes, the service stays.
            try FileManager.default.removeItem(at: folder.appending(path: "data"))
            try await eventually("the loss is noticed") {
                try await fetch("\(server.address)/healthz/ready").body.contains("\"degraded\":[\"catalogue\"]")
            }
            let stale = try await fetch("\(server.address)/v1/users/new/recommendations?n=5&fields=title")
            #expect(stale.body.contains("\"degraded\":[\"catalogue\"]") && stale.body.contains("\"title\":\"Film "))
            serves.cancel()
            guard case .stopped = try await serves.value else {
                Issue.record("it was stopped")
                return
            }
            withExtendedLifetime(broker) {}
        }
    }
}
