import Linalg

/// The rows of one side with few entries, where there are many of one length: they are solved exactly, for less than a step of
/// conjugate gradients costs.
///
/// Without its entries a row of n of them has the matrix A_n = α0 YᵀY + λ(n) I, the same for all rows of that length. With
/// z_j = A_n⁻¹ y_j for the rows of Y that its entries touch, K_jl = ⟨z_j, y_l⟩ and W their weights, its solution is
///
///     p = Σ_j t_j z_j        t = c⁺ − W½ q        (I + W½ K W½) q = W½ K c⁺
///
/// (Woodbury): n unknowns instead of the rank. The scores ⟨y_j, p⟩ are K t. A length is worth its Z = Y A_n⁻¹, a product for
/// each row of Y, where about a third as many rows have it.
struct ShortRows: Sendable {
    /// Rows of one length.
    struct Length: Sendable {
        let count: Int
        let rows: [Int]
    }

    /// Ascending.
    let lengths: [Length]
    /// Rows without entries.
    let empty: [Int]
    /// What workers claim: some of the rows of a length.
    let units: [(length: Int, rows: Range<Int>)]

    /// From here on a row's dots cost more than the steps.
    private static let longest = 16
    private static let unitRows = 256
    /// Rows of Y of one unit of work on Z.
    static let unitColumns = 256

    /// - Parameter rank: padded.
    /// - Returns: nil if no length is worth it, or weights are below zero.
    init?(rows: SparseRows, base: Float, rank: Int) {
        guard base == 0 || rows.values.allSatisfy({ abs($0) >= base }) else { return nil }
        var numbers = [[Int]](repeating: [], count: Self.longest + 1)
        for row in 0..<rows.rows {
            let count = rows.count(ofRow: row)
            if count <= Self.longest { numbers[count].append(row) }
        }
        empty = numbers[0]
        // As many as have their Z in half the memory of all factors.
        let most = (rows.rows + rows.columns) / (2 * max(1, rows.columns))
        let worth = (1...Self.longest).filter { 3 * numbers[$0].count >= rows.columns + 2 * rank }.prefix(most)
        lengths = worth.map { Length(count: $0, rows: numbers[$0]) }
        guard !lengths.isEmpty else { return nil }
        units = lengths.indices.flatMap { [lengths] length in
            stride(from: 0, to: lengths[length].rows.count, by: Self.unitRows).map {
                (length, $0..<min($0 + Self.unitRows, lengths[length].rows.count))
            }
        }
    }

    /// Whether rows with so many entries are among these.
    func contains(count: Int) -> Bool { count == 0 || lengths.contains { $0.count == count } }
}

extension HalfSweep {
    /// Solves the short rows.
    /// - Returns: what they add up to; nil, with nothing done, if some A_n cannot be inverted.
    func solveShortRows(
        _ short: ShortRows, _ system: RowSystem, _ gramian: Matrix, against y: Matrix, epoch: Int
    ) throws -> Sums? {
        let k = system.rank
        // With ν = 0 all lengths have one ridge, and one Z.
        let ofLength = short.lengths.map { parameters.ridge(count: $0.count, others: y.rows) }
        let ridges = Set(ofLength).sorted()
        let place = ofLength.map { ridges.firstIndex(of: $0)! }
        let inverses = workers.map(ridges.count) { inverse(gramian, ridge: ridges[$0]) }
        let known = inverses.compactMap { $0 }
        guard known.count == ridges.count else { return nil }
        var z = try Matrix(rows: ridges.count * y.rows, columns: k)
        var sums = [Sums](repeating: Sums(), count: short.units.count)
        try z.withUnsafeMutableElements { z in
            let z = SharedMutable(z.baseAddress!)
            let chunks = (y.rows + ShortRows.unitColumns - 1) / ShortRows.unitColumns
            workers.run(units: known.count * chunks) { _, unit in
                // Rows first..<first + count of Y, and of the Z of this ridge, which follows those of the others.
                let (ridge, first) = (unit / chunks, unit % chunks * ShortRows.unitColumns)
                let count = min(ShortRows.unitColumns, y.rows - first)
                known[ridge].withUnsafeElements {
                    system.kernels.product(
                        system.y.pointer + first * k, $0.baseAddress!, alpha: 1,
                        into: z.pointer + (ridge * y.rows + first) * k, rows: count, rank: k)
                }
            }
            for row in short.empty { system.unknowns(row).update(repeating: 0, count: k) }
            try sums.withUnsafeMutableBufferPointer { sums in
                let sums = SharedMutable(sums.baseAddress!)
                try workers.run(units: short.units.count) { (_, unit) throws(ALSError) in
                    let (length, range) = short.units[unit]
                    sums.pointer[unit] = try solve(
                        short.lengths[length], range, system, Shared(z.pointer + place[length] * y.rows * k), epoch)
                }
            }
        }
        return sums.reduce(into: Sums()) { $0.add($1) }
    }

    /// (G + ridge I)⁻¹; nil where that is not positive definite.
    private func inverse(_ gramian: Matrix, ridge: Float) -> Matrix? {
        var a = gramian
        let k = a.columns
        a.withUnsafeMutableElements { a in
            for i in 0..<k { a[i * k + i] += i < parameters.rank ? ridge : 1 }  // padding: z_i = 0
        }
        guard (try? a.invertPositiveDefinite()) != nil else { return nil }
        a.withUnsafeMutableElements { a in
            for i in 0..<k { for j in 0..<i { a[j * k + i] = a[i * k + j] } }
        }
        return a
    }

    /// Solves some rows of one length.
    private func solve(
        _ length: ShortRows.Length, _ range: Range<Int>, _ system: RowSystem, _ z: Shared<Float>, _ epoch: Int
    ) throws(ALSError) -> Sums {
        let (kernels, k, n) = (system.kernels, system.rank, length.count)
        var sums = Sums()
        var equations = ShortEquations(count: n)
        for i in range {
            let row = length.rows[i]
            let entries = rows.entries(ofRow: row)
            let columns = system.columns.pointer + entries.lowerBound
            let confidences = system.confidences.pointer + entries.lowerBound
            for j in 0..<n {
                let zj = z.pointer + Int(columns[j]) * k
                for l in 0...j {
                    equations.K[j * n + l] = Double(kernels.dot(zj, system.y.pointer + Int(columns[l]) * k, rank: k))
                }
                equations.c[j] = Double(max(confidences[j], 0))
                equations.root[j] = Double(abs(confidences[j]) - parameters.base).squareRoot()
            }
            let bx = equations.solve()
            let x = system.unknowns(row)
            x.update(repeating: 0, count: k)
            for j in 0..<n {
                kernels.conjugateGradientAdvance(
                    x: x, p: z.pointer + Int(columns[j]) * k, alpha: Float(equations.t[j]), rank: k)
            }
            // xᵀA x − 2 bᵀx = −bᵀx at the solution.
            try checkFinite(bx, row: row, epoch: epoch)
            sums.quadratic -= bx
            sums.ridge += Double(system.ridge(row)) * Double(kernels.dot(x, x, rank: k))
        }
        return sums
    }
}

/// The n equations of a short row, in 64-bit floats: see ``ShortRows``.
private struct ShortEquations {
    let count: Int
    /// On and below the diagonal.
    var K: [Double]
    /// c⁺ and W½.
    var c: [Double]
    var root: [Double]
    var t: [Double]
    /// I + W½ K W½ and then its Cholesky factor, and q.
    private var factor: [Double]
    private var q: [Double]

    init(count: Int) {
        self.count = count
        K = [Double](repeating: 0, count: count * count)
        factor = K
        c = [Double](repeating: 0, count: count)
        (root, t, q) = (c, c, c)
    }

    /// Finds t.
    /// - Returns: bᵀp = Σ_j c⁺_j ⟨y_j, p⟩; not a number if the equations are not.
    mutating func solve() -> Double {
        let n = count
        if n == 1 {
            t[0] = c[0] / (1 + root[0] * K[0] * root[0])
            return c[0] * K[0] * t[0]
        }
        func product(_ row: Int, _ v: [Double]) -> Double {
            (0..<n).reduce(0) { $0 + K[max(row, $1) * n + min(row, $1)] * v[$1] }
        }
        for j in 0..<n { q[j] = root[j] * product(j, c) }
        // Cholesky, the right side along with it. All pivots are 1 or more but for rounding.
        for j in 0..<n {
            for l in 0...j {
                var sum = root[j] * K[j * n + l] * root[l] + (j == l ? 1 : 0)
                for i in 0..<l { sum -= factor[j * n + i] * factor[l * n + i] }
                factor[j * n + l] = j == l ? sum.squareRoot() : sum / factor[l * n + l]
            }
            for i in 0..<j { q[j] -= factor[j * n + i] * q[i] }
            q[j] /= factor[j * n + j]
        }
        for j in (0..<n).reversed() {
            for i in j + 1..<n { q[j] -= factor[i * n + j] * q[i] }
            q[j] /= factor[j * n + j]
        }
        for j in 0..<n { t[j] = c[j] - root[j] * q[j] }
        return (0..<n).reduce(0) { $0 + c[$1] * product($1, t) }
    }
}
