import Linalg

/// One side's half of an epoch: every row solved against the fixed factors of the other side.
struct HalfSweep {
    let side: ALSError.Side
    let rows: SparseRows
    let parameters: ALSParameters
    let workers: Workers
    /// Borders of the work units: rows `units[i]..<units[i + 1]`.
    private let units: [Int]
    private let scratch: [RowScratch]

    /// Entries of a work unit, with 64 counted for each row's own cost: large enough to make claiming free, small
    /// enough to keep workers even when a few rows hold most entries.
    private static let unitSize = 65_536

    init(side: ALSError.Side, rows: SparseRows, parameters: ALSParameters, workers: Workers) {
        self.side = side
        self.rows = rows
        self.parameters = parameters
        self.workers = workers
        var units = [0]
        var size = 0
        for row in 0..<rows.rows {
            size += rows.count(ofRow: row) + 64
            if size >= Self.unitSize {
                units.append(row + 1)
                size = 0
            }
        }
        if units.last != rows.rows { units.append(rows.rows) }
        self.units = units
        let rank = Kernels.padded(parameters.rank)
        let longest = (0..<rows.rows).map { rows.count(ofRow: $0) }.max() ?? 0
        scratch = (0..<workers.count).map { _ in
            RowScratch(rank: rank, parameters, longestRow: longest)
        }
    }

    /// What the solved rows add up to.
    struct Sums {
        /// Σ_u p_uᵀ A_u p_u − 2 b_uᵀ p_u: the loss as far as it depends on these rows. It falls out of the solvers,
        /// so that knowing the loss of an epoch costs no pass of its own.
        var quadratic = 0.0
        /// Σ_u λ_u ‖p_u‖².
        var ridge = 0.0
    }

    /// Replaces each row of `x` by its solution against `y`; both have the padded rank.
    func run(_ x: inout Matrix, against y: Matrix, epoch: Int) throws -> Sums {
        let rank = y.columns
        var gramian = try Gramian(of: y, workers: workers).matrix
        gramian.withUnsafeMutableElements { g in
            for i in g.indices { g[i] *= parameters.alpha0 }
        }
        let kernels = Kernels.best
        let unitCount = units.count - 1
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
                                    let range = units[unit]..<units[unit + 1]
                                    sums.pointer[unit] =
                                        switch parameters.solver {
                                        case .cg: try solveByGradients(system, range, scratch[worker], epoch)
                                        case .exact: try solveExactly(system, range, scratch[worker], epoch)
                                        case .subspace: try solveBySubspaces(system, range, scratch[worker], epoch)
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

    /// λ_u.
    @inline(__always)
    func ridge(_ row: Int) -> Float { parameters.ridge(count: rows.count(ofRow: row), others: rows.columns) }
}

/// Memory that one worker solves in, allocated once a training.
///
/// `@unchecked Sendable`: each worker number is in use by one thread at a time, and has its own.
final class RowScratch: @unchecked Sendable {
    /// Rows solved together by conjugate gradients.
    static let batchRows = 128

    /// Residuals, directions and A p of a batch, and each row's rᵀr.
    let r: UnsafeMutablePointer<Float>
    let p: UnsafeMutablePointer<Float>
    let q: UnsafeMutablePointer<Float>
    let rho: UnsafeMutablePointer<Float>
    /// A and b of one row, and the panel of gathered rows, for the solvers that factorise.
    let a: UnsafeMutablePointer<Float>
    let b: UnsafeMutablePointer<Float>
    let panel: UnsafeMutablePointer<Float>
    /// A score for each entry of a row.
    let s: UnsafeMutablePointer<Float>

    init(rank: Int, _ parameters: ALSParameters, longestRow: Int) {
        let solver = parameters.solver
        func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 16) * 4, alignment: 64)
            let floats = memory.bindMemory(to: Float.self, capacity: max(count, 16))
            floats.initialize(repeating: 0, count: max(count, 16))
            return floats
        }
        let batch = solver == .cg ? Self.batchRows * rank : 0
        let block = solver == .subspace ? min(rank, parameters.block) : solver == .exact ? rank : 0
        r = floats(batch)
        p = floats(batch)
        q = floats(batch)
        rho = floats(Self.batchRows)
        a = floats(block * block)
        b = floats(rank + block)  // and the step of a block behind it
        panel = floats(Kernels.panelRows * block)
        s = floats(solver == .subspace ? longestRow : 0)
    }

    deinit {
        for memory in [r, p, q, rho, a, b, panel, s] { UnsafeMutableRawPointer(memory).deallocate() }
    }
}
