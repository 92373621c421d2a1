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
            parameters.solver == .cg && parameters.preconditioner == .meanRow
            ? MeanRow.Statistics(rows: rows, transposed: transposed, parameters: parameters) : nil
        let rank = Kernels.padded(parameters.rank)
        plan = SweepPlan(rows: rows, rank: rank, solver: parameters.solver, workers: workers.count)
        let longest = (0..<rows.rows).map { rows.count(ofRow: $0) }.max() ?? 0
        scratch = (0..<workers.count).map { [plan] _ in
            RowScratch(rank: rank, parameters, plan, longestRow: longest)
        }
    }

    /// What the solved rows add up to.
    struct Sums {
        /// Σ_u p_uᵀ A_u p_u − 2 b_uᵀ p_u: the loss as far as it depends on these rows. It falls out of the solvers,
        /// so that knowing the loss of an epoch costs no pass of its own.
        var quadratic = 0.0
        /// Σ_u λ_u ‖p_u‖².
        var ridge = 0.0
        /// Decrease of the loss by the first step of conjugate gradients and by the second, over rows that took two.
        var firstDescent = 0.0
        var secondDescent = 0.0
    }

    /// Replaces each row of `x` by its solution against `y`; both have the padded rank.
    /// - Parameter steps: of conjugate gradients.
    func run(_ x: inout Matrix, against y: Matrix, epoch: Int, steps: StepControl.Steps) throws -> Sums {
        let rank = y.columns
        var gramian = try Gramian(of: y, workers: workers).matrix
        gramian.withUnsafeMutableElements { g in
            for i in g.indices { g[i] *= parameters.alpha0 }
        }
        let meanRow = try statistics.flatMap {
            try MeanRow(of: y, gramian: gramian, $0, parameters, workers: workers)
        }
        let kernels = Kernels.best
        let unitCount = plan.units.count
        var sums = [Sums](repeating: Sums(), count: unitCount)
        try x.withUnsafeMutableElements { x in
            try y.withUnsafeElements { y in
                try gramian.withUnsafeElements { g in
                    try rows.columnIndices.withUnsafeBufferPointer { columns in
                        try rows.values.withUnsafeBufferPointer { confidences in
                            try sums.withUnsafeMutableBufferPointer { sums in
                                let system = RowSystem(
                                    kernels: kernels, rank: rank, parameters: parameters, rows: rows,
                                    x: SharedMutable(x.baseAddress!), y: Shared(y.baseAddress!),
                                    gramian: Shared(g.baseAddress!), columns: Shared(columns.baseAddress!),
                                    confidences: Shared(confidences.baseAddress!))
                                let sums = SharedMutable(sums.baseAddress!)
                                try workers.run(units: unitCount) { worker, unit throws(ALSError) in
                                    let scratch = scratch[worker]
                                    let turn = Turn(epoch: epoch, steps: steps.ofUnit(unit), meanRow: meanRow)
                                    sums.pointer[unit] =
                                        switch (plan.units[unit], parameters.solver) {
                                        case (.longRows(let some), _):
                                            try solveLongRows(system, plan.longRows[some], scratch, turn)
                                        case (.rows(let range), .cg):
                                            try solveByGradients(system, range, scratch, turn)
                                        case (.rows(let range), .exact):
                                            try solveExactly(system, range, scratch, epoch)
                                        case (.rows(let range), .subspace):
                                            try solveBySubspaces(system, range, scratch, epoch)
                                        }
                                }
                            }
                        }
                    }
                }
            }
        }
        return sums.reduce(into: Sums()) {
            $0.quadratic += $1.quadratic
            $0.ridge += $1.ridge
            $0.firstDescent += $1.firstDescent
            $0.secondDescent += $1.secondDescent
        }
    }

    /// - Throws: ``ALSError/diverged(epoch:side:row:)`` if a row's part of the loss is not a number.
    @inline(__always)
    func checkFinite(_ quadratic: Double, row: Int, epoch: Int) throws(ALSError) {
        guard quadratic.isFinite else { throw .diverged(epoch: epoch, side: side, row: row) }
    }
}

/// The equations A_u x_u = b_u of all rows of one side, as pointers for the kernels.
///
/// Valid while the matrices lend their memory inside ``HalfSweep/run(_:against:epoch:)``.
struct RowSystem: Sendable {
    let kernels: Kernels
    let rank: Int
    let parameters: ALSParameters
    let rows: SparseRows
    /// The unknowns, row after row.
    let x: SharedMutable<Float>
    /// The fixed side.
    let y: Shared<Float>
    /// α0 YᵀY.
    let gramian: Shared<Float>
    let columns: Shared<Int32>
    let confidences: Shared<Float>

    @inline(__always)
    func unknowns(_ row: Int) -> UnsafeMutablePointer<Float> { x.pointer + row * rank }

    /// One row's equations, or those of some of its unknowns with the others fixed.
    @inline(__always)
    func row(_ row: Int, unknowns block: Range<Int>? = nil) -> KernelRow {
        let entries = rows.entries(ofRow: row)
        return KernelRow(
            factors: y.pointer + (block?.lowerBound ?? 0), columns: columns.pointer + entries.lowerBound,
            confidences: confidences.pointer + entries.lowerBound, count: entries.count,
            following: rows.count - entries.upperBound, rank: block?.count ?? rank, stride: rank, base: parameters.base,
            ridge: ridge(row))
    }

    /// What some of a row's entries add to its equations.
    @inline(__always)
    func part(_ entries: Range<Int>, ridge: Float) -> KernelRow {
        KernelRow(
            factors: y.pointer, columns: columns.pointer + entries.lowerBound,
            confidences: confidences.pointer + entries.lowerBound, count: entries.count, rank: rank,
            base: parameters.base, ridge: ridge)
    }

    /// λ_u.
    @inline(__always)
    func ridge(_ row: Int) -> Float { parameters.ridge(count: rows.count(ofRow: row), others: rows.columns) }
}
