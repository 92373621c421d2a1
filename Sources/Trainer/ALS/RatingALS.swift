internal import Domain
public import Linalg

/// Explicit ratings by alternating least squares, with user and item biases.
///
///     let model = try RatingALS.fit(ratings: ratings, parameters: RatingParameters(rank: 16))
///     print(model.rating(user: 3, item: 17))
///
/// A bias is one more unknown of its row whose factor on the other side is 1: row u solves for x = (p_u, b_u) against the
/// rows y_i = (q_i, 1) and what the others leave of the rating, r_ui − μ − b_i.
public enum RatingALS {
    /// Blocks the calling thread. The result is the same bytes for any number of workers. O(epochs × (ratings × rank² +
    /// rows × rank³)).
    ///
    /// - Parameters:
    ///   - ratings: users × items, on any scale.
    ///   - warmStart: a model of the same shape to start from; nil starts from random numbers.
    ///   - onEpoch: as in ``ALS/fit(interactions:parameters:warmStart:onEpoch:)``; the loss is that of ``RatingParameters``.
    ///   - proceeding: as there.
    /// - Throws: ``ALSError``, and what `onEpoch` throws.
    public static func fit(
        ratings: SparseRows, parameters: RatingParameters, warmStart: RatingFactors? = nil,
        onEpoch: (ALS.EpochReport) throws -> Void = { _ in },
        proceeding: ((ALS.EpochReport, RatingFactors) throws -> Bool)? = nil
    ) throws -> RatingFactors {
        try parameters.validate()
        guard ratings.count > 0 else { throw ALSError.emptyTrainingSet(users: ratings.rows, items: ratings.columns) }
        guard parameters.rank <= ratings.columns else {
            throw ALSError.rankAboveItems(rank: parameters.rank, items: ratings.columns)
        }
        try ALS.checkFinite(ratings)
        let mean = ratings.values.reduce(0.0) { $0 + Double($1) } / Double(ratings.count)
        let workers = Workers(count: parameters.threads)
        // Column `rank` of a side's matrix is its bias; the rest up to the vector width stays zero.
        let size = Kernels.padded(parameters.rank + 1)
        let start =
            try warmStart?.factors
            ?? ALSFactors(users: ratings.rows, items: ratings.columns, rank: parameters.rank, seed: parameters.seed)
        for (what, matrix, rows) in [
            ("The start factors of users", start.userFactors, ratings.rows),
            ("The start factors of items", start.itemFactors, ratings.columns),
        ] where matrix.rows != rows || matrix.columns != parameters.rank {
            throw ALSError.shape(
                what: what, expected: "\(rows) × \(parameters.rank)", found: "\(matrix.rows) × \(matrix.columns)")
        }
        var users = try start.userFactors.withColumns(size)
        var items = try start.itemFactors.withColumns(size)
        if let warmStart {
            for (row, bias) in warmStart.userBiases.enumerated() { users[row, parameters.rank] = bias }
            for (row, bias) in warmStart.itemBiases.enumerated() { items[row, parameters.rank] = bias }
        }
        if parameters.isNonNegative {
            for i in 0..<users.rows { for f in 0..<parameters.rank { users[i, f] = abs(users[i, f]) } }
            for i in 0..<items.rows { for f in 0..<parameters.rank { items[i, f] = abs(items[i, f]) } }
        }
        let byUser = RatingSweep(side: .user, ratings: ratings, mean: mean, parameters: parameters, workers: workers)
        let byItem = RatingSweep(
            side: .item, ratings: ratings.transposed(workers: workers), mean: mean, parameters: parameters,
            workers: workers)
        func result() throws -> RatingFactors {
            RatingFactors(
                mean: Float(mean), userBiases: (0..<users.rows).map { users[$0, parameters.rank] },
                itemBiases: (0..<items.rows).map { items[$0, parameters.rank] },
                factors: ALSFactors(
                    userFactors: try users.withColumns(parameters.rank),
                    itemFactors: try items.withColumns(parameters.rank)))
        }
        let clock = ContinuousClock()
        for epoch in 1...parameters.epochs {
            let begin = clock.now
            let userSums = try byUser.run(&users, against: items, epoch: epoch)
            let itemSums = try byItem.run(&items, against: users, epoch: epoch)
            let elapsed = begin.duration(to: clock.now)
            let report = ALS.EpochReport(
                epoch: epoch, loss: itemSums.squares + itemSums.ridge + userSums.ridge,
                seconds: elapsed.inSeconds,
                steps: (0, 0))
            try onEpoch(report)
            if let proceeding, try !proceeding(report, result()) { break }
        }
        return try result()
    }
}
