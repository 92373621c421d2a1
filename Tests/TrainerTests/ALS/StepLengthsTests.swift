import Domain
import Linalg
import TestSupport
import Testing

@testable import Trainer

/// Last steps whose length is learned from a few rows instead of measured by each.
@Suite struct StepLengthsTests {
    /// Samples of rows with `count` entries whose energy is `ratio` times a mean row's.
    private func samples(_ number: Int, count: Int32, ratio: (Int) -> Float) -> [StepLengths.Sample] {
        (0..<number).map { .init(count: count, rho: 1, rest: 1, expected: 2, energy: 2 * ratio($0)) }
    }

    @Test func learnsByLength() {
        var lengths = StepLengths()
        #expect(lengths.isEmpty && lengths.ratio(count: 40) == nil)
        let all =
            samples(20, count: 40) { _ in 1.5 } + samples(8, count: 300) { $0 % 2 == 0 ? 0.7 : 0.9 }
            + samples(3, count: 2000) { _ in 1 } + [.init()]
        lengths.learn(from: all)
        #expect(!lengths.isEmpty)
        for count in [32, 40, 63] { #expect(lengths.ratio(count: count) == 1.5) }
        #expect(abs(lengths.ratio(count: 256)! - 0.8) < 1e-6)
        // Three say too little, and of the other lengths nobody said anything.
        for count in [0, 1, 31, 64, 2000] { #expect(lengths.ratio(count: count) == nil) }
    }

    /// Rows that have little in common measure, until they have.
    @Test func measuresWhereRowsDiffer() {
        var lengths = StepLengths()
        lengths.learn(from: samples(40, count: 40) { $0 % 2 == 0 ? 0.1 : 9 })
        #expect(lengths.isEmpty)
        // What it knew then does not fit yet; what it learned now does the next time.
        lengths.learn(from: samples(40, count: 40) { _ in 0.5 })
        #expect(lengths.isEmpty)
        lengths.learn(from: samples(40, count: 40) { _ in 0.5 })
        #expect(lengths.ratio(count: 40) == 0.5)
        lengths.learn(from: samples(40, count: 40) { _ in 4 })
        #expect(lengths.isEmpty)
    }

    @Test func oneRowInSixteenMeasures() {
        for epoch in 1...3 {
            let rows = (0..<160).filter { StepLengths.isSample($0, epoch: epoch) }
            #expect(rows.count == 10 && Set(rows.map(StepLengths.place)).count == 10)
            #expect(rows.map(StepLengths.place).max()! < StepLengths.samples(rows: 160).count)
        }
        #expect(!StepLengths.isSample(5, epoch: 1) || !StepLengths.isSample(5, epoch: 2))
    }

    /// What a half-sweep finds is the loss of the factors it was given, and the known part of pᵀA p and the measured one
    /// add up: where every row is the mean row, κ is 1.
    @Test(arguments: [Float(0), 1], [ALSParameters.Weighting.additive, .replacing])
    func theNextHalfSweepFindsTheLoss(nu: Float, weighting: ALSParameters.Weighting) throws {
        let interactions = try Samples.planted(users: 900, items: 400, perUser: 30)
        let parameters = ALSParameters(
            rank: 16, epochs: 5, alpha0: 0.3, lambda: nu == 0 ? 0.3 : 0.02, nu: nu, weighting: weighting, steps: 2,
            preconditioner: .meanRow)
        let workers = Workers(count: 2)
        let byItem = interactions.transposed()
        let users = HalfSweep(
            side: .user, rows: interactions, transposed: byItem, parameters: parameters, workers: workers)
        let items = HalfSweep(
            side: .item, rows: byItem, transposed: interactions, parameters: parameters, workers: workers)
        let constant = interactions.values.reduce(0.0) { $0 + Double(max($1, 0)) }
        var factors = try ALSFactors(users: 900, items: 400, rank: 16, seed: 4)
        var control = StepControl(parameters, entries: interactions.count)
        var itemRidge: Double?
        var learned = 0
        for epoch in 1...5 {
            let before = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
            let steps = control.next(.user)
            let outcome = try users.run(
                &factors.userFactors, against: factors.itemFactors, epoch: epoch, steps: steps)
            control.took(.user, steps, outcome)
            if let itemRidge {
                #expect(isClose(constant + outcome.sums.found + itemRidge, before, tolerance: 1e-5), "epoch \(epoch)")
            }
            if !outcome.sums.isMeasured { learned += 1 }
            let itemSteps = control.next(.item)
            let itemOutcome = try items.run(
                &factors.itemFactors, against: factors.userFactors, epoch: epoch, steps: itemSteps)
            control.took(.item, itemSteps, itemOutcome)
            itemRidge = itemOutcome.sums.ridge
            if itemOutcome.sums.isMeasured {
                let after = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
                #expect(
                    isClose(constant + itemOutcome.sums.quadratic + outcome.sums.ridge, after, tolerance: 1e-5),
                    "epoch \(epoch)")
            }
        }
        #expect(learned >= 1)
        #expect(control.next(.user, measured: true).lengths.isEmpty)
    }

    /// Learned lengths descend nearly as far as measured ones, which whoever asks for every epoch's factors gets.
    @Test(arguments: [false, true]) func descendsAsFarAsMeasured(negatives: Bool) throws {
        let interactions = try Samples.planted(users: 2000, items: 600, perUser: 30, negatives: negatives)
        let parameters = ALSParameters(
            rank: 32, epochs: 8, alpha0: 0.3, lambda: 0.3, nu: 0, steps: 2, preconditioner: .meanRow)
        var learned: [Double] = []
        _ = try ALS.fit(interactions: interactions, parameters: parameters) { learned.append($0.loss) }
        var measured: [Double] = []
        _ = try ALS.fit(interactions: interactions, parameters: parameters) {
            measured.append($0.loss)
        } proceeding: {
            report, _ in
            report.epoch <= 8
        }
        #expect(learned.count == 8 && measured.count == 8)
        for (before, after) in zip(learned, learned.dropFirst()) { #expect(after < before) }
        for (ours, theirs) in zip(learned, measured).dropFirst(2) { #expect(abs(ours / theirs - 1) < 0.01) }
        #expect(learned[7] < measured[7] * 1.002, "\(learned) against \(measured)")
        // Or nothing was learned.
        #expect(learned[3] != measured[3])
    }
}
