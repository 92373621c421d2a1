import Linalg
import TestSupport
import Testing

@testable import Trainer

/// The other side's factors read in 16 bits each, on a set that is large enough for it.
@Suite struct PrecisionTests {
    private func losses(
        _ interactions: SparseRows, _ parameters: ALSParameters
    ) throws -> (factors: ALSFactors, losses: [Double]) {
        var losses: [Double] = []
        let factors = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
        return (factors, losses)
    }

    /// Losses agree with those of 32-bit floats to 10⁻⁴ after each epoch, and are what they say.
    @Test(arguments: [Float(0), 1], [false, true]) func lossesAgreeWithFloats(nu: Float, negatives: Bool) throws {
        let interactions = try Samples.planted(users: 8000, items: 500, perUser: 30, negatives: negatives)
        var parameters = ALSParameters(rank: 8, epochs: 6, alpha0: 0.3, lambda: nu == 0 ? 2 : 0.02, nu: nu)
        #expect(parameters.readsPairs(entries: interactions.count))
        let ours = try losses(interactions, parameters)
        parameters.precision = .float32
        #expect(!parameters.readsPairs(entries: interactions.count))
        let floats = try losses(interactions, parameters)
        #expect(ours.factors != floats.factors)
        for (found, expected) in zip(ours.losses, floats.losses) {
            #expect(isClose(found, expected, tolerance: 1e-4), "\(ours.losses) against \(floats.losses)")
        }
        let direct = try ALS.loss(of: ours.factors, interactions: interactions, parameters: parameters)
        #expect(isClose(direct, ours.losses[5], tolerance: 3e-5), "\(direct) against \(ours.losses)")
    }

    @Test func bytesDoNotDependOnThreads() throws {
        let interactions = try Samples.random(users: 6000, items: 700, perUser: 12)
        var parameters = ALSParameters(rank: 16, epochs: 4)
        #expect(parameters.readsPairs(entries: interactions.count))
        var all: [(factors: ALSFactors, losses: [Double])] = []
        for threads in [1, 2, 3, 8] {
            parameters.threads = threads
            all.append(try losses(interactions, parameters))
        }
        for run in all.dropFirst() { #expect(run.factors == all[0].factors && run.losses == all[0].losses) }
    }

    /// Other solvers, and small sets, read floats.
    @Test func whoReadsPairs() {
        var parameters = ALSParameters(rank: 64)
        #expect(parameters.readsPairs(entries: 1 << 18) && !parameters.readsPairs(entries: 1 << 18 - 1))
        parameters.preconditioner = .none
        #expect(parameters.readsPairs(entries: 1 << 18))
        parameters.solver = .exact
        #expect(!parameters.readsPairs(entries: 1 << 30))
    }
}
