import Catalog
import Domain
import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing
import Trainer

@testable import Serving

@Suite("Model swaps", .timeLimit(.minutes(3)))
struct ModelSwapTests {
    @Test("models change under load without a failed request, and every answer is of one model")
    func underLoad() async throws {
        // Each model has its own number of items, so a list tells which model made it.
        let models = try (1...8).map { try SmallModel(id: "m\($0)", perTaste: 20 + $0) }
        let source = SmallModels(models[0])
        let catalog = CatalogSnapshot([])
        var configuration = ServingConfiguration()
        configuration.modelInterval = .milliseconds(1)
        let service = try await RecommendationService(
            configuration: configuration, models: source, catalog: catalog, content: ContentIndex(catalog.movies),
            feed: nil, publisher: nil)
        let running = Task { try await service.run() }
        let client = try RunningService(service)
        let isDone = Flag()
        let seen = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var seen = Set<String>()
                    while !isDone.isSet {
                        let user = worker % 2 == 0 ? "a-user0" : "nobody"
                        let answer = try await client.get("/v1/users/\(user)/recommendations?n=500&exclude_seen=none")
                        let id = (answer.json["model"] as? [String: Any])?["id"] as? String ?? ""
                        #expect(answer.status == 200 && answer.ids.count == 40 + 2 * (Int(id.dropFirst()) ?? 0))
                        seen.insert(id)
                    }
                    return seen
                }
            }
            for round in 0..<40 {
                let model = models[(round + 1) % models.count]
                source.promote(model)
                try await eventually { client.model == model.identity.id }
            }
            isDone.set()
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(seen.count > 1)
        running.cancel()
        try await running.value
    }

    @Test("a promoted model that cannot be opened leaves the one in service")
    func missingModel() async throws {
        let models = SmallModels(try SmallModel())
        try await withService(models: models) { service in
            models.promote(missing: "gone")
            await #expect(throws: TrainerError.self) { try await service.service.reloadModel() }
            #expect(try await service.get("/v1/users/a-user0/recommendations").status == 200)
            models.promote(try SmallModel(id: "m2"))
            try await eventually { service.model == "m2" }
        }
    }

    @Test("newer events count as known with a model that has them, and as new again after a rollback")
    func rollbackKeepsEvents() async throws {
        let feed = SmallFeed()
        let first = try SmallModel()
        let models = SmallModels(first)
        try await withService(models: models, feed: feed) { service in
            func state() async throws -> String? {
                try await service.get("/v1/users/a-user0/recommendations").json["user_state"] as? String
            }
            feed.send([.like("a-user0", "a7", at: 5_000)])
            try await eventually { try await state() == "folded_in" }
            var next = try SmallModel(id: "m2")
            next.last = Timestamp(seconds: 5_000)
            models.promote(next)
            try await eventually { try await state() == "known" }
            models.promote(first)
            try await eventually { try await state() == "folded_in" }
            // Once two models in turn have them, they are let go.
            var third = try SmallModel(id: "m3")
            third.last = Timestamp(seconds: 6_000)
            models.promote(next)
            try await eventually { service.model == "m2" }
            models.promote(third)
            try await eventually { service.model == "m3" }
            try await eventually { service.service.overlay.counts.held == 0 }
        }
    }

    @Test("after a rollback two models back what newer models knew is read from the store again")
    func rollbackFurtherBack() async throws {
        let feed = SmallFeed()
        let first = try SmallModel()
        let models = SmallModels(first)
        let events: [Event] = [.like("a-user0", "a7", at: 5_000), .like("stranger", "b3", at: 5_500)]
        try await withService(models: models, feed: feed, archive: SmallArchive(events)) { service in
            func state(_ user: String = "a-user0") async throws -> String? {
                try await service.get("/v1/users/\(user)/recommendations").json["user_state"] as? String
            }
            feed.send(events)
            try await eventually { try await state() == "folded_in" }
            for (number, last) in [(2, 6_000), (3, 7_000)] {
                var next = try SmallModel(id: "m\(number)")
                next.identity.trainedAt = Timestamp(seconds: Int64(2_000 + number))
                next.last = Timestamp(seconds: Int64(last))
                next.users.append("stranger")
                next.userFactors.append([0.1, 0.9])
                next.histories.append([(20, 1)])
                models.promote(next)
                try await eventually { service.model == "m\(number)" }
            }
            try await eventually { service.service.overlay.counts.held == 0 }
            models.promote(first)
            try await eventually { service.model == "m1" }
            try await eventually { try await state() == "folded_in" }
            try await eventually { try await state("stranger") == "folded_in" }
            // Each of them once.
            #expect(service.service.overlay.counts.held == 2)
        }
    }

    @Test("of events from before the start those that the model has are not held")
    func rememberedEvents() async throws {
        var model = try SmallModel()
        model.last = Timestamp(seconds: 5_000)
        try await withService(models: SmallModels(model)) { service in
            service.service.remember([
                .like("a-user0", "a7", at: 5_000), .like("a-user0", "a8", at: 5_001), .like("stranger", "a7", at: 1),
            ])
            #expect(service.service.overlay.counts.held == 2)
        }
    }

    @Test("a model that was trained and published answers, and is replaced by the next")
    func trainedModel() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            try train(users: 40, into: registry)
            let small = try SmallModel()
            let service = try await RecommendationService(
                configuration: ServingConfiguration(),
                registry: registry, catalog: small.catalog, content: ContentIndex(small.catalog.movies))
            let running = Task { try await service.run() }
            let client = try RunningService(service)
            let answer = try await client.get("/v1/users/u0/recommendations?n=5&explain=summary")
            #expect(answer.json["user_state"] as? String == "known")
            #expect(
                answer.ids.count == 5 && answer.ids.allSatisfy { $0.hasPrefix("a") || $0 == "new/ä" }, "\(answer.text)")
            try train(users: 41, into: registry)
            try await eventually {
                try await client.get("/v1/users/u40/recommendations").json["user_state"] as? String == "known"
            }
            running.cancel()
            try await running.value
        }
    }

    @Test("a promoted model that is damaged is not served, and the answers say so")
    func damagedModel() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            try train(users: 40, into: registry)
            let first = try #require(try registry.current())
            let small = try SmallModel()
            let service = try await RecommendationService(
                registry: registry, catalog: small.catalog, content: ContentIndex(small.catalog.movies))
            try train(users: 41, into: registry)
            let second = try #require(try registry.current())
            // One bit of the factors, where nothing but a digest can tell.
            let files = try FileManager.default.contentsOfDirectory(
                at: folder.appending(path: second.rawValue), includingPropertiesForKeys: nil)
            let factors = try #require(files.first { $0.pathExtension == "safetensors" })
            var bytes = try Data(contentsOf: factors)
            bytes[bytes.count - 1] ^= 1
            try FileManager.default.removeItem(at: factors)
            try bytes.write(to: factors)

            let running = Task { try await service.run() }
            let client = try RunningService(service)
            try await eventually { service.impairments.all.contains { $0.part == .model } }
            for path in ["/v1/users/u0/recommendations", "/v1/items/popular", "/v1/items/a0/similar"] {
                let answer = try await client.get(path)
                #expect(answer.status == 200 && answer.degraded == ["model"] && !answer.ids.isEmpty, "\(answer.text)")
            }
            #expect(client.model == first.rawValue)
            // Back to the one that is whole.
            try registry.promote(first, reason: "the other is damaged")
            try await eventually { service.impairments.all.isEmpty }
            running.cancel()
            try await running.value
            await client.server.stop()
        }
    }

    @Test("without a promoted model the service says so instead of starting")
    func noModel() async throws {
        try await withTemporaryFolder { folder in
            _ = await #expect(throws: TrainerError.noPromotedModel(folder: folder.path)) {
                try await RecommendationService(
                    registry: ModelRegistry(folder: folder.path),
                    catalog: .empty, content: ContentIndex([Movie]()))
            }
        }
    }

    /// Users with even numbers like a-films, the others b-films.
    private func train(users: Int, into registry: ModelRegistry) throws {
        let log = try InteractionLog(source: "test")
        var generator = SeededGenerator(seed: 3)
        for user in 0..<users {
            for _ in 0..<8 {
                let item = "\(user % 2 == 0 ? "a" : "b")\(generator.below(20))"
                try log.append(
                    userID: "u\(user)", itemID: item, kind: .like, value: 1,
                    at: Timestamp(seconds: Int64(1000 + generator.below(500))))
            }
        }
        var configuration = TrainingConfiguration(
            codeVersion: "t", parameters: ALSParameters(rank: 2, epochs: 10, lambda: 0.1), policy: .always)
        configuration.bootstrapResamples = 10
        _ = try TrainingRun(configuration: configuration, registry: registry).run(log)
    }
}

/// Set once, seen by many tasks.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
