internal import CKernels

/// The C kernels of one instruction set, with Swift types at the door. See `CKernels.h` for the equations.
///
/// `@unchecked Sendable`: it points at a constant table of functions.
package struct Kernels: @unchecked Sendable {
    let table: UnsafePointer<ck_kernels>

    /// The best this machine can run.
    package static let best = Kernels(level: Int(ck_best_level()))!

    /// - Returns: nil if this machine cannot run that level: 0 baseline, 2 AVX2, 3 AVX-512, 4 AVX-512 with VNNI.
    package init?(level: Int) {
        guard let table = ck_kernels_of(Int32(level)) else { return nil }
        self.table = table
    }

    /// Every level this machine can run.
    package static var available: [Kernels] { [0, 2, 3, 4].compactMap { Kernels(level: $0) } }

    /// 0 baseline, 2 AVX2, 3 AVX-512, 4 AVX-512 with VNNI.
    package var level: Int { Int(table.pointee.level) }

    package var name: String { String(cString: table.pointee.name) }

    /// Vectors are padded with zeros to a multiple of this many floats.
    package static let lanes = 16

    /// The length of a vector of `rank` floats with its padding: the next multiple of ``lanes``.
    package static func padded(_ rank: Int) -> Int { (rank + lanes - 1) / lanes * lanes }

    /// Rows that the panel of ``accumulate(_:panel:into:_:)`` holds.
    package static let panelRows = Int(CK_PANEL_ROWS)
}

/// One row of the interaction matrix against the factors of the other side; see `ck_row`.
package struct KernelRow {
    var row: ck_row

    /// - Parameters:
    ///   - factors: rows of `rank` floats, `rank` a multiple of ``Kernels/lanes``.
    ///   - pairs: the same as ``PairedRows`` has them, for the passes of conjugate gradients to read instead.
    ///   - stride: floats from one row of the factors to the next; `rank` if nil.
    ///   - following: how many more columns and confidences may be read behind the `count`: the kernels fetch the rows
    ///     of Y that the next row of the matrix will want.
    ///   - base: the weight that the Gramian already holds for a pair of this row.
    ///   - ridge: λ of this row.
    @inline(__always)
    package init(
        factors: UnsafePointer<Float>, pairs: UnsafePointer<UInt32>? = nil, columns: UnsafePointer<Int32>,
        confidences: UnsafePointer<Float>, count: Int, following: Int = 0, rank: Int, stride: Int? = nil, base: Float,
        ridge: Float
    ) {
        row = ck_row(
            Y: factors, pairs: pairs, stride: stride ?? rank, columns: columns, c: confidences, n: count,
            next: columns + count, nextC: confidences + count, nextCount: following, k: rank, base: base, ridge: ridge)
    }

    /// Says whose turn is next where its entries do not follow those of this row in memory.
    @inline(__always)
    package mutating func announce(_ next: KernelRow) {
        row.next = next.row.columns
        row.nextC = next.row.c
        row.nextCount = next.row.n
    }
}

extension Kernels {
    /// r ← r − λ x + Σ_j (c⁺_j − w_j ⟨y_j, x⟩) y_j. Returns bᵀx.
    @inline(__always)
    package func residual(_ row: KernelRow, _ x: UnsafePointer<Float>, _ r: UnsafeMutablePointer<Float>) -> Double {
        withUnsafePointer(to: row.row) { table.pointee.residual($0, x, r) }
    }

    /// q ← q + λ p + Σ_j w_j ⟨y_j, p⟩ y_j.
    @inline(__always)
    package func apply(_ row: KernelRow, _ p: UnsafePointer<Float>, _ q: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: row.row) { table.pointee.apply($0, p, q) }
    }

    /// One step of conjugate gradients on x and r along p with q = A p. Returns the decrease of xᵀA x − 2 bᵀx, 0 when there
    /// is nothing left to gain.
    @inline(__always)
    package func conjugateGradientStep(
        x: UnsafeMutablePointer<Float>, r: UnsafeMutablePointer<Float>, p: UnsafePointer<Float>,
        q: UnsafePointer<Float>, rho: Float, rank: Int
    ) -> Double {
        table.pointee.cg_step(x, r, p, q, rho, rank)
    }

    /// The direction after a step: p ← z + β p.
    @inline(__always)
    package func conjugateGradientTurn(
        p: UnsafeMutablePointer<Float>, z: UnsafePointer<Float>, beta: Float, rank: Int
    ) {
        table.pointee.cg_turn(p, z, beta, rank)
    }

    /// x ← x + α p: the last step, which needs no residual.
    @inline(__always)
    package func conjugateGradientAdvance(
        x: UnsafeMutablePointer<Float>, p: UnsafePointer<Float>, alpha: Float, rank: Int
    ) {
        table.pointee.cg_advance(x, p, alpha, rank)
    }

    /// t_i ← t_i / max(1 + excess μ_i, least).
    @inline(__always)
    package func divide(
        _ t: UnsafeMutablePointer<Float>, by mu: UnsafePointer<Float>, excess: Float, least: Float, rank: Int
    ) {
        table.pointee.divide(t, mu, excess, least, rank)
    }

    /// Σ_i μ_i t_i² over `rank` floats.
    @inline(__always)
    package func weightedSquare(_ t: UnsafePointer<Float>, by mu: UnsafePointer<Float>, rank: Int) -> Float {
        table.pointee.weighted_square(mu, t, rank)
    }

    /// Σ_j w_j ⟨y_j, p⟩²: what the row's entries add to pᵀA p.
    @inline(__always)
    package func energy(_ row: KernelRow, _ p: UnsafePointer<Float>) -> Double {
        withUnsafePointer(to: row.row) { table.pointee.energy($0, p) }
    }

    /// C ← α P G with P of m rows of `rank` floats and G rank × rank.
    @inline(__always)
    package func product(
        _ P: UnsafePointer<Float>, _ G: UnsafePointer<Float>, alpha: Float, into C: UnsafeMutablePointer<Float>,
        rows m: Int, rank: Int
    ) {
        table.pointee.product(P, G, alpha, C, m, rank)
    }

    /// A ← A + Σ_j w_j y_j y_jᵀ (on and below the diagonal), b ← b + Σ_j (c⁺_j − w_j s_j) y_j; s is zero if nil.
    @inline(__always)
    package func accumulate(
        _ row: KernelRow, predictions s: UnsafePointer<Float>? = nil, panel: UnsafeMutablePointer<Float>,
        into A: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: row.row) { table.pointee.accumulate($0, s, panel, A, b) }
    }

    /// s_j ← s_j + ⟨y_j, x⟩.
    @inline(__always)
    package func predict(_ row: KernelRow, _ x: UnsafePointer<Float>, _ s: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: row.row) { table.pointee.predict($0, x, s) }
    }

    /// Σ_j |c_j| (t_j − ⟨y_j, x⟩)² − base ⟨y_j, x⟩².
    @inline(__always)
    package func rowLoss(_ row: KernelRow, _ x: UnsafePointer<Float>) -> Double {
        withUnsafePointer(to: row.row) { table.pointee.row_loss($0, x) }
    }

    /// ⟨a, b⟩ over `rank` floats.
    @inline(__always)
    package func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, rank: Int) -> Float {
        table.pointee.dot(a, b, rank)
    }
}
