import Domain
import Linalg
import TestSupport
import Testing
import Trainer

/// Conjugate gradients preconditioned with the mean row.
@Suite struct PreconditionerTests {
    private func losses(_ interactions: SparseRows, _ parameters: ALSParameters) throws -> [Double] {
        var losses: [Double] = []
        _ = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
        return losses
    }

    /// Where every row is the mean row, one step is the whole way.
    @Test(arguments: [ALSParameters.Weighting.additive, .replacing], [Float(0), 0.6, 1])
    func oneStepSolvesMeanRows(weighting: ALSParameters.Weighting, nu: Float) throws {
        let all = (0..<40).flatMap { user in (0..<30).map { (row: Int32(user), column: Int32($0), value: Float(1.5)) } }
        let interactions = try SparseRows(rows: 40, columns: 30, entries: all)
        var parameters = ALSParameters(
            rank: 10, epochs: 4, alpha0: 0.3, lambda: 0.2, nu: nu, weighting: weighting, solver: .exact,
            preconditioner: .meanRow)
        let exact = try losses(interactions, parameters)
        parameters.solver = .cg
        parameters.steps = 1
        let ours = try losses(interactions, parameters)
        for (found, expected) in zip(ours, exact) { #expect(isClose(found, expected, tolerance: 1e-4)) }
    }

    /// One step or two descend as far as three without, once the first epoch has told which.
    @Test(arguments: [Float(0), 1], [false, true])
    func descendsFurtherThanThreePlainSteps(nu: Float, negatives: Bool) throws {
        let interactions = try Samples.planted(users: 900, items: 400, perUser: 30, negatives: negatives)
        var parameters = ALSParameters(
            rank: 32, epochs: 8, alpha0: 0.3, lambda: nu == 0 ? 2 : 0.02, nu: nu, preconditioner: .meanRow)
        let ours = try losses(interactions, parameters)
        parameters.preconditioner = .none
        let plain = try losses(interactions, parameters)
        for epoch in 2..<8 {
            #expect(ours[epoch] < plain[epoch] * 1.002, "epoch \(epoch + 1): \(ours) against \(plain)")
        }
        #expect(ours[7] <= plain[7] * 1.0005, "\(ours) against \(plain)")
    }

    /// A second step is taken where rows differ much from the mean row, and spared where they do not.
    @Test func takesTheStepsThatPay() throws {
        func steps(spread: Bool) throws -> [Int] {
            var random = SeededGenerator(seed: 8)
            let planted = try Samples.planted(users: 600, items: 300, perUser: 30)
            let interactions = try SparseRows(
                rows: planted.rows, columns: planted.columns, rowStarts: planted.rowStarts,
                columnIndices: planted.columnIndices,
                values: planted.values.map { _ in spread ? Float(30 * random.uniform() * random.uniform()) : 0.2 })
            var taken: [Int] = []
            let parameters = ALSParameters(
                rank: 32, epochs: 10, alpha0: spread ? 0.01 : 1, lambda: 0.003, preconditioner: .meanRow)
            _ = try ALS.fit(interactions: interactions, parameters: parameters) {
                taken += [$0.steps.users, $0.steps.items]
            }
            return taken
        }
        #expect(try steps(spread: false) == [Int](repeating: 1, count: 20))
        #expect(try steps(spread: true) == [1, 1] + [Int](repeating: 2, count: 18))
    }

    @Test func otherwiseStepsAreTakenAsTold() throws {
        let interactions = try Samples.random(users: 50, items: 40, perUser: 6)
        for (steps, preconditioner, expected) in [
            (5, ALSParameters.Preconditioner.meanRow, 5), (nil, .none, 3), (1, .none, 1), (nil, .automatic, 3),
            (5, .automatic, 5),
        ] as [(Int?, ALSParameters.Preconditioner, Int)] {
            let parameters = ALSParameters(rank: 8, epochs: 3, steps: steps, preconditioner: preconditioner)
            _ = try ALS.fit(interactions: interactions, parameters: parameters) {
                #expect($0.steps == (expected, expected))
            }
        }
        _ = try ALS.fit(interactions: interactions, parameters: ALSParameters(rank: 8, epochs: 1, solver: .exact)) {
            #expect($0.steps == (0, 0))
        }
    }

    /// Nothing that makes the mean row's matrix singular stops a training: no ridge, no unobserved weight, confidences
    /// below α0 or all negative, factors of a lower rank than they have columns.
    @Test func oddSettingsStopNoTraining() throws {
        let interactions = try Samples.random(users: 80, items: 60, perUser: 9, negatives: true)
        let negative = try SparseRows(
            rows: interactions.rows, columns: interactions.columns, rowStarts: interactions.rowStarts,
            columnIndices: interactions.columnIndices, values: interactions.values.map { -abs($0) - 0.1 })
        for (rows, alpha0, lambda, weighting) in [
            (interactions, Float(0), Float(0.1), ALSParameters.Weighting.additive), (interactions, 0, 1e-6, .additive),
            (interactions, 8, 0, .replacing), (interactions, 8, 0.5, .replacing), (negative, 0.2, 0.01, .additive),
        ] {
            let parameters = ALSParameters(
                rank: 24, epochs: 5, alpha0: alpha0, lambda: lambda, weighting: weighting, preconditioner: .meanRow)
            var seen: [Double] = []
            let factors = try ALS.fit(interactions: rows, parameters: parameters) { seen.append($0.loss) }
            #expect(factors.userFactors.firstNonFinite() == nil && factors.itemFactors.firstNonFinite() == nil)
            if weighting == .additive || lambda > 0.1 {
                for (before, after) in zip(seen, seen.dropFirst()) {
                    #expect(after <= before + 1e-5 * abs(before), "\(alpha0), \(lambda): \(seen)")
                }
            }
        }
    }
}
