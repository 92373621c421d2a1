internal import Foundation
internal import Linalg

/// How far predicted stars are from held-out ones, over all held-out ratings by known users of known items.
///
///     RMSE = √(mean (r − r̂)²)        MAE = mean |r − r̂|
///
/// Predictions are cut to the scale, 0.5…5 stars. Intervals are of 95 %, by resampling users: the ratings of one user are
/// not independent of each other.
public struct RatingErrors: Codable, Hashable, Sendable {
    public var rmse: Interval
    public var mae: Interval
    /// The same when every prediction is the item's mean rating in training, pulled towards the mean of all by five
    /// ratings' worth.
    public var baselineRMSE: Interval
    public var baselineMAE: Interval
    /// The same when how far the user rates above the items' means is added; nil in reports of before it was measured.
    public var meansRMSE: Interval?
    public var meansMAE: Interval?
    public var ratings: Int
    public var users: Int

    private enum CodingKeys: String, CodingKey {
        case rmse, mae, ratings, users
        case baselineRMSE = "baseline_rmse"
        case baselineMAE = "baseline_mae"
        case meansRMSE = "means_rmse"
        case meansMAE = "means_mae"
    }

    /// Nil if the model predicts no stars or there is nothing to compare with.
    init?(of model: FittedModel, on evaluator: Evaluator, _ bootstrap: Bootstrap) {
        let rated = evaluator.heldOut.rated
        guard let ratings = model.ratings, !rated.isEmpty else { return nil }
        let means = RatingMeans(evaluator.training)
        // By user: squares, magnitudes, count, and the first two of both baselines.
        var table: [Double] = []
        var last: Int32 = -1
        for (user, item, value) in rated {
            if user != last {
                table += [0, 0, 0, 0, 0, 0, 0]
                last = user
            }
            let product = model.factors.product(Int(user), Int(item))
            let error = Double(value - Self.onScale(ratings.weight(user: Int(user), product: product)))
            let other = Double(value - Self.onScale(means.ofItem(Int(user), Int(item))))
            let both = Double(value - Self.onScale(means.ofBoth(Int(user), Int(item))))
            let row = table.count - 7
            table[row] += error * error
            table[row + 1] += abs(error)
            table[row + 2] += 1
            table[row + 3] += other * other
            table[row + 4] += abs(other)
            table[row + 5] += both * both
            table[row + 6] += abs(both)
        }
        let intervals = bootstrap.ratios(of: table, width: 7, divisor: 2)
        func root(_ interval: Interval) -> Interval {
            Interval(
                value: interval.value.squareRoot(), low: interval.low?.squareRoot(), high: interval.high?.squareRoot())
        }
        rmse = root(intervals[0])
        mae = intervals[1]
        baselineRMSE = root(intervals[3])
        baselineMAE = intervals[4]
        meansRMSE = root(intervals[5])
        meansMAE = intervals[6]
        self.ratings = rated.count
        users = table.count / 7
    }

    /// By user, in the order of `rated`, the sum of squared errors of predictions cut to the scale.
    static func squares(_ predict: StarPrediction, _ rated: [(user: Int32, item: Int32, value: Float)]) -> [Double] {
        var sums: [Double] = []
        var last: Int32 = -1
        for (user, item, value) in rated {
            if user != last {
                sums.append(0)
                last = user
            }
            let error = Double(value - onScale(predict(Int(user), Int(item))))
            sums[sums.count - 1] += error * error
        }
        return sums
    }

    /// A weight is stars less the neutral ones.
    private static func onScale(_ weight: Float) -> Float {
        min(max(weight, 0.5 - ConfidenceWeights.neutralStars), 5 - ConfidenceWeights.neutralStars)
    }
}
