import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct GateTests {
    private func train(
        _ registry: ModelRegistry, _ log: InteractionLog, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Manifest {
        var configuration = smallConfiguration()
        change(&configuration)
        return try TrainingRun(configuration: configuration, registry: registry).run(log)
    }

    @Test func aWorseCandidateStaysOut() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let good = try train(registry, plantedLog())
            let bad = try train(registry, plantedLog()) {
                $0.parameters.rank = 1
                $0.parameters.lambda = 1000
            }
            #expect(bad.gate.outcome == .kept)
            #expect(bad.gate.incumbent == good.id)
            let difference = try #require(bad.gate.relativeDifference)
            #expect(difference.value < -0.01)
            #expect(try registry.current() == good.id)
            #expect(try registry.list().count == 2)
            // The policies overrule the comparison, and say so.
            let forced = try train(registry, plantedLog()) {
                $0.parameters.rank = 1
                $0.policy = .always
            }
            #expect(try registry.current() == forced.id)
            let back = try train(registry, plantedLog())
            #expect(back.gate.outcome == .promoted)
            #expect(try #require(back.gate.relativeDifference).value > 0)
            let never = try train(registry, plantedLog()) { $0.policy = .never }
            #expect(never.gate.outcome == .kept)
            #expect(try registry.current() == back.id)
        }
    }

    @Test func theSameSettingsOnNewerDataArePromoted() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let first = try train(registry, plantedLog())
            let second = try train(registry, plantedLog())
            #expect(second.gate.outcome == .promoted && second.gate.incumbent == first.id)
            #expect(second.gate.relativeDifference == nil)
            #expect(second.factorsSHA256 == first.factorsSHA256)
            #expect(second.id != first.id)
        }
    }

    /// An incumbent that saw none of the held-out events is measured as published, unknown users folded in.
    @Test func anOlderIncumbentIsMeasuredAsServed() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let whole = try plantedLog()
            let early = try InteractionLog(source: "early", version: 1)
            try whole.forEachChunk { chunk in
                for record in chunk where record.at < (whole.first.microseconds + whole.last.microseconds) / 2 {
                    let user = whole.users.ids[Int(record.user)]
                    guard user != "user 1" && user != "user 2" else { continue }
                    try early.append(
                        userID: user, itemID: whole.items.ids[Int(record.item)], kind: record.kind,
                        value: record.value, at: Timestamp(microseconds: record.at))
                }
            }
            let first = try train(registry, early)
            var names: [String] = []
            let second = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(whole) {
                if case .measured(let name, _, _) = $0 { names.append(name) }
            }
            #expect(second.gate.reason.contains("as published"))
            #expect(names == ["model", "popular", "recently popular", "item-kNN", "in service: \(first.id)"])
            // As its own candidate it would be the same model: measured on the published factors of the early data.
            let model = try registry.open(first.id)
            let report = try ModelEvaluation(configuration: smallConfiguration()).run(model, on: whole)
            #expect(report.describes.contains("published factors"))
            #expect(try #require(report.value("ndcg", at: 10)).value > 0.1)
            let refitted = try ModelEvaluation(configuration: smallConfiguration()).run(
                registry.open(second.id), on: whole)
            #expect(refitted.describes.contains("fitted to the training part"))
        }
    }

    @Test func tooFewEventsTrainWithoutFigures() async throws {
        try await withTemporaryFolder { folder in
            let log = try InteractionLog(source: "tiny", version: 0)
            for (user, item) in [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z")] {
                try log.append(userID: user, itemID: item, kind: .like, value: 1, at: Timestamp(seconds: 0))
            }
            let registry = ModelRegistry(folder: folder.path)
            var reason = ""
            let configuration = smallConfiguration(rank: 2)
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(log) {
                if case .notEvaluated(let text) = $0 { reason = text }
            }
            #expect(!reason.isEmpty && manifest.evaluation == nil)
            #expect(manifest.gate.outcome == .promoted)
            #expect(try registry.openCurrent().itemCount == 3)
        }
    }

    @Test func aStoppedRunPublishesNothing() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            #expect(throws: CancellationError.self) {
                try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog()) {
                    if case .epoch(.published, let report, _) = $0, report.epoch == 3 { throw CancellationError() }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: registry.folder))
        }
    }

    @Test func reproducesTheBytesWithAnyNumberOfThreads() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let manifest = try train(registry, plantedLog())
            for threads in [1, 3] {
                #expect(
                    try Reproduction.run(of: manifest, on: plantedLog(), in: registry, threads: threads).isIdentical)
            }
            #expect(throws: TrainerError.self) {
                try Reproduction.run(of: manifest, on: plantedLog(users: 30), in: registry)
            }
            var altered = manifest
            altered.parameters.seed += 1
            altered.seed += 1
            altered.configurationSHA256 = try altered.recipe.digest()
            #expect(try !Reproduction.run(of: altered, on: plantedLog(), in: registry).isIdentical)
        }
    }

    @Test func differencesAreListed() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let a = try registry.open(train(registry, plantedLog()).id)
            let b = try registry.open(train(registry, plantedLog()) { $0.parameters.rank = 4 }.id)
            let difference = try ModelDifference(a, b)
            let changed = difference.lines.filter(\.differs).map(\.name)
            #expect(changed.contains("rank") && changed.contains("factors") && !changed.contains("seed"))
            #expect(difference.comparedUsers > 0)
            let overlap = try #require(difference.overlap)
            #expect(overlap > 0 && overlap <= 1)
            #expect(try ModelDifference(a, a).overlap == 1)
        }
    }
}
