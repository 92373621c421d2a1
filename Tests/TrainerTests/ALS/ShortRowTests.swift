import Domain
import Linalg
import TestSupport
import Testing

@testable import Trainer

/// Small sets: no mean row, and rows of few entries solved exactly where many have one length.
@Suite struct ShortRowTests {
    /// Most users have one to five entries, some many, some none.
    private func interactions(negatives: Bool = true, least: Float = 0) throws -> SparseRows {
        var random = SeededGenerator(seed: 6)
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for user in 0..<900 {
            let count = user % 10 == 0 ? 25 : user % 6
            for item in 0..<80 where (item * 7 + user * 13) % 80 < count {
                let sign: Float = negatives && random.uniform() < 0.2 ? -1 : 1
                entries.append((Int32(user), Int32(item), sign * (least + Float(random.uniform()) * 3)))
            }
        }
        return try SparseRows(rows: 900, columns: 80, entries: entries)
    }

    @Test func whichRowsAreShort() throws {
        let rows = try interactions()
        let short = try #require(ShortRows(rows: rows, base: 0, rank: 16))
        #expect(short.lengths.map(\.count) == [1, 2, 3, 4, 5])
        #expect(short.contains(count: 0) && short.contains(count: 5) && !short.contains(count: 6))
        let all = short.empty + short.lengths.flatMap(\.rows)
        #expect(all.count == 810 && Set(all).count == 810)
        for (length, range) in short.units {
            for row in short.lengths[length].rows[range] {
                #expect(rows.count(ofRow: row) == short.lengths[length].count)
            }
        }
        #expect(short.units.reduce(0) { $0 + $1.rows.count } == 810 - short.empty.count)
        // Too few of each length for as many columns, or weights below zero.
        #expect(ShortRows(rows: rows.transposed(), base: 0, rank: 16) == nil)
        #expect(ShortRows(rows: rows, base: 5, rank: 16) == nil)
    }

    /// They have the exact solver's factors, and with as many steps as it takes the others have them as well.
    @Test(arguments: [Float(0), 1], [ALSParameters.Weighting.additive, .replacing])
    func endWhereTheExactSolverDoes(nu: Float, weighting: ALSParameters.Weighting) throws {
        let rows = try interactions(least: 0.4)
        var parameters = ALSParameters(
            rank: 20, epochs: 1, alpha0: 0.3, lambda: nu == 0 ? 0.5 : 0.02, nu: nu, weighting: weighting, solver: .exact
        )
        let exact = try ALS.fit(interactions: rows, parameters: parameters)
        parameters.solver = .cg
        for steps in [1, 60] {
            parameters.steps = steps
            let factors = try ALS.fit(interactions: rows, parameters: parameters)
            for user in 0..<rows.rows where steps == 60 || rows.count(ofRow: user) < 6 {
                let (ours, theirs) = (factors.userFactors.row(user), exact.userFactors.row(user))
                let difference = zip(ours, theirs).map { abs($0 - $1) }.max()!
                #expect(difference <= 1e-3 * theirs.map { abs($0) }.max()!, "user \(user), \(steps) steps")
            }
        }
    }

    /// What is reported is the loss, no higher than after three steps for every row, and the bytes do not depend on threads.
    @Test(arguments: [Float(0), 1]) func lossesAndBytes(nu: Float) throws {
        let rows = try interactions()
        var parameters = ALSParameters(rank: 20, epochs: 6, alpha0: 0.3, lambda: nu == 0 ? 0.5 : 0.02, nu: nu)
        var all: [(factors: ALSFactors, losses: [Double])] = []
        for threads in [1, 2, 5] {
            parameters.threads = threads
            var losses: [Double] = []
            let factors = try ALS.fit(interactions: rows, parameters: parameters) {
                losses.append($0.loss)
                #expect($0.steps == (3, 3))
            }
            all.append((factors, losses))
        }
        #expect(all[1].factors == all[0].factors && all[2].factors == all[0].factors)
        #expect(all[1].losses == all[0].losses && all[2].losses == all[0].losses)
        let direct = try ALS.loss(of: all[0].factors, interactions: rows, parameters: parameters)
        #expect(isClose(direct, all[0].losses[5], tolerance: 2e-6), "\(direct) against \(all[0].losses)")
        parameters.preconditioner = .none
        var plain: [Double] = []
        _ = try ALS.fit(interactions: rows, parameters: parameters) { plain.append($0.loss) }
        #expect(all[0].losses[5] <= plain[5] * 1.0001, "\(all[0].losses) against \(plain)")
    }

    /// Singular equations are left to the mean row.
    @Test func singularEquationsHaveTheMeanRow() throws {
        let rows = try interactions(negatives: false)
        var parameters = ALSParameters(rank: 20, epochs: 3)
        #expect(parameters.solvesShortRows(entries: rows.count) && !parameters.usesMeanRow(entries: rows.count))
        (parameters.alpha0, parameters.lambda) = (0, 0)
        #expect(!parameters.solvesShortRows(entries: rows.count) && parameters.usesMeanRow(entries: rows.count))
        let factors = try ALS.fit(interactions: rows, parameters: parameters)
        #expect(factors.userFactors.firstNonFinite() == nil && factors.itemFactors.firstNonFinite() == nil)
    }
}
