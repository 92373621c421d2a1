import Linalg

/// The equations A_u x_u = b_u of all rows of one side, as pointers for the kernels.
///
/// Valid while the matrices lend their memory inside ``with(_:_:pairs:_:_:_:_:)``, which keeps the pairs alive as well.
struct RowSystem: Sendable {
    let kernels: Kernels
    let rank: Int
    let parameters: ALSParameters
    let rows: SparseRows
    /// The unknowns, row after row.
    let x: SharedMutable<Float>
    /// The fixed side.
    let y: Shared<Float>
    /// The same in 16 bits a factor, for the passes of conjugate gradients; nil: they read floats.
    let pairs: Shared<UInt32>?
    /// α0 YᵀY.
    let gramian: Shared<Float>
    let columns: Shared<Int32>
    let confidences: Shared<Float>

    /// Lends `body` the system of the rows of `x`.
    static func with(
        _ x: inout Matrix, _ y: Matrix, pairs: PairedRows?, _ gramian: Matrix, _ rows: SparseRows,
        _ parameters: ALSParameters,
        _ body: (RowSystem) throws -> Void
    ) rethrows {
        defer { withExtendedLifetime(pairs) {} }
        try x.withUnsafeMutableElements { x in
            try y.withUnsafeElements { elements in
                try gramian.withUnsafeElements { g in
                    try rows.columnIndices.withUnsafeBufferPointer { columns in
                        try rows.values.withUnsafeBufferPointer { confidences in
                            try body(
                                RowSystem(
                                    kernels: Kernels.best, rank: y.columns, parameters: parameters, rows: rows,
                                    x: SharedMutable(x.baseAddress!), y: Shared(elements.baseAddress!),
                                    pairs: pairs.map { Shared($0.words) }, gramian: Shared(g.baseAddress!),
                                    columns: Shared(columns.baseAddress!),
                                    confidences: Shared(confidences.baseAddress!)))
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    func unknowns(_ row: Int) -> UnsafeMutablePointer<Float> { x.pointer + row * rank }

    /// One row's equations, or those of some of its unknowns with the others fixed.
    @inline(__always)
    func row(_ row: Int, unknowns block: Range<Int>? = nil) -> KernelRow {
        let entries = rows.entries(ofRow: row)
        return KernelRow(
            factors: y.pointer + (block?.lowerBound ?? 0), pairs: pairs?.pointer,
            columns: columns.pointer + entries.lowerBound, confidences: confidences.pointer + entries.lowerBound,
            count: entries.count, following: rows.count - entries.upperBound, rank: block?.count ?? rank, stride: rank,
            base: parameters.base,
            ridge: ridge(row))
    }

    /// What some of a row's entries add to its equations.
    @inline(__always)
    func part(_ entries: Range<Int>, ridge: Float) -> KernelRow {
        KernelRow(
            factors: y.pointer, pairs: pairs?.pointer, columns: columns.pointer + entries.lowerBound,
            confidences: confidences.pointer + entries.lowerBound, count: entries.count, rank: rank,
            base: parameters.base, ridge: ridge)
    }

    /// λ_u.
    @inline(__always)
    func ridge(_ row: Int) -> Float {
        guard parameters.weighting == .mllib else {
            return parameters.ridge(count: rows.count(ofRow: row), others: rows.columns)
        }
        let entries = rows.entries(ofRow: row)
        return parameters.ridge(
            of: UnsafeBufferPointer(start: confidences.pointer + entries.lowerBound, count: entries.count),
            others: rows.columns)
    }
}
