import Domain
import Foundation
import Linalg
import TestSupport
import Testing
import Trainer

@Suite struct RatingALSTests {
    /// Ratings 0.5…5 of a planted rank-2 model with biases and a little noise; user 3 and item 1 have none.
    private func planted(users: Int = 120, items: Int = 60, noise: Double = 0.05) throws -> SparseRows {
        var random = SeededGenerator(seed: 11)
        func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in random.uniform() * 2 - 1 } }
        let (p, q) = (numbers(users * 2), numbers(items * 2))
        let (bu, bi) = (numbers(users), numbers(items))
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for u in 0..<users where u != 3 {
            for i in 0..<items where i != 1 && random.below(2) == 0 {
                let taste = p[2 * u] * q[2 * i] + p[2 * u + 1] * q[2 * i + 1]
                let error = (random.uniform() - 0.5) * noise
                entries.append((Int32(u), Int32(i), Float(3 + bu[u] / 2 + bi[i] / 2 + taste + error)))
            }
        }
        return try SparseRows(rows: users, columns: items, entries: entries)
    }

    /// The loss by its definition, in 64-bit floats.
    private func loss(_ model: RatingFactors, _ ratings: SparseRows, _ parameters: RatingParameters) -> Double {
        var loss = 0.0
        for (side, rows, biases, factors) in [
            (0, ratings, model.userBiases, model.factors.userFactors),
            (1, ratings.transposed(), model.itemBiases, model.factors.itemFactors),
        ] {
            for row in 0..<rows.rows {
                if side == 0 {
                    for entry in rows.entries(ofRow: row) {
                        let predicted = model.rating(user: row, item: Int(rows.columnIndices[entry]))
                        loss += pow(Double(rows.values[entry]) - Double(predicted), 2)
                    }
                }
                let squared = factors.row(row).reduce(pow(Double(biases[row]), 2)) { $0 + pow(Double($1), 2) }
                loss += Double(parameters.lambda) * Double(rows.count(ofRow: row)) * squared
            }
        }
        return loss
    }

    @Test(arguments: [false, true])
    func lossIsWhatItSaysAndFalls(isNonNegative: Bool) throws {
        let ratings = try planted()
        let parameters = RatingParameters(rank: 4, epochs: 10, lambda: 0.01, isNonNegative: isNonNegative)
        var losses: [Double] = []
        let model = try RatingALS.fit(ratings: ratings, parameters: parameters) { losses.append($0.loss) }
        #expect(isClose(loss(model, ratings, parameters), losses.last!, tolerance: 1e-5))
        for (before, after) in zip(losses, losses.dropFirst()) { #expect(after <= before * (1 + 1e-6), "\(losses)") }
        #expect(model.userBiases[3] == 0 && model.itemBiases[1] == 0)
        #expect(model.factors.userFactors.row(3).allSatisfy { $0 == 0 })
        if isNonNegative {
            #expect(model.factors.userFactors.elements.allSatisfy { $0 >= 0 })
            #expect(model.factors.itemFactors.elements.allSatisfy { $0 >= 0 })
        }
    }

    /// No small change of any unknown of the side that was solved last lowers the loss, but for a factor held at 0.
    @Test(arguments: [false, true])
    func lastSideIsAtItsMinimum(isNonNegative: Bool) throws {
        let ratings = try planted(users: 40, items: 20)
        let parameters = RatingParameters(rank: 3, epochs: 4, lambda: 0.02, isNonNegative: isNonNegative)
        let model = try RatingALS.fit(ratings: ratings, parameters: parameters)
        let best = loss(model, ratings, parameters)
        for item in 0..<20 {
            for step: Float in [-0.02, 0.02] {
                var changed = model
                changed.itemBiases[item] += step
                #expect(loss(changed, ratings, parameters) >= best - 1e-4)
                for f in 0..<3 where !isNonNegative || model.factors.itemFactors[item, f] + step >= 0 {
                    var changed = model
                    changed.factors.itemFactors[item, f] += step
                    #expect(loss(changed, ratings, parameters) >= best - 1e-4, "item \(item), factor \(f)")
                }
            }
        }
    }

    @Test func recoversWhatWasPlanted() throws {
        let ratings = try planted()
        let model = try RatingALS.fit(
            ratings: ratings, parameters: RatingParameters(rank: 2, epochs: 40, lambda: 0.0005))
        #expect(model.errors(on: ratings).rmse < 0.05)
    }

    @Test func bytesDoNotDependOnThreads() throws {
        let ratings = try planted(users: 500)
        var parameters = RatingParameters(rank: 6, epochs: 3)
        var seen: [RatingFactors] = []
        for threads in [1, 2, 3, 8] {
            parameters.threads = threads
            seen.append(try RatingALS.fit(ratings: ratings, parameters: parameters))
        }
        #expect(seen.allSatisfy { $0 == seen[0] })
    }

    @Test func refusesUnusableRatings() throws {
        let ratings = try SparseRows(rows: 2, columns: 2, entries: [(0, 0, 3), (1, 1, .nan)])
        #expect(throws: ALSError.self) { try RatingALS.fit(ratings: ratings, parameters: RatingParameters(rank: 1)) }
        let none = try SparseRows(rows: 2, columns: 2, entries: [])
        #expect(throws: ALSError.emptyTrainingSet(users: 2, items: 2)) {
            try RatingALS.fit(ratings: none, parameters: RatingParameters(rank: 1))
        }
        let one = try SparseRows(rows: 1, columns: 1, entries: [(0, 0, 4)])
        #expect(throws: ALSError.self) {
            try RatingALS.fit(ratings: one, parameters: RatingParameters(rank: 1, lambda: 0))
        }
        #expect(throws: ALSError.rankAboveItems(rank: 2, items: 1)) {
            try RatingALS.fit(ratings: one, parameters: RatingParameters(rank: 2))
        }
        let model = try RatingALS.fit(ratings: one, parameters: RatingParameters(rank: 1))
        #expect(model.rating(user: 0, item: 0) == 4)
    }

    /// Held-out error on real ratings: a fifth, by seed.
    @Test(.enabled(if: Checkout.shared("data/ml-latest-small") != nil, "needs the shared MovieLens ratings"))
    func predictsTheStarsOfMovieLens() throws {
        let url = try #require(Checkout.shared("data/ml-latest-small")).appending(path: "ratings.csv")
        var users: [Substring: Int32] = [:]
        var items: [Substring: Int32] = [:]
        func index(_ id: Substring, in map: inout [Substring: Int32]) -> Int32 {
            if map[id] == nil { map[id] = Int32(map.count) }
            return map[id]!
        }
        var random = SeededGenerator(seed: 1)
        var train: [(row: Int32, column: Int32, value: Float)] = []
        var test = train
        for line in try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",")
            let rating = (index(fields[0], in: &users), index(fields[1], in: &items), Float(fields[2])!)
            if random.below(5) == 0 { test.append(rating) } else { train.append(rating) }
        }
        let training = try SparseRows(rows: users.count, columns: items.count, entries: train)
        let held = try SparseRows(rows: users.count, columns: items.count, entries: test)
        let plain = try RatingALS.fit(ratings: training, parameters: RatingParameters()).errors(on: held)
        #expect(plain.rmse < 0.88)
    }
}
