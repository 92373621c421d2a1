import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Trainer

/// What a registry promises in any storage: on a disk, and in one with the manners of an object store.
@Suite struct RegistryStorageTests {
    enum Place: CaseIterable { case disk, memory }

    private func withRegistry(in place: Place, _ body: (ModelRegistry) throws -> Void) async throws {
        switch place {
        case .disk: try await withTemporaryFolder { try body(ModelRegistry(folder: $0.appending(path: "models").path)) }
        case .memory: try body(ModelRegistry(in: MemoryStorage()))
        }
    }

    private func train(_ registry: ModelRegistry, seed: UInt64 = 1) throws -> Manifest {
        var configuration = smallConfiguration(rank: 4, epochs: 1)
        configuration.policy = .always
        configuration.parameters.seed = seed
        configuration.bootstrapResamples = 10
        return try TrainingRun(configuration: configuration, registry: registry).run(plantedLog(users: 20, items: 16))
    }

    /// Publishes the files of another model once more.
    private func republish(
        _ model: Manifest, in registry: ModelRegistry, at: Timestamp, meanwhile: () throws -> Void = {}
    ) throws -> Manifest {
        try registry.publish(at: at) { folder in
            for name in model.files.keys {
                let path = try registry.storage.localPath("\(model.id)/\(name)")
                try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/\(name)")
            }
            try meanwhile()
        } manifest: { id, files in
            #expect(files == model.files)
            var manifest = model
            manifest.id = id
            return manifest
        }
    }

    @Test(arguments: Place.allCases)
    func publishesPromotesAndRollsBackInAnyStorage(_ place: Place) async throws {
        try await withRegistry(in: place) { registry in
            #expect(throws: TrainerError.registryNotFound(folder: registry.folder)) { try registry.list() }
            #expect(try registry.current() == nil && registry.history().isEmpty)
            let (a, b) = (try train(registry), try train(registry, seed: 2))
            #expect(try registry.list() == [a.id, b.id])
            #expect(try registry.current() == b.id)
            #expect(try registry.find(String(a.id.rawValue.suffix(8))) == a.id)
            #expect(try registry.rollback() == a.id)
            #expect(try registry.promote(b.id) == a.id)
            #expect(
                try registry.history().map(\.action) == [
                    .published, .promoted, .published, .promoted, .rolledBack, .promoted,
                ])
            let model = try registry.openCurrent(verifying: true)
            #expect(model.manifest == b)
            #expect(try Recommender(model).recommend(userID: "user 3", count: 5).items.count == 5)
        }
    }

    /// The files of a model are the same bytes wherever it lies.
    @Test func theStorageLeavesNoTraceInTheFiles() async throws {
        try await withTemporaryFolder { folder in
            let disk = ModelRegistry(folder: folder.path)
            let memory = ModelRegistry(in: MemoryStorage())
            let (a, b) = (try train(disk), try train(memory))
            for name in ModelFiles.required {
                let bytes = try disk.storage.read("\(a.id)/\(name)")
                #expect(try memory.storage.read("\(b.id)/\(name)") == bytes, "\(name)")
            }
        }
    }

    /// However short trainings are, names tell which model is the newer one, whatever their factors' digests are.
    @Test(arguments: Place.allCases)
    func namesSortAsModelsWerePublished(_ place: Place) async throws {
        try await withRegistry(in: place) { registry in
            let models = try (1...4).map { try train(registry, seed: $0) }
            let at = Timestamp(seconds: 4_102_444_800)
            let published = try (0..<12).map { try republish(models[$0 % 4], in: registry, at: at).id }
            #expect(try registry.list().suffix(12) == published[...])
        }
    }

    /// Sweeping what dead publishers left leaves a living one alone, however long it takes.
    @Test(arguments: Place.allCases)
    func aPublisherIsNotDisturbedByOthers(_ place: Place) async throws {
        try await withRegistry(in: place) { registry in
            let first = try train(registry)
            let slow = try republish(first, in: registry, at: .now) { _ = try train(registry, seed: 2) }
            #expect(try registry.list().count == 3)
            try registry.verify(slow.id)
        }
    }

    /// The same factors at the same time: the names differ, every model is whole, and pointer and history agree.
    @Test(arguments: Place.allCases)
    func publishersOfTheSameFactorsDoNotMixTheirFiles(_ place: Place) async throws {
        try await withRegistry(in: place) { registry in
            let first = try train(registry)
            let at = Timestamp.now
            let failures = Mutex<[any Error]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                do {
                    for _ in 0..<3 { try registry.promote(republish(first, in: registry, at: at).id) }
                } catch {
                    failures.withLock { $0.append(error) }
                }
            }
            #expect(failures.withLock { $0 }.isEmpty)
            let models = try registry.list()
            #expect(models.count == 13)
            for id in models { try registry.verify(id) }
            let promotions = try registry.history().filter { $0.action == .promoted }
            #expect(promotions.count == 13)
            for (earlier, later) in zip(promotions, promotions.dropFirst()) { #expect(later.previous == earlier.model) }
            #expect(try registry.current() == promotions.last?.model)
        }
    }

    @Test(arguments: Place.allCases)
    func filesWithoutAManifestAreNoModel(_ place: Place) async throws {
        try await withRegistry(in: place) { registry in
            let whole = try train(registry)
            let half = try #require(ModelID(rawValue: "20261120T120000Z-1f0c9a2b"))
            _ = try registry.storage.putIfAbsent("\(half)/\(ModelFiles.factors)", [1, 2, 3])
            #expect(try registry.list() == [whole.id])
            #expect(throws: TrainerError.modelNotFound(id: "1f0c9a2b", folder: registry.folder)) {
                try registry.find("1f0c9a2b")
            }
            let path = "\(registry.path(of: half))/\(ModelFiles.manifest)"
            #expect(throws: TrainerError.damagedModelFile(path: path, reason: "it is missing")) {
                try registry.promote(half)
            }
            #expect(try registry.current() == whole.id)
        }
    }

    @Test(arguments: Place.allCases)
    func aLineCutByACrashTakesNoOtherWithIt(_ place: Place) async throws {
        try await withRegistry(in: place) { registry in
            let model = try train(registry)
            let lines = try registry.storage.read(ModelRegistry.history)
            try registry.storage.replace(ModelRegistry.history, Array(lines.dropLast(5)))
            try registry.promote(model.id)
            #expect(try registry.history().map(\.action) == [.published, .promoted])
        }
    }

    /// A full disk, or a bucket that refuses, at any byte: what was there stays, and nothing half is seen.
    @Test func aStorageThatRefusesLeavesTheRegistryWhole() async throws {
        let memory = MemoryStorage()
        let first = try train(ModelRegistry(in: memory))
        for limit in [0, 1, 5_000, 6_000, 8_000, 10_000, 12_000, 14_000, 1_000_000] {
            let registry = ModelRegistry(in: memory.copy(limit: limit))
            do {
                let second = try train(registry, seed: 2)
                #expect(try registry.current() == second.id)
            } catch let error as TrainerError {
                #expect(error.code == "cannot-write")
                #expect(try registry.current() == first.id || limit > 5_000)
            }
            for id in try registry.list() { try registry.verify(id) }
            _ = try registry.openCurrent(verifying: true)
        }
    }
}
