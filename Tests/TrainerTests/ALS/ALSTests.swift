import Domain
import Linalg
import TestSupport
import Testing
import Trainer

@Suite struct ALSTests {
    static let solvers = ALSParameters.Solver.allCases

    @Test(arguments: solvers, [ALSParameters.Weighting.additive, .replacing])
    func lossIsWhatItSaysAndFalls(solver: ALSParameters.Solver, weighting: ALSParameters.Weighting) throws {
        let interactions = try Samples.random(users: 300, items: 200, perUser: 15, negatives: true)
        let parameters = ALSParameters(
            rank: 20, epochs: 10, alpha0: 0.2, lambda: 0.02, weighting: weighting, solver: solver)
        var losses: [Double] = []
        let factors = try ALS.fit(interactions: interactions, parameters: parameters) { report in
            losses.append(report.loss)
            #expect(report.epoch == losses.count && report.seconds >= 0)
        }
        let direct = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
        #expect(isClose(direct, losses.last!, tolerance: 2e-6), "\(direct) against \(losses.last!)")
        for (before, after) in zip(losses, losses.dropFirst()) {
            #expect(after <= before * (1 + 1e-6), "\(losses)")
        }
    }

    /// Ranks of several blocks, the last one narrow: ials++ falls and comes close to the exact solver.
    @Test func subspacesApproachTheExactSolver() throws {
        let interactions = try Samples.planted(users: 400, items: 200, perUser: 40, negatives: true)
        var parameters = ALSParameters(rank: 140, epochs: 8, alpha0: 0.2, lambda: 0.02, solver: .exact)
        var exact: [Double] = []
        _ = try ALS.fit(interactions: interactions, parameters: parameters) { exact.append($0.loss) }
        parameters.solver = .subspace
        var losses: [Double] = []
        let factors = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
        let direct = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
        #expect(isClose(direct, losses.last!, tolerance: 2e-6), "\(direct) against \(losses.last!)")
        for (before, after) in zip(losses, losses.dropFirst()) { #expect(after <= before * (1 + 1e-6), "\(losses)") }
        #expect(losses.last! < exact.last! * 1.01, "\(losses) against \(exact)")
    }

    /// Ranks from 8 to 512, odd ones too: the loss is what it says, and falls.
    @Test(arguments: solvers, [8, 33, 100, 255, 512])
    func theLossFallsAtEveryRank(solver: ALSParameters.Solver, rank: Int) throws {
        let interactions = try Samples.random(users: 60, items: 520, perUser: 20, negatives: true)
        let parameters = ALSParameters(rank: rank, epochs: 3, alpha0: 0.2, lambda: 0.02, solver: solver)
        var losses: [Double] = []
        let factors = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
        #expect(factors.userFactors.columns == rank && factors.itemFactors.columns == rank)
        let direct = try ALS.loss(of: factors, interactions: interactions, parameters: parameters)
        #expect(isClose(direct, losses.last!, tolerance: 5e-6), "\(direct) against \(losses.last!)")
        for (before, after) in zip(losses, losses.dropFirst()) { #expect(after <= before * (1 + 1e-6), "\(losses)") }
    }

    /// At the exact half-step the derivative of every row vanishes within rounding.
    @Test func gradientIsZeroAfterExactHalfStep() throws {
        let interactions = try Samples.random(users: 200, items: 90, perUser: 10)
        for weighting in [ALSParameters.Weighting.additive, .replacing] {
            let parameters = ALSParameters(
                rank: 12, epochs: 3, alpha0: 0.5, lambda: 0.01, weighting: weighting, solver: .exact)
            let factors = try ALS.fit(interactions: interactions, parameters: parameters)
            let byItem = interactions.transposed()
            for item in 0..<byItem.rows where byItem.count(ofRow: item) > 0 {
                let (slope, scale) = gradient(
                    row: item, of: byItem, x: factors.itemFactors.row(item), against: factors.userFactors,
                    parameters: parameters)
                let worst = slope.map { abs($0) }.max()!
                #expect(worst < 1e-4 * max(scale, 0.01), "item \(item): \(worst) at scale \(scale)")
            }
        }
    }

    /// Same data, settings and seed: the same bytes for any number of workers, and on a second run.
    @Test(arguments: solvers)
    func bytesDoNotDependOnThreads(solver: ALSParameters.Solver) throws {
        // Enough rows for several work units.
        let interactions = try Samples.random(users: 6000, items: 700, perUser: 12)
        var parameters = ALSParameters(rank: 24, epochs: 4, solver: solver)
        var seen: [(factors: ALSFactors, losses: [Double])] = []
        for threads in [1, 2, 3, 8, 1] {
            parameters.threads = threads
            var losses: [Double] = []
            let factors = try ALS.fit(interactions: interactions, parameters: parameters) { losses.append($0.loss) }
            seen.append((factors, losses))
        }
        for run in seen.dropFirst() {
            #expect(run.factors == seen[0].factors)
            #expect(run.losses == seen[0].losses)
        }
    }

    @Test func emptyRowsAreZero() throws {
        let interactions = try Samples.random(users: 100, items: 40, perUser: 5)
        for solver in Self.solvers {
            let factors = try ALS.fit(
                interactions: interactions, parameters: ALSParameters(rank: 8, epochs: 2, solver: solver))
            #expect(interactions.count(ofRow: 3) == 0)
            #expect(factors.userFactors.row(3).allSatisfy { $0 == 0 })
            #expect(factors.itemFactors.row(39).allSatisfy { $0 == 0 })
            #expect(factors.rank == 8 && factors.userFactors.columns == 8)
        }
    }

    @Test func aWarmStartContinues() throws {
        let interactions = try Samples.random(users: 200, items: 100, perUser: 10)
        // Nothing goes from epoch to epoch but the factors; with the preconditioner the lengths of steps do as well.
        var parameters = ALSParameters(rank: 16, epochs: 6, preconditioner: .none)
        let straight = try ALS.fit(interactions: interactions, parameters: parameters)
        parameters.epochs = 3
        let half = try ALS.fit(interactions: interactions, parameters: parameters)
        let continued = try ALS.fit(interactions: interactions, parameters: parameters, warmStart: half)
        #expect(continued == straight)

        // Item 5 is gone, two users are new: everyone else keeps the vector.
        let users: [Int32?] = (0..<200).map { Int32($0) } + [nil, nil]
        let items: [Int32?] = (0..<100).filter { $0 != 5 }.map { Int32($0) }
        let carried = try straight.carried(users: users, items: items, seed: 1)
        #expect(carried.userFactors.row(7) == straight.userFactors.row(7))
        #expect(carried.itemFactors.row(5) == straight.itemFactors.row(6))
        #expect(carried.userFactors.row(201).contains { $0 != 0 })
    }

    struct Stop: Error {}

    @Test func aCallbackStopsTheTraining() throws {
        let interactions = try Samples.random(users: 50, items: 30, perUser: 5)
        var epochs = 0
        #expect(throws: Stop.self) {
            try ALS.fit(interactions: interactions, parameters: ALSParameters(rank: 4)) { report in
                epochs = report.epoch
                if report.epoch == 2 { throw Stop() }
            }
        }
        #expect(epochs == 2)
    }
}

@Suite struct ALSFailureTests {
    private func fit(_ entries: [(Int32, Int32, Float)], _ parameters: ALSParameters) throws -> ALSFactors {
        let rows = try SparseRows(
            rows: 3, columns: 3, entries: entries.map { (row: $0.0, column: $0.1, value: $0.2) })
        return try ALS.fit(interactions: rows, parameters: parameters)
    }

    @Test func parametersAreNamed() {
        for (name, change) in [
            ("rank", { $0.rank = 0 }), ("rank", { $0.rank = 5000 }), ("epochs", { $0.epochs = 0 }),
            ("alpha0", { $0.alpha0 = -1 }), ("alpha0", { $0.alpha0 = .nan }), ("lambda", { $0.lambda = -0.1 }),
            ("lambda", { $0.lambda = .infinity }), ("nu", { $0.nu = 2 }), ("nu", { $0.nu = .nan }),
            ("threads", { $0.threads = 0 }), ("steps", { $0.steps = 0 }),
        ] as [(String, (inout ALSParameters) -> Void)] {
            var parameters = ALSParameters(rank: 2)
            change(&parameters)
            let error = #expect(throws: ALSError.self) { try fit([(0, 0, 1)], parameters) }
            guard case .parameter(name, _, _) = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func badDataIsNamed() {
        let two = ALSParameters(rank: 2)
        #expect(throws: ALSError.emptyTrainingSet(users: 3, items: 3)) { try fit([], two) }
        #expect(throws: ALSError.rankAboveItems(rank: 4, items: 3)) { try fit([(0, 0, 1)], ALSParameters(rank: 4)) }
        #expect(throws: ALSError.confidence(user: 2, item: 1, value: .infinity)) {
            try fit([(0, 0, 1), (2, 1, .infinity)], two)
        }
        let error = #expect(throws: ALSError.self) { try fit([(0, 0, 1), (1, 2, .nan)], two) }
        guard case .confidence(1, 2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func singularAndDivergingSystemsAreNamed() {
        var parameters = ALSParameters(rank: 3, alpha0: 0, lambda: 0, solver: .exact)
        let error = #expect(throws: ALSError.self) { try fit([(0, 0, 1), (1, 1, 1)], parameters) }
        guard case .singular = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        parameters = ALSParameters(rank: 3, lambda: 1e-30, solver: .cg)
        let overflow = #expect(throws: ALSError.self) { try fit([(0, 0, 3e38), (0, 1, 3e38)], parameters) }
        guard case .diverged(1, _, _) = overflow else {
            Issue.record("\(String(describing: overflow))")
            return
        }
    }

    /// A training that would not fit is refused with the formula's figure before anything is allocated.
    @Test func whatIsTooLargeForTheMemoryIsRefused() throws {
        let rows = try SparseRows(rows: 1000, columns: 1_000_000, entries: [(0, 0, 1)])
        let parameters = ALSParameters(rank: 1024)
        let formula = ALS.peakBytes(users: 1000, items: 1_000_000, entries: 1, parameters: parameters)
        #expect(formula > 4096 * 1_001_000)
        try ALS.checkMemory(rows, parameters, available: formula)
        #expect(throws: ALSError.memory(needed: formula - 8 * 1001, available: 1 << 30)) {
            try ALS.checkMemory(rows, parameters, available: 1 << 30)
        }
        #expect(try #require(ALS.availableBytes()) > 0)
    }

    @Test func aMisshapenStartIsRefused() throws {
        let start = try ALSFactors(users: 3, items: 4, rank: 2, seed: 1)
        let rows = try SparseRows(rows: 3, columns: 3, entries: [(0, 0, 1)])
        #expect(throws: ALSError.self) {
            try ALS.fit(interactions: rows, parameters: ALSParameters(rank: 2), warmStart: start)
        }
    }

    @Test func messagesHaveAdvice() {
        let errors: [ALSError] = [
            .parameter(name: "rank", value: "0", expected: "positive"), .emptyTrainingSet(users: 0, items: 0),
            .confidence(user: 1, item: 2, value: .nan), .rankAboveItems(rank: 9, items: 3),
            .singular(side: .user, row: 4), .diverged(epoch: 1, side: .item, row: 2),
        ]
        for error in errors {
            #expect(!error.message.isEmpty && !error.advice.isEmpty && !error.code.isEmpty)
        }
        #expect("\(ALSError.singular(side: .user, row: 4))".contains("user row 4"))
    }
}

@Suite struct FoldInTests {
    /// The folded-in vector is the row that an exact half-sweep gives, to 1e-5.
    @Test(arguments: [8, 16, 40], [ALSParameters.Weighting.additive, .replacing])
    func equalsTheHalfSweep(rank: Int, weighting: ALSParameters.Weighting) throws {
        let interactions = try Samples.random(users: 300, items: 120, perUser: 15, negatives: true)
        var parameters = ALSParameters(
            rank: rank, epochs: 4, alpha0: 0.3, lambda: 0.02, weighting: weighting, solver: .exact)
        let factors = try ALS.fit(interactions: interactions, parameters: parameters)
        // One more epoch solves the users against exactly these item factors.
        parameters.epochs = 1
        let next = try ALS.fit(interactions: interactions, parameters: parameters, warmStart: factors)
        let foldIn = try FoldIn(itemFactors: factors.itemFactors, parameters: parameters)
        for user in 0..<interactions.rows {
            let entries = interactions.entries(ofRow: user)
            let vector = try foldIn.vector(
                items: Array(interactions.columnIndices[entries]), confidences: Array(interactions.values[entries]))
            let worst = zip(vector, next.userFactors.row(user)).map { abs($0 - $1) }.max()!
            #expect(worst < 1e-5, "user \(user) off by \(worst)")
        }
    }

    /// Histories of some two hundred events at rank 64, of users and of items.
    @Test func longHistoriesAreFoldedIn() throws {
        let interactions = try Samples.random(users: 700, items: 600, perUser: 230)
        var parameters = ALSParameters(rank: 64, epochs: 3, solver: .exact)
        let factors = try ALS.fit(interactions: interactions, parameters: parameters)
        parameters.epochs = 1
        let next = try ALS.fit(interactions: interactions, parameters: parameters, warmStart: factors)
        for (rows, others, solved) in [
            (interactions, factors.itemFactors, next.userFactors),
            (interactions.transposed(), next.userFactors, next.itemFactors),
        ] {
            let foldIn = try FoldIn(itemFactors: others, parameters: parameters)
            let long = (0..<rows.rows).filter { rows.count(ofRow: $0) >= 200 }
            #expect(long.count > 50)
            for row in long.prefix(100) {
                let entries = rows.entries(ofRow: row)
                let vector = try foldIn.vector(
                    items: Array(rows.columnIndices[entries]), confidences: Array(rows.values[entries]))
                let worst = zip(vector, solved.row(row)).map { abs($0 - $1) }.max()!
                #expect(worst < 1e-5, "row \(row) off by \(worst)")
            }
        }
    }

    /// A new item, from the users who have seen it: the mirror image.
    @Test func foldsInAnItem() throws {
        let interactions = try Samples.random(users: 300, items: 120, perUser: 15)
        let parameters = ALSParameters(rank: 16, epochs: 4, solver: .exact)
        let factors = try ALS.fit(interactions: interactions, parameters: parameters)
        let foldIn = try FoldIn(itemFactors: factors.userFactors, parameters: parameters)
        let byItem = interactions.transposed()
        for item in 0..<byItem.rows {
            let entries = byItem.entries(ofRow: item)
            let vector = try foldIn.vector(
                items: Array(byItem.columnIndices[entries]), confidences: Array(byItem.values[entries]))
            let worst = zip(vector, factors.itemFactors.row(item)).map { abs($0 - $1) }.max()!
            #expect(worst < 1e-5, "item \(item) off by \(worst)")
        }
    }

    @Test func refusesUnusableHistories() throws {
        let factors = try ALSFactors(users: 3, items: 5, rank: 4, seed: 1)
        let foldIn = try FoldIn(itemFactors: factors.itemFactors, parameters: ALSParameters(rank: 4))
        #expect(try foldIn.vector(items: [], confidences: []) == [0, 0, 0, 0])
        #expect(throws: ALSError.itemOutOfRange(item: 5, items: 5)) {
            try foldIn.vector(items: [5], confidences: [1])
        }
        #expect(throws: ALSError.itemOutOfRange(item: -1, items: 5)) {
            try foldIn.vector(items: [-1], confidences: [1])
        }
        #expect(throws: ALSError.self) { try foldIn.vector(items: [0], confidences: [.nan]) }
        #expect(throws: ALSError.self) { try foldIn.vector(items: [0, 1], confidences: [1]) }
        let other = try Gramian(of: ALSFactors(users: 1, items: 1, rank: 3, seed: 1).itemFactors)
        #expect(throws: ALSError.self) {
            try FoldIn(itemFactors: factors.itemFactors, gramian: other, parameters: ALSParameters(rank: 4))
        }
    }
}
