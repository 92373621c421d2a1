internal import Linalg

/// What one fit made, in the indices of its training set.
struct FittedModel {
    /// What ranks: the product of a user's and an item's row orders the items for the user. An explicit model's rows are
    /// (p_u, 1) and (q_i, b_i).
    var factors: ALSFactors
    var ratings: Ratings?
    var summary: Manifest.TrainingSummary

    /// What turns a product into stars: stars = neutral + mean + b_u + product.
    struct Ratings {
        /// Of the weights, which are stars less ``ConfidenceWeights/neutralStars``.
        var mean: Float
        var userBiases: [Float]

        /// The predicted weight of a pair.
        func weight(user: Int, product: Float) -> Float { mean + userBiases[user] + product }
    }

    init(implicit factors: ALSFactors, summary: Manifest.TrainingSummary) {
        self.factors = factors
        self.summary = summary
    }

    init(explicit model: RatingFactors, summary: Manifest.TrainingSummary) throws {
        let rank = model.factors.rank
        var users = try model.factors.userFactors.withColumns(rank + 1)
        var items = try model.factors.itemFactors.withColumns(rank + 1)
        users.withUnsafeMutableElements { elements in
            for row in 0..<model.userBiases.count { elements[row * (rank + 1) + rank] = 1 }
        }
        items.withUnsafeMutableElements { elements in
            for (row, bias) in model.itemBiases.enumerated() { elements[row * (rank + 1) + rank] = bias }
        }
        factors = ALSFactors(userFactors: users, itemFactors: items)
        ratings = Ratings(mean: model.mean, userBiases: model.userBiases)
        self.summary = summary
    }
}
