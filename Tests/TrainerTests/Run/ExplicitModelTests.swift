import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

/// Models of stars: from events to files and back.
@Suite struct ExplicitModelTests {
    /// Stars of a planted taste: users and items of two kinds, generous and mean users, good and bad items; and views,
    /// which must change nothing.
    private func starLog(users: Int = 60, items: Int = 40) throws -> InteractionLog {
        let log = try InteractionLog(source: "planted stars", version: 1)
        for user in 0..<users {
            for item in 0..<items where (user * 7 + item * 5) % 3 != 0 {
                let alike: Float = user % 2 == item % 2 ? 1 : -1
                let stars = 3 + alike * 0.8 + Float(user % 5) * 0.2 - 0.4 + Float(item % 7) * 0.15 - 0.45
                try log.append(
                    userID: "u\(user)", itemID: "i\(item)", kind: .review, value: min(5, max(0.5, stars)),
                    at: Timestamp(seconds: Int64(user + item * 100)))
                try log.append(
                    userID: "u\(user)", itemID: "v\(item)", kind: .view, value: 1, at: Timestamp(seconds: Int64(item)))
            }
        }
        return log
    }

    private func configuration(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
        var configuration = smallConfiguration(rank: 4, epochs: 8)
        configuration.weights = .ratings
        configuration.explicit = .init()
        configuration.parameters.lambda = 0.02
        change(&configuration)
        return configuration
    }

    @Test(arguments: [false, true]) func filesGiveTheStarsOfTheFit(isNonNegative: Bool) async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let configuration = configuration { $0.explicit = .init(isNonNegative: isNonNegative) }
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(starLog())
            #expect(manifest.kind == Manifest.explicitKind && manifest.parameters.rank == 4)
            #expect(manifest.data.items == 40, "views are no ratings")
            let model = try registry.open(manifest.id, verifying: true)
            #expect(model.rank == 5 && model.tasteColumns == 4)

            let training = try TrainingSet.build(from: starLog(), weights: .ratings)
            let fitted = try RatingALS.fit(
                ratings: training.interactions, parameters: #require(configuration.recipe.ratingParameters))
            for (user, item) in [(0, 0), (3, 17), (59, 39)] {
                let product = model.userFactors.withRow(user) { p in
                    model.itemFactors.withRow(item) { q in p.indices.reduce(Float(0)) { $0 + p[$1] * q[$1] } }
                }
                let stars = try #require(model.stars(UserIndex(user), product: product))
                #expect(isClose(Double(stars), Double(fitted.rating(user: user, item: item) + 3.5), tolerance: 1e-4))
                #expect(stars > 0 && stars < 6)
            }
            if isNonNegative {
                for user in 0..<model.userCount { #expect(model.userFactors.row(user).allSatisfy { $0 >= 0 }) }
            }
            try Reproduction.run(of: manifest, on: starLog(), in: registry, threads: 3).check()
            let list = try Recommender(model).recommend(userID: "u0", count: 3)
            #expect(list.items.count == 3 && list.items.allSatisfy { !$0.itemID.hasPrefix("v") })
        }
    }

    @Test func predictsHeldOutStars() throws {
        let configuration = configuration { $0.split = .random(0.2, seed: 3) }
        let report = try ModelEvaluation(configuration: configuration).run(starLog())
        let errors = try #require(report.ratingErrors)
        #expect(errors.ratings > 100 && errors.users > 10)
        #expect(errors.rmse.value < 0.5 * errors.baselineRMSE.value)
        #expect(try errors.rmse.value < #require(errors.meansRMSE).value)
        #expect(errors.mae.value <= errors.rmse.value)
        let low = try #require(errors.rmse.low)
        let high = try #require(errors.rmse.high)
        #expect(low <= errors.rmse.value && errors.rmse.value <= high)
        #expect(report.html().contains("RMSE"))
    }

    /// One half-sweep of training from a model solves every user against the model's items: so must the fold-in.
    @Test(arguments: [false, true]) func foldInIsTheHalfSweep(isNonNegative: Bool) async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let configuration = configuration { $0.explicit = .init(isNonNegative: isNonNegative) }
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(starLog())
            let model = try registry.open(manifest.id)
            let training = try TrainingSet.build(from: starLog(), weights: .ratings)
            var parameters = try #require(configuration.recipe.ratingParameters)
            parameters.epochs = 1
            let start = try StartFactors(of: model, for: training, manifest.recipe).explicit()
            let swept = try RatingALS.fit(
                ratings: training.interactions, parameters: parameters, warmStart: start)
            let solver = try UserSolver(model)
            for user in [0, 7, 31, 59] {
                let (items, ratings) = model.history(of: UserIndex(user))
                let vector = try solver.vector(items: items.map(\.rawValue), confidences: ratings)
                let expected = swept.factors.userFactors.row(user)
                let tolerance = isNonNegative ? 2e-3 : 1e-4
                for (a, b) in zip(vector, expected) { #expect(isClose(Double(a), Double(b), tolerance: tolerance)) }
                #expect(vector.last == 1)
            }
            #expect(try solver.vector(items: [], confidences: []) == [0, 0, 0, 0, 1])
        }
    }

    @Test func reasonsAddUpToTheScore() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let manifest = try TrainingRun(configuration: configuration(), registry: registry).run(starLog())
            let model = try registry.open(manifest.id)
            let foldIn = RatingFoldIn(
                items: model.itemFactors, mean: try #require(manifest.ratings).mean,
                parameters: try #require(manifest.recipe.ratingParameters))
            let (items, ratings) = model.history(of: UserIndex(5))
            let rows = items.map(\.rawValue)
            let vector = try foldIn.row(items: rows, ratings: ratings)
            let parts = try foldIn.contributions(items: rows, ratings: ratings, to: [0, 11])
            for (target, parts) in zip([0, 11], parts) {
                let q = model.itemFactors.row(target)
                let score = zip(vector, q).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                #expect(isClose(Double(parts.reduce(0, +) + q[4]), Double(score), tolerance: 1e-4))
            }
        }
    }

    /// An implicit model in service is ranked on the explicit candidate's users and items, though it counts more events.
    @Test func comparesWithAModelOfAnotherKind() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            _ = try TrainingRun(configuration: smallConfiguration(rank: 4), registry: registry).run(starLog())
            let configuration = configuration { $0.split = .random(0.2, seed: 3) }
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(starLog())
            #expect(manifest.gate.incumbent != nil && manifest.gate.reason.contains("NDCG@10"))
        }
    }

    /// Two models of stars are compared by how well they predict stars.
    @Test func modelsOfStarsAreComparedByTheirOwnMetric() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let split = Split.random(0.2, seed: 3)
            let first = try TrainingRun(configuration: configuration { $0.split = split }, registry: registry).run(
                starLog())
            #expect(first.gate.outcome == .promoted, "\(first.gate)")
            let worse = configuration {
                $0.split = split
                $0.parameters.lambda = 50
            }
            let second = try TrainingRun(configuration: worse, registry: registry).run(starLog())
            #expect(second.gate.metric == "rmse" && second.gate.outcome != .promoted, "\(second.gate)")
            #expect(try #require(second.gate.relativeDifference).value > 0)
            #expect(try registry.current() == first.id)
        }
    }

    /// Users and items differ in their means alone, and the rest is chance, which a model without a bound learns by heart.
    @Test func aFirstModelOfStarsBelowMeansOfUsersAndItemsIsRefused() async throws {
        let log = try InteractionLog(source: "means and chance", version: 1)
        var generator = SeededGenerator(seed: 11)
        for user in 0..<80 {
            for item in 0..<40 where (user * 7 + item * 5) % 3 != 0 {
                let chance = Float.random(in: -0.8...0.8, using: &generator)
                let stars = 3 + Float(user % 5) * 0.4 - 0.8 + Float(item % 7) * 0.1 - 0.3 + chance
                try log.append(
                    userID: "u\(user)", itemID: "i\(item)", kind: .review, value: min(5, max(0.5, stars)),
                    at: Timestamp(seconds: Int64(user + item * 100)))
            }
        }
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let configuration = configuration {
                $0.split = .random(0.2, seed: 3)
                $0.parameters.rank = 12
                $0.parameters.lambda = 1e-4
            }
            let manifest = try TrainingRun(configuration: configuration, registry: registry).run(log)
            #expect(manifest.gate.outcome == .refused && manifest.gate.finding == .belowBaseline, "\(manifest.gate)")
            #expect(try registry.current() == nil)
        }
    }

    /// Both means by hand: the item's pulled by five ratings of the mean of all, the user's above it by five of none.
    @Test func meansArePulledByFiveRatings() throws {
        let log = try InteractionLog(source: "three ratings", version: 1)
        for (user, item, stars) in [("a", "x", 5), ("a", "y", 4), ("b", "x", 3)] as [(String, String, Float)] {
            try log.append(userID: user, itemID: item, kind: .review, value: stars, at: Timestamp(seconds: 1))
        }
        let means = RatingMeans(try TrainingSet.build(from: log, weights: .ratings))
        // Weights are stars less 3.5: 1.5, 0.5 and -0.5, of mean 0.5.
        let x: Double = 3.5 / 7
        let y: Double = 3.0 / 6
        #expect(
            isClose(Double(means.items[0]), x, tolerance: 1e-6) && isClose(Double(means.items[1]), y, tolerance: 1e-6))
        let first: Double = (2 - x - y) / 7
        let second: Double = x + (-0.5 - x) / 6
        #expect(isClose(Double(means.users[0]), first, tolerance: 1e-6))
        #expect(isClose(Double(means.ofBoth(1, 0)), second, tolerance: 1e-6))
    }
}
