public import Linalg

/// Settings of ``RatingALS``: explicit ratings with biases (ALS-WR, Zhou, Wilkinson, Schreiber, Pan 2008).
///
///     L = Σ_(u,i)∈S (r_ui − μ − b_u − b_i − ⟨p_u, q_i⟩)²
///         + λ ( Σ_u |S_u| (‖p_u‖² + b_u²) + Σ_i |S_i| (‖q_i‖² + b_i²) )
///
/// μ is the mean rating. λ weighs each row by its number of ratings ("weighted-λ"), so one λ suits rows of any length.
public struct RatingParameters: Codable, Hashable, Sendable {
    /// `1…1024`, at most the number of items.
    public var rank: Int
    public var epochs: Int
    /// λ > 0.
    public var lambda: Float
    /// Keeps every factor at 0 or above, as parts that only add up; biases stay free.
    public var isNonNegative: Bool
    public var seed: UInt64
    public var threads: Int?

    public init(
        rank: Int = 64, epochs: Int = 15, lambda: Float = 0.12, isNonNegative: Bool = false, seed: UInt64 = 1,
        threads: Int? = nil
    ) {
        self.rank = rank
        self.epochs = epochs
        self.lambda = lambda
        self.isNonNegative = isNonNegative
        self.seed = seed
        self.threads = threads
    }

    /// - Throws: ``ALSError/parameter(name:value:expected:)`` naming the first that is out of range.
    public func validate() throws(ALSError) {
        try ALSError.checkCounts(rank: rank, epochs: epochs, threads: threads)
        try ALSError.check(lambda.isFinite && lambda > 0, "lambda", lambda, "a number above 0")
    }
}

/// What predicts a rating: μ + b_u + b_i + ⟨p_u, q_i⟩.
public struct RatingFactors: Sendable, Equatable {
    /// μ.
    public var mean: Float
    /// b_u and b_i; 0 for a row without ratings.
    public var userBiases: [Float]
    public var itemBiases: [Float]
    public var factors: ALSFactors

    /// The predicted rating, not cut to any scale. O(rank).
    public func rating(user: Int, item: Int) -> Float {
        let product = factors.userFactors.withRow(user) { p in
            factors.itemFactors.withRow(item) { q in
                var sum: Float = 0
                for i in p.indices { sum += p[i] * q[i] }
                return sum
            }
        }
        return mean + userBiases[user] + itemBiases[item] + product
    }

    /// Root mean square and mean absolute error over the given ratings. Zero if there are none.
    public func errors(on ratings: SparseRows) -> (rmse: Double, mae: Double) {
        var squares = 0.0
        var magnitudes = 0.0
        for user in 0..<ratings.rows {
            for entry in ratings.entries(ofRow: user) {
                let item = Int(ratings.columnIndices[entry])
                let error = Double(ratings.values[entry] - rating(user: user, item: item))
                squares += error * error
                magnitudes += abs(error)
            }
        }
        let count = Double(max(ratings.count, 1))
        return ((squares / count).squareRoot(), magnitudes / count)
    }
}
