internal import Linalg

/// Predicts the weight of a pair: stars less ``ConfidenceWeights/neutralStars``, not yet cut to the scale.
typealias StarPrediction = (_ user: Int, _ item: Int) -> Float

/// What one fit made, in the indices of its training set.
struct FittedModel {
    /// What ranks: the product of a user's and an item's row orders the items for the user. An explicit model's rows are
    /// (p_u, 1) and (q_i, b_i).
    var factors: ALSFactors
    var ratings: Ratings?
    var summary: Manifest.TrainingSummary
    /// What made the factors, if it was not this program.
    var engine: Manifest.Engine?

    /// What turns a product into stars: stars = neutral + mean + b_u + product.
    struct Ratings {
        /// Of the weights, which are stars less ``ConfidenceWeights/neutralStars``.
        var mean: Float
        var userBiases: [Float]

        /// The predicted weight of a pair.
        func weight(user: Int, product: Float) -> Float { mean + userBiases[user] + product }
    }

    /// The predicted weight of a pair in the indices of the training set; nil of a model that predicts no stars.
    var stars: StarPrediction? {
        guard let ratings else { return nil }
        return { [factors] user, item in ratings.weight(user: user, product: factors.product(user, item)) }
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
