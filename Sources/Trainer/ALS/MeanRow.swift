import Linalg

/// The equations of the mean row with a given number of entries: a preconditioner for every row of a half-sweep.
///
/// Row u's matrix is A_u = α0 YᵀY + λ_u I + Σ_j w_j y_j y_jᵀ. A row of n entries touches the other side's rows about as
/// often as all rows do, so that its sum is about n C with C = w̄ Σ_i n_i y_i y_iᵀ / Σ_i n_i, and
///
///     M_n = α0 YᵀY + λ(n) I + n C  ≈  A_u
///
/// is known for all n from one decomposition a half-sweep: with λ(n) taken as linear in n, M_n = B + (n − n̄) C′ for the
/// row of mean length n̄, and a ``SymmetricPencil`` of C′ and B gives M_n⁻¹ = V diag(1 / (1 + (n − n̄) μ)) Vᵀ. One step of
/// conjugate gradients with M_n descends about as far as three without (docs/decisions/conjugate-gradients.md).
struct MeanRow: Sendable {
    /// μ, V and Vᵀ, padded with zeros: what is zero in the padding stays so.
    private let values: [Float]
    private let vectors: Matrix
    private let transposed: Matrix
    private let meanCount: Float
    /// B = α0 YᵀY + ridge I + n̄ C′ and C′ = C + slope I.
    private let ridge: Float
    private let slope: Float

    /// Keeps 1 + (n − n̄) μ off zero, where it can only be by rounding.
    private static let least: Float = 1e-4

    /// What is known of one side's rows before their factors.
    struct Statistics: Sendable {
        /// Entries in each column: how often a row touches it.
        let columnCounts: [Float]
        /// n̄, over rows with entries.
        let meanCount: Float
        /// w̄ ≥ 0, over all entries.
        let meanWeight: Float

        /// - Parameter transposed: the same interactions by column.
        init(rows: SparseRows, transposed: SparseRows, parameters: ALSParameters) {
            columnCounts = (0..<transposed.rows).map { Float(transposed.count(ofRow: $0)) }
            let nonempty = (0..<rows.rows).count { rows.count(ofRow: $0) > 0 }
            meanCount = Float(rows.count) / Float(max(1, nonempty))
            let base = parameters.base
            let values = rows.values.span
            var sum = 0.0
            for entry in values.indices { sum += Double(max(0, abs(values[entry]) - base)) }
            meanWeight = Float(sum / Double(max(1, rows.count)))
        }
    }

    /// - Parameters:
    ///   - y: the other side's factors, of padded rank.
    ///   - gramian: α0 YᵀY.
    /// - Returns: nil if the mean row's matrix is not positive definite, as with factors that are not numbers.
    init?(
        of y: Matrix, gramian: Matrix, _ statistics: Statistics, _ parameters: ALSParameters, workers: Workers
    ) throws {
        let k = parameters.rank
        let total = statistics.columnCounts.reduce(0.0) { $0 + Double($1) }
        let touched = try Gramian(of: y, weights: statistics.columnCounts, workers: workers).matrix
        let mean = statistics.meanCount
        var ridge = parameters.ridge(count: 0, others: y.rows)
        slope = (parameters.ridge(count: Int(mean), others: y.rows) - ridge) / max(1, mean)
        var b = try Matrix(rows: k, columns: k)
        var c = b
        let scale = statistics.meanWeight / Float(max(1, total))
        var trace: Float = 0
        for i in 0..<k {
            for j in 0...i {
                c[i, j] = scale * touched[i, j] + (i == j ? slope : 0)
                b[i, j] = gramian[i, j] + (i == j ? ridge : 0) + mean * c[i, j]
            }
            trace += b[i, i]
        }
        // Factors of a lower rank than they have columns, and nothing else to make B regular.
        ridge += 1e-6 * trace / Float(k)
        for i in 0..<k { b[i, i] += 1e-6 * trace / Float(k) }
        self.ridge = ridge
        guard let pencil = try? SymmetricPencil(c, b) else { return nil }
        values = pencil.values + [Float](repeating: 0, count: y.columns - k)
        transposed = try Self.padded(pencil.vectors.transposed(), to: y.columns)
        vectors = try Self.padded(pencil.vectors, to: y.columns)
        meanCount = mean
    }

    private static func padded(_ matrix: Matrix, to size: Int) throws -> Matrix {
        var result = try Matrix(rows: size, columns: size)
        for i in 0..<matrix.rows {
            for j in 0..<matrix.columns { result[i, j] = matrix[i, j] }
        }
        return result
    }

    /// Z ← M⁻¹ R, row by row, and T ← V⁻¹ Z.
    func solve(
        _ R: UnsafePointer<Float>, into Z: UnsafeMutablePointer<Float>, _ T: UnsafeMutablePointer<Float>,
        _ batch: some RowBatch
    ) {
        let kernels = batch.system.kernels
        let k = batch.system.rank
        vectors.withUnsafeElements {
            kernels.product(R, $0.baseAddress!, alpha: 1, into: T, rows: batch.count, rank: k)
        }
        values.withUnsafeBufferPointer {
            for i in 0..<batch.count {
                let count = batch.system.rows.count(ofRow: batch.number(i))
                kernels.divide(
                    T + i * k, by: $0.baseAddress!, excess: Float(count) - meanCount, least: Self.least, rank: k)
            }
        }
        transposed.withUnsafeElements {
            kernels.product(T, $0.baseAddress!, alpha: 1, into: Z, rows: batch.count, rank: k)
        }
    }

    /// What is known of pᵀA_u p without the row's entries.
    struct Curvature: Sendable {
        /// pᵀ(α0 YᵀY + λ_u I) p.
        var rest: Float = 0
        /// n pᵀC p: the energy that a mean row's entries would add.
        var expected: Float = 0
    }

    /// - Parameters:
    ///   - p: a direction, and `t` = V⁻¹ p: with VᵀB V = I and VᵀC′V = diag(μ), pᵀB p = tᵀt and pᵀC′p = Σ μ_i t_i².
    ///   - ridge: λ_u.
    func curvature(
        _ p: UnsafePointer<Float>, _ t: UnsafePointer<Float>, count: Int, ridge: Float, _ kernels: Kernels, rank: Int
    ) -> Curvature {
        let mean = values.withUnsafeBufferPointer { kernels.weightedSquare(t, by: $0.baseAddress!, rank: rank) }
        let squared = kernels.dot(p, p, rank: rank)
        let gramian = max(0, kernels.dot(t, t, rank: rank) - meanCount * mean - self.ridge * squared)
        return Curvature(
            rest: gramian + ridge * squared, expected: Float(count) * max(0, mean - slope * squared))
    }
}
