import Linalg

/// One side's half of an epoch of ``RatingALS``.
struct RatingSweep {
    let side: ALSError.Side
    let ratings: SparseRows
    let mean: Double
    let parameters: RatingParameters
    let workers: Workers

    struct Sums {
        /// Σ (r − prediction)².
        var squares = 0.0
        /// λ Σ_u |S_u| (‖p_u‖² + b_u²).
        var ridge = 0.0
    }

    private static let rowsPerUnit = 64

    /// Replaces each row (p_u, b_u) of `x` by its solution against the rows (q_i, b_i) of `y`.
    func run(_ x: inout Matrix, against y: Matrix, epoch: Int) throws -> Sums {
        let size = y.columns
        let rank = parameters.rank
        // The other side's rows as (q_i, 1); its biases go to the right-hand sides.
        var features = y
        features.withUnsafeMutableElements { y in
            for i in stride(from: rank, to: y.count, by: size) { y[i] = 1 }
        }
        let units = (ratings.rows + Self.rowsPerUnit - 1) / Self.rowsPerUnit
        var sums = [Sums](repeating: Sums(), count: units)
        let longest = (0..<ratings.rows).map { ratings.count(ofRow: $0) }.max() ?? 0
        let ones = [Float](repeating: 1, count: longest)
        try x.withUnsafeMutableElements { x in
            try features.withUnsafeElements { features in
                try y.withUnsafeElements { y in
                    try sums.withUnsafeMutableBufferPointer { sums in
                        let (x, sums) = (SharedMutable(x.baseAddress!), SharedMutable(sums.baseAddress!))
                        let (features, y) = (Shared(features.baseAddress!), Shared(y.baseAddress!))
                        try workers.run(units: units) { _, unit throws(ALSError) in
                            let first = unit * Self.rowsPerUnit
                            var sum = Sums()
                            var row = RatingRow(size: size, rank: rank, longest: longest)
                            for u in first..<min(first + Self.rowsPerUnit, ratings.rows) {
                                let solved = try solve(
                                    u, x.pointer + u * size, features.pointer, y.pointer, ones, &row, epoch)
                                sum.squares += solved.squares
                                sum.ridge += solved.ridge
                            }
                            sums.pointer[unit] = sum
                        }
                    }
                }
            }
        }
        return sums.reduce(into: Sums()) {
            $0.squares += $1.squares
            $0.ridge += $1.ridge
        }
    }

    /// Solves one row: (Σ y yᵀ + λ |S_u| I) x = Σ (r − μ − b_i) y, with factors held at 0 or above if asked.
    private func solve(
        _ u: Int, _ x: UnsafeMutablePointer<Float>, _ features: UnsafePointer<Float>, _ y: UnsafePointer<Float>,
        _ ones: [Float], _ row: inout RatingRow, _ epoch: Int
    ) throws(ALSError) -> Sums {
        let entries = ratings.entries(ofRow: u)
        let size = row.size
        guard !entries.isEmpty else {
            x.update(repeating: 0, count: size)
            return Sums()
        }
        let kernels = Kernels.best
        let ridge = parameters.lambda * Float(entries.count)
        // The kernel adds (c⁺_j − w_j s_j) y_j to b, with c = w = 1: s_j = 1 − target_j.
        for (j, entry) in entries.enumerated() {
            let item = Int(ratings.columnIndices[entry])
            let target = Double(ratings.values[entry]) - mean - Double(y[item * size + parameters.rank])
            row.targets[j] = Float(target)
            row.scores[j] = Float(1 - target)
        }
        row.clear(ridge: ridge, unknowns: parameters.rank + 1)
        ratings.columnIndices.withUnsafeBufferPointer { columns in
            let system = KernelRow(
                factors: features, columns: columns.baseAddress! + entries.lowerBound, confidences: ones,
                count: entries.count, rank: size, base: 0, ridge: 0)
            kernels.accumulate(system, predictions: row.scores, panel: &row.panel, into: &row.A, &row.b)
            if parameters.isNonNegative {
                row.descend(x, nonNegative: parameters.rank)
            } else {
                x.update(from: row.b, count: size)
                row.pivot = Cholesky.solve(&row.A, size: size, x)
            }
            for j in 0..<entries.count { row.scores[j] = 0 }
            kernels.predict(system, x, &row.scores)
        }
        guard row.pivot == 0 else { throw .singular(side: side, row: u) }
        var sums = Sums()
        for j in 0..<entries.count {
            let error = Double(row.targets[j]) - Double(row.scores[j])
            sums.squares += error * error
        }
        sums.ridge = Double(ridge) * Double(kernels.dot(x, x, rank: size))
        guard (sums.squares + sums.ridge).isFinite else { throw .diverged(epoch: epoch, side: side, row: u) }
        return sums
    }
}

/// Memory for one row's equations.
struct RatingRow {
    let size: Int
    var A: [Float]
    var b: [Float]
    var panel: [Float]
    /// A score and what it should be, for each rating of the row.
    var scores: [Float]
    var targets: [Float]
    /// Where the factorisation failed, from 1; 0 if it did not.
    var pivot = 0

    init(size: Int, rank: Int, longest: Int) {
        self.size = size
        A = [Float](repeating: 0, count: size * size)
        b = [Float](repeating: 0, count: size)
        panel = [Float](repeating: 0, count: Kernels.panelRows * size)
        scores = [Float](repeating: 0, count: longest)
        targets = scores
    }

    /// A = λ_u I, 1 on the diagonal of the padding; b = 0.
    mutating func clear(ridge: Float, unknowns: Int) {
        for i in A.indices { A[i] = 0 }
        for i in 0..<size {
            A[i * size + i] = i < unknowns ? ridge : 1
            b[i] = 0
        }
    }

    /// Minimises xᵀA x − 2 bᵀx with the first `nonNegative` unknowns at 0 or above, by exact steps along one unknown
    /// after the other from the last x; each step lowers it, and at the end no unknown wants to move.
    mutating func descend(_ x: UnsafeMutablePointer<Float>, nonNegative: Int) {
        for i in 0..<size { for j in 0..<i { A[j * size + i] = A[i * size + j] } }
        for _ in 0..<100 {
            var largest: Float = 0
            for i in 0..<size {
                var slope = -b[i]
                for j in 0..<size { slope += A[i * size + j] * x[j] }
                var value = x[i] - slope / A[i * size + i]
                if i < nonNegative { value = max(value, 0) }
                largest = max(largest, abs(value - x[i]))
                x[i] = value
            }
            if largest < 1e-6 { return }
        }
    }
}
