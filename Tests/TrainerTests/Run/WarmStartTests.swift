import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct WarmStartTests {
    private func train(
        _ registry: ModelRegistry, _ log: InteractionLog, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Manifest {
        var configuration = smallConfiguration(rank: 6, epochs: 6)
        configuration.policy = .always
        change(&configuration)
        return try TrainingRun(configuration: configuration, registry: registry).run(log)
    }

    /// Users and items come and go between the two sets; what stays begins where it was.
    @Test func beginsWhereTheOtherModelEnded() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let before = try train(registry, plantedLog(users: 40))
            let changed = try plantedLog(users: 60, seed: 2)
            let cold = try train(registry, changed) { $0.parameters.epochs = 1 }
            let model = try registry.open(before.id)
            let warm = try train(registry, changed) {
                $0.parameters.epochs = 1
                $0.warmStart = model
            }
            #expect(warm.warmStart?.model == before.id && warm.warmStart?.factorsSHA256 == before.factorsSHA256)
            #expect(warm.data.users != before.data.users)
            #expect(warm.configurationSHA256 != cold.configurationSHA256)
            let losses = (
                try #require(warm.training.epochs.first?.loss), try #require(cold.training.epochs.first?.loss)
            )
            #expect(losses.0 < losses.1)
            for threads in [1, 3] {
                try Reproduction.run(of: warm, on: changed, in: registry, threads: threads).check()
            }
            // Without the model it began with, or with another under its name, nothing is proved.
            var altered = warm
            altered.warmStart?.factorsSHA256 = cold.factorsSHA256
            altered.configurationSHA256 = try altered.recipe.digest()
            #expect(throws: TrainerError.self) { try Reproduction.run(of: altered, on: changed, in: registry) }
            try FileManager.default.removeItem(atPath: registry.path(of: before.id))
            #expect(throws: TrainerError.modelNotFound(id: before.id.rawValue, folder: registry.folder)) {
                try Reproduction.run(of: warm, on: changed, in: registry)
            }
        }
    }

    @Test func refusesAnotherRankOrKind() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let model = try registry.open(train(registry, plantedLog()).id)
            for change in [
                { (configuration: inout TrainingConfiguration) in configuration.parameters.rank = 4 },
                { (configuration: inout TrainingConfiguration) in
                    configuration.explicit = .init()
                },
            ] {
                #expect(throws: TrainerError.self) {
                    try train(registry, plantedLog()) {
                        change(&$0)
                        $0.warmStart = model
                    }
                }
            }
        }
    }
}

@Suite struct EarlyStoppingTests {
    @Test func keepsTheBestEpoch() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            var configuration = smallConfiguration(rank: 6, epochs: 30)
            configuration.patience = 2
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(plantedLog())
            let found = try #require(manifest.earlyStopping)
            #expect(found.metric == "ndcg@10" && found.patience == 2)
            #expect(found.values.max() == found.values[found.best - 1])
            #expect(found.values.count == min(30, found.best + 2))
            #expect(manifest.parameters.epochs == found.best && manifest.training.epochs.count == found.best)
            // The number of epochs is part of the recipe, so the model is made again without another search.
            try Reproduction.run(of: manifest, on: plantedLog(), in: registry).check()
        }
    }

    @Test func needsASplitByTime() throws {
        var configuration = smallConfiguration()
        configuration.patience = 2
        configuration.split = .leaveLastOut
        #expect(throws: TrainerError.self) { try configuration.validate() }
        configuration.split = .time(0.9)
        configuration.patience = 0
        #expect(throws: TrainerError.self) { try configuration.validate() }
    }
}
