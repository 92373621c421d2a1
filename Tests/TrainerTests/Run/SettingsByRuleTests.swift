import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

/// Settings that nobody gave: by the shape of the data, and by a search.
@Suite struct SettingsByRuleTests {
    private func configuration(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
        var configuration = TrainingConfiguration(codeVersion: "test", bootstrapResamples: 100)
        configuration.parameters.threads = 2
        configuration.parameters.epochs = 5
        change(&configuration)
        return configuration
    }

    @Test func theRuleFollowsTheShape() {
        let sparse = ShapeRule().applied(to: ALSParameters(), users: 30_000, items: 40_000, pairs: 800_000)
        #expect(sparse.alpha0 == 0.0258 && sparse.lambda == 0.00388 && sparse.rank == 64)
        let given = ShapeRule(setsAlpha0: false, strength: 2)
            .applied(to: ALSParameters(alpha0: 0.1), users: 30_000, items: 40_000, pairs: 800_000)
        #expect(given.alpha0 == 0.1 && given.lambda == 0.0005)
        let few = ShapeRule().applied(to: ALSParameters(), users: 100, items: 30, pairs: 900)
        #expect(few.rank == 15)
        // Nothing to divide by leaves λ alone.
        let none = ShapeRule(setsAlpha0: false).applied(to: ALSParameters(alpha0: 0), users: 9, items: 9, pairs: 9)
        #expect(none.lambda == ALSParameters().lambda)
    }

    @Test func theManifestSaysWhatTheRuleChose() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let log = try plantedLog(users: 300, items: 120, perUser: 20)
            let manifest = try TrainingRun(configuration: configuration(), registry: registry).run(log)
            let chosen = try #require(manifest.chosen)
            #expect(chosen.rule == ShapeRule() && chosen.search == nil && chosen.strength == 4)
            #expect(manifest.parameters.rank == 60, "half of the items")
            let density = Double(chosen.pairs) / Double(chosen.users * chosen.items)
            #expect(abs(Double(manifest.parameters.alpha0) - density.squareRoot()) < 0.001)
            #expect(manifest.configurationSHA256 == (try manifest.recipe.digest()))
            #expect(try Reproduction.run(of: manifest, on: log, in: registry, threads: 1).isIdentical)
            #expect(try registry.manifest(of: manifest.id) == manifest)
            // Newer data of another shape gives other numbers, and is the same recipe.
            let newer = try TrainingRun(configuration: configuration(), registry: registry)
                .run(plantedLog(users: 301, items: 120, version: 4, perUser: 20))
            #expect(newer.requestSHA256 == manifest.requestSHA256)
            #expect(newer.gate.finding == .newerData, "\(newer.gate)")
            let given = try TrainingRun(
                configuration: configuration {
                    $0.rule = nil
                    $0.parameters.rank = 8
                }, registry: registry
            ).run(plantedLog(users: 302, items: 120, version: 5, perUser: 20))
            #expect(
                given.chosen == nil && given.parameters.alpha0 == 0.2 && given.requestSHA256 != manifest.requestSHA256)
        }
    }

    @Test func aSearchSaysWhatItTriedAndFindsNoWorse() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let log = try plantedLog(users: 300, items: 120, perUser: 20)
            var tried = 0
            let searching = configuration { $0.search = .init() }
            let manifest = try TrainingRun(configuration: searching, registry: registry).run(log) {
                if case .tried = $0 { tried += 1 }
            }
            let search = try #require(manifest.chosen?.search)
            #expect(search.trials.count == tried && tried > 5)
            #expect(search.fits <= 9.01 && search.users >= 50)
            #expect(search.chosen.ndcg >= search.trials[0].ndcg)
            #expect(
                manifest.parameters.rank == search.chosen.rank && manifest.parameters.epochs == search.chosen.epochs)
            #expect(try Reproduction.run(of: manifest, on: log, in: registry).isIdentical)
            // The next run of a schedule keeps to what was found, and is the same recipe.
            let next = try TrainingRun(
                configuration: configuration {
                    $0.search = .init()
                    $0.search?.reusesEarlier = true
                }, registry: registry
            ).run(plantedLog(users: 301, items: 120, version: 4, perUser: 20)) {
                if case .tried = $0 { Issue.record("it searched again") }
            }
            #expect(next.requestSHA256 == manifest.requestSHA256 && next.chosen?.search == search)
            #expect(next.gate.finding == .newerData, "\(next.gate)")
        }
    }

    /// The same data and seed, the same settings; and what evaluation tests on is not looked at.
    @Test func aSearchRepeatsAndNeverLooksAtTheTestWindow() throws {
        let log = try plantedLog(users: 120, items: 60)
        let altered = try InteractionLog(source: "planted", version: 3)
        let split = try Split.time(0.9).resolve(log, weights: .init())
        let at = try #require(split.at).microseconds
        try altered.append(log) { $0.at < at }
        for step in 0..<(log.count - altered.count) {
            try altered.append(
                userID: "user \(step % 7)", itemID: "film 0", kind: .like, value: -1,
                at: Timestamp(microseconds: at + Int64(step) * 1_000_000))
        }
        func found(_ log: InteractionLog) throws -> [SearchSummary.Trial] {
            let configuration = configuration { $0.search = .init() }
            let settings = try AutoSearch(configuration, .init()).run(log) { _ in }
            return try #require(settings.searched).trials
        }
        #expect(try found(log) == found(log) && found(log) == found(altered))
    }

    @Test func aSearchOfStarsIsRefused() {
        let configuration = configuration {
            $0.explicit = .init()
            $0.weights = .ratings
        }
        #expect(throws: TrainerError.self) { try AutoSearch(configuration, .init()) }
    }
}
