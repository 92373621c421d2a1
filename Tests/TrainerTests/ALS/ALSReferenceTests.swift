import Linalg
import TestSupport
import Testing
import Trainer

/// Against other people's programs, run here and now.
@Suite struct ALSReferenceTests {
    struct ImplicitRun: Decodable {
        struct Losses: Decodable {
            /// By the definition, in float64, from implicit's factors.
            let losses: [Double]
            /// What implicit says itself.
            let reported: [Double]
        }
        let cg: Losses
        let exact: Losses
    }

    struct NumpyRun: Decodable {
        let losses: [Double]
    }

    /// From equal start factors the loss is implicit's to six digits after every epoch, for both of its solvers.
    @Test(
        .enabled(if: Checkout.python != nil, "needs the Python environment in .venv"),
        arguments: [(32, false), (24, true), (64, false)])
    func theLossIsThatOfImplicitAfterEveryEpoch(rank: Int, negatives: Bool) async throws {
        try await withTemporaryFolder { folder in
            let interactions = try Samples.planted(users: 500, items: 200, perUser: 30, negatives: negatives)
            var parameters = ALSParameters(
                rank: rank, epochs: 8, alpha0: 1, lambda: 0.7, nu: 0, weighting: .replacing, preconditioner: .none)
            let start = try ALSFactors(users: 500, items: 200, rank: rank, seed: 9)
            let reference = try ReferenceALS(
                folder: folder, interactions: interactions, start: start, parameters: parameters)
            let answer = try await reference.run("implicit", as: ImplicitRun.self)
            for (solver, theirs) in [(ALSParameters.Solver.cg, answer.cg), (.exact, answer.exact)] {
                parameters.solver = solver
                var ours: [Double] = []
                let factors = try ALS.fit(
                    interactions: interactions, parameters: parameters, warmStart: start
                ) { ours.append($0.loss) }
                #expect(ours.count == theirs.losses.count)
                for (epoch, pair) in zip(ours, theirs.losses).enumerated() {
                    #expect(isClose(pair.0, pair.1, tolerance: 1e-6), "\(solver), epoch \(epoch + 1): \(pair)")
                }
                if !negatives {  // implicit counts negative confidences into its own figure otherwise
                    #expect(isClose(ours.last!, theirs.reported.last!, tolerance: 1e-5))
                }
                let direct = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
                #expect(isClose(direct, theirs.losses.last!, tolerance: 1e-6))
            }
        }
    }

    /// The exact solver against numpy.linalg, with α0, λ and ν all at work.
    @Test(
        .enabled(if: Checkout.python != nil, "needs the Python environment in .venv"), arguments: [5, 16, 40])
    func theExactSolverAgreesWithNumpy(rank: Int) async throws {
        try await withTemporaryFolder { folder in
            let interactions = try Samples.random(users: 120, items: 60, perUser: 8, negatives: true)
            let parameters = ALSParameters(
                rank: rank, epochs: 4, alpha0: 0.3, lambda: 0.05, nu: 0.7, solver: .exact)
            let start = try ALSFactors(users: 120, items: 60, rank: rank, seed: 4)
            let reference = try ReferenceALS(
                folder: folder, interactions: interactions, start: start, parameters: parameters)
            let answer = try await reference.run("numpy", as: NumpyRun.self)
            var ours: [Double] = []
            let factors = try ALS.fit(interactions: interactions, parameters: parameters, warmStart: start) {
                ours.append($0.loss)
            }
            for (epoch, pair) in zip(ours, answer.losses).enumerated() {
                #expect(isClose(pair.0, pair.1, tolerance: 1e-5), "epoch \(epoch + 1): \(pair)")
            }
            for (found, name) in [(factors.userFactors, "users.out.f32"), (factors.itemFactors, "items.out.f32")] {
                let expected = try reference.matrix(name, rows: found.rows, columns: rank)
                let worst = zip(found.elements, expected.elements).map { abs($0 - $1) }.max()!
                #expect(worst < 1e-5, "\(name) off by \(worst)")
            }
        }
    }
}
