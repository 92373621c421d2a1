import Catalog
import Domain
import Foundation
import HTTPServer
import TestSupport
import Testing
import Trainer

@testable import Serving

/// A service before its first model.
@Suite(.timeLimit(.minutes(2))) struct NoModelTests {
    @Test func listsAreOfTheCatalogueUntilThereIsAModel() async throws {
        try await withTemporaryFolder { folder in
            let small = try SmallModel()
            var films = small.catalog.movies
            for index in films.indices where films[index].itemID == "b3" { films[index].popularity = 7 }
            let catalog = CatalogSnapshot(films)
            var configuration = ServingConfiguration()
            configuration.startsWithoutModel = true
            configuration.modelInterval = .milliseconds(10)
            let registry = ModelRegistry(folder: folder.path)
            let service = try await RecommendationService(
                configuration: configuration, registry: registry, catalog: catalog,
                content: ContentIndex(catalog.movies), publisher: SmallPublisher())
            let running = Task { try await service.run() }
            let client = try RunningService(service)
            func state() async throws -> String? {
                try await client.get("/v1/users/u/recommendations").json["user_state"] as? String
            }
            let list = try await client.get("/v1/users/u/recommendations?n=50")
            #expect(list.status == 200 && list.degraded == ["model"])
            #expect(list.ids.first == "b3" && list.ids.count == catalog.count)
            #expect((list.json["model"] as? [String: Any])?["id"] as? String == "none")
            let similar = try await client.get("/v1/items/a1/similar?n=5")
            #expect(similar.status == 200 && similar.ids.allSatisfy { $0.hasPrefix("a") || $0 == "new/ä" })

            // Nothing that can be asked fails because of it.
            let event = #"{"user_id":"u","item_id":"a1","kind":"like","value":1}"#
            #expect(try await client.post("/v1/events", event, type: "application/json").status == 202)
            for path in [
                "/v1/users/u/recommendations", "/v1/users/u/surprising", "/v1/users/u/similar", "/v1/items/a1/users",
                "/v1/items/popular", "/v1/items/trending", "/v1/items/latest", "/v1/items/representative",
                "/v1/users/u/items/a1/because", "/v1/users/u/items/a2/explanation", "/v1/users/u/items/a1/why-not",
                "/v1/search?q=robots&user=u", "/v1/items", "/v1/freshness", "/suggested_movies?user_id=u",
                "/v1/catalog/stats",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 200, "\(path): \(answer.text)")
            }
            #expect(try await !client.get("/v1/users/u/recommendations").ids.contains("a1"))

            // The first model goes into service by itself.
            let log = try InteractionLog(source: "test")
            for user in 0..<40 {
                for item in 0..<8 {
                    try log.append(
                        userID: "u\(user)", itemID: "\(user % 2 == 0 ? "a" : "b")\((item + user) % 20)", kind: .like,
                        value: 1, at: Timestamp(seconds: Int64(1000 + user * 10 + item)))
                }
            }
            var training = TrainingConfiguration(
                codeVersion: "t", parameters: ALSParameters(rank: 2, epochs: 2), policy: .always)
            training.bootstrapResamples = 10
            _ = try TrainingRun(configuration: training, registry: registry).run(log)
            try await eventually { client.model != "none" }
            try await eventually { try await client.get("/v1/users/u1/recommendations").degraded == [] }
            running.cancel()
            try await running.value
            await client.server.stop()
        }
    }
}
