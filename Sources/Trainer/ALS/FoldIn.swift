public import Linalg

/// The vector of a user who is new, or has new events, without retraining: the exact solution of the same equations
/// that a half-sweep solves for a row, from the user's **full** history.
///
///     let foldIn = try FoldIn(itemFactors: model.itemFactors, parameters: model.parameters)
///     let vector = try foldIn.vector(items: [3, 17], confidences: [1, 0.5])
///
/// Given user factors instead of item factors it folds in a new item from the users who have seen it. Immutable; any
/// number of threads may use one.
public struct FoldIn: Sendable {
    private let parameters: ALSParameters
    private let rank: Int
    private let factors: Matrix
    /// α0 YᵀY, with 1 on the diagonal of the padding.
    private let gramian: Matrix
    /// How many rows the other side has in training.
    private let others: Int

    /// - Parameters:
    ///   - itemFactors: items × rank; shared, not copied, if the rank is a multiple of 16.
    ///   - gramian: of those factors, if it is known already; else it is computed, O(items × rank²).
    ///   - parameters: those the factors were trained with.
    ///   - others: rows of the factors in training, if others are given here; with a Gramian only.
    public init(
        itemFactors: Matrix, gramian: Gramian? = nil, parameters: ALSParameters, others: Int? = nil
    ) throws {
        self.others = others ?? itemFactors.rows
        let rank = itemFactors.columns
        guard gramian == nil || gramian!.matrix.columns == rank else {
            throw ALSError.shape(
                what: "The Gramian", expected: "\(rank) × \(rank)", found: "of rank \(gramian!.matrix.columns)")
        }
        let size = Kernels.padded(rank)
        let known = try (gramian ?? Gramian(of: itemFactors)).matrix
        var padded = try Matrix(rows: size, columns: size)
        padded.withUnsafeMutableElements { g in
            for i in 0..<rank {
                for j in 0..<rank { g[i * size + j] = parameters.alpha0 * known[i, j] }
            }
            for i in rank..<size { g[i * size + i] = 1 }
        }
        self.parameters = parameters
        self.rank = rank
        self.gramian = padded
        factors = try itemFactors.withColumns(size)
    }

    /// The vector of a user with these items. An empty history has the zero vector.
    ///
    /// - Parameters:
    ///   - items: rows of the item factors; an item that stands twice counts twice.
    ///   - confidences: one for each item; negative for dislike.
    ///   - prior: what the vector would be if only the terms that do not depend on the items pulled at it, towards this
    ///     instead of zero.
    /// - Throws: ``ALSError``. O(items × rank² + rank³): some tens of microseconds.
    public func vector(
        items: [Int32], confidences: [Float], prior: [Float]? = nil
    ) throws(ALSError) -> [Float] {
        guard prior == nil || prior!.count == rank else {
            throw .shape(what: "A prior", expected: "\(rank) numbers", found: "\(prior!.count)")
        }
        guard items.count == confidences.count else {
            throw .shape(what: "Confidences", expected: "\(items.count)", found: "\(confidences.count)")
        }
        for (place, item) in items.enumerated() {
            guard item >= 0, item < factors.rows else { throw .itemOutOfRange(item: Int(item), items: factors.rows) }
            guard confidences[place].isFinite else {
                throw .confidence(user: 0, item: Int(item), value: confidences[place])
            }
        }
        guard !items.isEmpty else { return [Float](repeating: 0, count: rank) }
        let size = factors.columns
        let ridge = parameters.ridge(of: confidences, others: others)
        // Nothing that pulls: see the exact solver.
        if prior == nil, parameters.weighting == .mllib, !confidences.contains(where: { $0 > 0 }) {
            return [Float](repeating: 0, count: rank)
        }
        let confidences = confidences.map(parameters.entry)
        // As in the exact solver: too few equations, and nothing to choose between their solutions.
        guard ridge > 0 || parameters.alpha0 > 0 || items.count >= rank else { throw .singular(side: .user, row: 0) }
        let status = withUnsafeTemporaryAllocation(
            of: Float.self, capacity: size * size + size + Kernels.panelRows * size
        ) { scratch -> (pivot: Int, x: [Float]) in
            let A = scratch.baseAddress!
            let b = A + size * size
            gramian.withUnsafeElements { A.initialize(from: $0.baseAddress!, count: size * size) }
            for i in 0..<rank { A[i * size + i] += ridge }
            b.initialize(repeating: 0, count: size)
            if let prior {
                for i in 0..<rank { for j in 0..<rank { b[i] += A[i * size + j] * prior[j] } }
            }
            factors.withUnsafeElements { y in
                items.withUnsafeBufferPointer { items in
                    confidences.withUnsafeBufferPointer { confidences in
                        let row = KernelRow(
                            factors: y.baseAddress!, columns: items.baseAddress!,
                            confidences: confidences.baseAddress!, count: items.count, rank: size,
                            base: parameters.base, ridge: ridge)
                        Kernels.best.accumulate(row, panel: b + size, into: A, b)
                    }
                }
            }
            let pivot = Cholesky.solve(A, size: size, b)
            return (pivot, Array(UnsafeBufferPointer(start: b, count: rank)))
        }
        guard status.pivot == 0, status.x.allSatisfy(\.isFinite) else { throw .singular(side: .user, row: 0) }
        return status.x
    }
}
