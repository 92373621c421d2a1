internal import Linalg

/// The row (p_u, 1) of a user from ratings, by the equation that ``RatingALS`` solves for it: with y_i = (q_i, 1) and
/// x = (p_u, b_u),
///
///     (Σ y_i y_iᵀ + λ |S_u| I) x = Σ (r_ui − μ − b_i) y_i
///
/// and p_u ≥ 0 if the model is non-negative.
struct RatingFoldIn: Sendable {
    /// (q_i, b_i).
    let items: Matrix
    /// μ.
    let mean: Float
    let parameters: RatingParameters

    /// A, and b, of the user with these ratings. O(ratings × rank²).
    private func equations(_ rows: [Int32], _ ratings: [Float]) throws(ALSError) -> RatingRow {
        guard rows.count == ratings.count else {
            throw .shape(what: "Ratings", expected: "\(rows.count)", found: "\(ratings.count)")
        }
        let size = items.columns
        let rank = size - 1
        var row = RatingRow(size: size, rank: rank, longest: 0)
        row.clear(ridge: parameters.lambda * Float(rows.count), unknowns: size)
        for (item, rating) in zip(rows, ratings) {
            guard item >= 0, item < items.rows else { throw .itemOutOfRange(item: Int(item), items: items.rows) }
            guard rating.isFinite else { throw .confidence(user: 0, item: Int(item), value: rating) }
            items.withRow(Int(item)) { q in
                let target = rating - mean - q[rank]
                for i in 0..<size {
                    let y = i < rank ? q[i] : 1
                    row.b[i] += target * y
                    for j in 0..<i { row.A[i * size + j] += y * q[j] }
                    row.A[i * size + i] += y * y
                }
            }
        }
        return row
    }

    /// (p_u, 1). Zeros and 1 without ratings: then the item's bias is all there is.
    func row(items rows: [Int32], ratings: [Float]) throws(ALSError) -> [Float] {
        let size = items.columns
        var row = try equations(rows, ratings)
        var x = [Float](repeating: 0, count: size)
        guard !rows.isEmpty else {
            x[size - 1] = 1
            return x
        }
        if parameters.isNonNegative {
            x.withUnsafeMutableBufferPointer { row.descend($0.baseAddress!, nonNegative: size - 1) }
        } else {
            do {
                x = try Cholesky(of: Matrix(rows: size, columns: size, elements: row.A)).solve(row.b)
            } catch {
                throw .singular(side: .user, row: 0)
            }
        }
        guard x.allSatisfy(\.isFinite) else { throw .singular(side: .user, row: 0) }
        x[size - 1] = 1
        return x
    }

    /// What each rating adds to ⟨p_u, q_j⟩ of `item`: (r_ui − μ − b_i) y_iᵀ A⁻¹ (q_j, 0). Only of a model without the
    /// non-negative constraint, under which no such sum exists.
    func contributions(items rows: [Int32], ratings: [Float], to targets: [Int]) throws -> [[Float]] {
        let size = items.columns
        let system = try Cholesky(of: Matrix(rows: size, columns: size, elements: equations(rows, ratings).A))
        return try targets.map { target in
            var q = items.row(target)
            q[size - 1] = 0
            let direction = try system.solve(q)
            return zip(rows, ratings).map { item, rating in
                items.withRow(Int(item)) { q in
                    var sum = direction[size - 1]
                    for i in 0..<size - 1 { sum += q[i] * direction[i] }
                    return (rating - mean - q[size - 1]) * sum
                }
            }
        }
    }
}
