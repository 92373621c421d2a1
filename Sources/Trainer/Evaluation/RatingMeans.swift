internal import Linalg

/// What means alone say of a rating: the simplest predictions that a model of stars must not be below.
///
///     item      mᵢ = (5 m + Σ r) / (5 + n)            over the n ratings of item i, m the mean of all
///     user      dᵤ = Σ (r − mᵢ) / (5 + n)             over the n ratings of user u
///
/// Five ratings' worth of what is known without it pull each mean, so that one rating does not speak for an item or a user.
/// Source: Y. Koren, "Factor in the Neighbors", ACM TKDD 4 (2010), section 2.1, its baseline estimates by means.
struct RatingMeans {
    private static let pull = 5.0
    let items: [Float]
    /// How far a user rates above the items' means.
    let users: [Float]

    /// O(ratings).
    init(_ training: TrainingSet) {
        let ratings = training.interactions
        var sums = [Double](repeating: 0, count: ratings.columns)
        var counts = [Double](repeating: 0, count: ratings.columns)
        var total = 0.0
        for (item, value) in zip(ratings.columnIndices, ratings.values) {
            sums[Int(item)] += Double(value)
            counts[Int(item)] += 1
            total += Double(value)
        }
        let mean = total / Double(max(ratings.values.count, 1))
        let items = zip(sums, counts).map { Float(($0 + Self.pull * mean) / ($1 + Self.pull)) }
        self.items = items
        users = (0..<ratings.rows).map { user in
            let entries = Int(ratings.rowStarts[user])..<Int(ratings.rowStarts[user + 1])
            let sum = entries.reduce(0.0) { sum, entry in
                sum + Double(ratings.values[entry] - items[Int(ratings.columnIndices[entry])])
            }
            return Float(sum / (Self.pull + Double(entries.count)))
        }
    }

    /// By the item alone.
    func ofItem(_ user: Int, _ item: Int) -> Float { items[item] }

    /// By the item, and how the user rates.
    func ofBoth(_ user: Int, _ item: Int) -> Float { items[item] + users[user] }
}
