import Linalg

/// One side's half of an epoch: every row solved against the fixed factors of the other side.
struct HalfSweep {
    let side: ALSError.Side
    let rows: SparseRows
    let parameters: ALSParameters
    let workers: Workers
    let plan: SweepPlan
    /// Nil where nothing is preconditioned.
    private let statistics: MeanRow.Statistics?
    /// Room for the other side's factors in 16 bits each; nil where they are read as they are.
    private let pairs: PairedRows?
    private let scratch: [RowScratch]

    /// - Parameter transposed: the same interactions by the other side.
    init(
        side: ALSError.Side, rows: SparseRows, transposed: SparseRows, parameters: ALSParameters, workers: Workers
    ) {
        self.side = side
        self.rows = rows
        self.parameters = parameters
        self.workers = workers
        statistics =
            parameters.usesMeanRow(entries: rows.count)
            ? MeanRow.Statistics(rows: rows, transposed: transposed, parameters: parameters) : nil
        let rank = Kernels.padded(parameters.rank)
        plan = SweepPlan(
            rows: rows, rank: rank, solver: parameters.solver, workers: workers.count,
            short: parameters.solvesShortRows(entries: rows.count)
                ? ShortRows(rows: rows, base: parameters.base, rank: rank) : nil)
        pairs = parameters.readsPairs(entries: rows.count) ? PairedRows(rows: rows.columns, columns: rank) : nil
        let longest = (0..<rows.rows).map { rows.count(ofRow: $0) }.max() ?? 0
        scratch = (0..<workers.count).map { [plan] _ in
            RowScratch(rank: rank, parameters, plan, longestRow: longest)
        }
    }

    /// What the solved rows add up to.
    struct Sums {
        /// Σ_u p_uᵀ A_u p_u − 2 b_uᵀ p_u, the loss as far as it depends on these rows, as far as the steps were measured. It
        /// falls out of the solvers, so that knowing the loss of an epoch costs no pass of its own.
        var quadratic = 0.0
        /// Whether all steps were. If not, the other side's next half-sweep finds the loss:
        var isMeasured = true
        /// the same sum before the first step of conjugate gradients.
        var found = 0.0
        /// Σ_u λ_u ‖p_u‖².
        var ridge = 0.0
        /// Decrease of the loss by the first step of conjugate gradients and by the second, over rows that took two.
        var firstDescent = 0.0
        var secondDescent = 0.0

        mutating func add(_ other: Sums) {
            quadratic += other.quadratic
            isMeasured = isMeasured && other.isMeasured
            found += other.found
            ridge += other.ridge
            firstDescent += other.firstDescent
            secondDescent += other.secondDescent
        }
    }

    struct Outcome {
        var sums: Sums
        /// What rows measured of their last step.
        var samples: [StepLengths.Sample]
    }

    /// Replaces each row of `x` by its solution against `y`; both have the padded rank.
    /// - Parameter steps: of conjugate gradients.
    func run(_ x: inout Matrix, against y: Matrix, epoch: Int, steps: StepControl.Steps) throws -> Outcome {
        var gramian = try Gramian(of: y, workers: workers).matrix
        gramian.withUnsafeMutableElements { g in
            for i in g.indices { g[i] *= parameters.alpha0 }
        }
        let meanRow = try statistics.flatMap {
            try MeanRow(of: y, gramian: gramian, $0, parameters, workers: workers)
        }
        pairs?.take(y, kernels: Kernels.best, workers: workers)
        var total = Sums()
        var unitCount = plan.units.count
        var sums = [Sums](repeating: Sums(), count: unitCount)
        var samples = meanRow == nil ? [] : StepLengths.samples(rows: rows.rows)
        try RowSystem.with(&x, y, pairs: pairs, gramian, rows, parameters) { system in
            if let short = plan.short {
                if let solved = try solveShortRows(short, system, gramian, against: y, epoch: epoch) {
                    total = solved
                    unitCount = plan.unitsWithoutShort
                }
            }
            try sums.withUnsafeMutableBufferPointer { sums in
                try samples.withUnsafeMutableBufferPointer { samples in
                    let sums = SharedMutable(sums.baseAddress!)
                    let samples = meanRow == nil ? nil : SharedMutable(samples.baseAddress!)
                    try workers.run(units: unitCount) { worker, unit throws(ALSError) in
                        let scratch = scratch[worker]
                        let turn = steps.turn(ofUnit: unit, of: plan.units.count, epoch: epoch, meanRow, samples)
                        sums.pointer[unit] =
                            switch (plan.units[unit], parameters.solver) {
                            case (.longRows(let some), _):
                                try solveLongRows(system, some, scratch, turn)
                            case (.someRows(let some), _): try solveSomeRows(system, some, scratch, turn)
                            case (.rows(let range), .cg): try solveByGradients(system, range, scratch, turn)
                            case (.rows(let range), .exact): try solveExactly(system, range, scratch, epoch)
                            case (.rows(let range), .subspace): try solveBySubspaces(system, range, scratch, epoch)
                            }
                    }
                }
            }
        }
        for sum in sums { total.add(sum) }
        return Outcome(sums: total, samples: samples)
    }

    /// - Throws: ``ALSError/diverged(epoch:side:row:)`` if a row's part of the loss is not a number.
    @inline(__always)
    func checkFinite(_ quadratic: Double, row: Int, epoch: Int) throws(ALSError) {
        guard quadratic.isFinite else { throw .diverged(epoch: epoch, side: side, row: row) }
    }
}
