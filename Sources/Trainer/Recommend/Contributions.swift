public import Domain
public import Linalg

/// Splits the scores of one user into what each item of the history contributes.
///
/// The user's vector solves A_u p_u = Σ_i c_ui q_i over the liked items i, so the score of item j is the sum
///
///     ⟨p_u, q_j⟩ = Σ_i c_ui q_jᵀ A_u⁻¹ q_i
///
/// (Hu, Koren, Volinsky 2008, section 5). It is exact for the folded-in vector, ``vector``, which is why lists with
/// reasons are scored with that one. Disliked items shape A_u and contribute nothing by themselves.
public struct Contributions: Sendable {
    /// p_u.
    public let vector: [Float]
    private let factors: Matrix
    private let items: [Int32]
    private let confidences: [Float]
    private let system: Cholesky

    /// - Parameters:
    ///   - gramian: QᵀQ of `itemFactors`.
    ///   - items: the user's history, rows of `itemFactors`.
    ///   - confidences: one for each item, negative for dislike.
    ///   - others: items of the training, if there are further ones.
    /// - Throws: ``ALSError`` or ``LinalgError`` if the system has no solution. O(items × rank² + rank³).
    public init(
        itemFactors: Matrix, gramian: Gramian, parameters: ALSParameters, items: [Int32], confidences: [Float],
        others: Int? = nil
    ) throws {
        precondition(items.count == confidences.count, "as many confidences as items")
        let rank = itemFactors.columns
        var a = try Matrix(rows: rank, columns: rank)
        var b = [Float](repeating: 0, count: rank)
        let ridge = parameters.ridge(of: confidences, others: others ?? itemFactors.rows)
        let confidences = confidences.map(parameters.entry)
        gramian.matrix.withUnsafeElements { g in
            itemFactors.withUnsafeElements { q in
                a.withUnsafeMutableElements { a in
                    for i in a.indices { a[i] = parameters.alpha0 * g[i] }
                    for i in 0..<rank { a[i * rank + i] += ridge }
                    for (item, confidence) in zip(items, confidences) {
                        let row = Int(item) * rank
                        let weight = abs(confidence) - parameters.base
                        for i in 0..<rank {
                            let scaled = weight * q[row + i]
                            for j in 0...i { a[i * rank + j] += scaled * q[row + j] }
                            if confidence > 0 { b[i] += confidence * q[row + i] }
                        }
                    }
                }
            }
        }
        system = try Cholesky(of: a)
        vector = try system.solve(b)
        factors = itemFactors
        self.items = items
        self.confidences = confidences
    }

    /// What each item of the history adds to the score of `item`, in the order of the history. They add up to the
    /// score, within rounding. O(rank² + items × rank).
    public func of(_ item: ItemIndex) throws -> [Float] {
        let direction = try system.solve(factors.row(item.position))
        let rank = factors.columns
        return factors.withUnsafeElements { q in
            zip(items, confidences).map { item, confidence in
                guard confidence > 0 else { return 0 }
                var sum: Float = 0
                for t in 0..<rank { sum += q[Int(item) * rank + t] * direction[t] }
                return confidence * sum
            }
        }
    }
}
