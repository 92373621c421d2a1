import Domain
import Linalg
import TestSupport
import Testing
import Trainer

/// Rows that are so long that conjugate gradients go over them in groups, block by block of the other side's factors.
@Suite struct LongRowTests {
    /// At rank 256 a block is 768 items: eleven of them, and rows from 396 entries on are long. Some are, some are not.
    private func interactions() throws -> SparseRows {
        var random = SeededGenerator(seed: 5)
        let items = 8300
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for user in 0..<60 {
            let share = user.isMultiple(of: 3) ? 0.01 : 0.03 + 0.3 * random.uniform()
            for item in 0..<items where random.uniform() < share {
                entries.append((Int32(user), Int32(item), Float(random.uniform() * 3 - 0.5)))
            }
        }
        return try SparseRows(rows: 60, columns: items, entries: entries)
    }

    /// With as many steps as it takes they end where the exact solver does.
    @Test func endWhereTheExactSolverDoes() throws {
        let interactions = try interactions()
        let counts = (0..<interactions.rows).map { interactions.count(ofRow: $0) }
        #expect(counts.contains { $0 > 396 } && counts.contains { $0 < 396 })
        var parameters = ALSParameters(rank: 256, epochs: 1, alpha0: 0.3, lambda: 0.05, solver: .exact)
        let exact = try ALS.fit(interactions: interactions, parameters: parameters)
        parameters.solver = .cg
        parameters.steps = 60
        var losses: [Double] = []
        let factors = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
        for user in 0..<interactions.rows {
            let difference = zip(factors.userFactors.row(user), exact.userFactors.row(user)).map { abs($0 - $1) }.max()!
            let size = exact.userFactors.row(user).map { abs($0) }.max()!
            #expect(difference < 2e-3 * size, "user \(user) with \(counts[user]) entries: \(difference) of \(size)")
        }
        let direct = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
        #expect(isClose(direct, losses[0], tolerance: 5e-6), "\(direct) against \(losses)")
    }

    @Test func lossFallsAndBytesDoNotDependOnThreads() throws {
        let interactions = try interactions()
        var models: [ALSFactors] = []
        for threads in [1, 2, 3, 8] {
            var parameters = ALSParameters(rank: 256, epochs: 3, alpha0: 0.3, lambda: 0.05)
            parameters.threads = threads
            var losses: [Double] = []
            let factors = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
            for (before, after) in zip(losses, losses.dropFirst()) { #expect(after < before, "\(losses)") }
            models.append(factors)
        }
        for model in models.dropFirst() {
            #expect(model.userFactors == models[0].userFactors && model.itemFactors == models[0].itemFactors)
        }
    }
}
