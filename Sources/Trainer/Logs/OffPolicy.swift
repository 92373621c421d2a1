internal import Foundation

/// One item that a logged list showed, with what another policy would have done in its place.
struct LoggedSlot: Sendable {
    /// Whose list it was: slots of one user are not independent of each other.
    var user: Int32
    /// The probability with which the logging policy had this item at this position, in `(0, 1]`.
    var propensity: Double
    /// The probability with which the policy that is judged has it there, `0…1`.
    var target: Double
    /// What came of it, such as 1 for a click.
    var reward: Double
    /// What a model of rewards, fitted without this user, expects of the item that was shown.
    var expected: Double
    /// What it expects of that policy's own choice for the position.
    var expectedOfTarget: Double
}

/// The value of a policy that was not in service, from the log of one that was: mean reward of a shown item.
///
/// With w = π(item) / propensity, r the reward, q̂ the expected one, over n slots of U users:
///
///     IPS   = Σ w r / n                       (Horvitz and Thompson 1952)
///     SNIPS = Σ w r / Σ w                     (Swaminathan and Joachims 2015)
///     DR    = Σ (q̂(π) + w (r − q̂)) / n        (Dudík, Langford and Li 2011)
///
/// Rewards are taken to depend on user, item and position only, not on the rest of the list. Effective sample size is
/// (Σ w)² / Σ w² (Kish 1965). Intervals are of 95 %, of the ratio's linearisation with users as clusters and Student's t with
/// U − 1 degrees of freedom; of IPS they do not go below 0 where no reward does.
public struct OffPolicyEstimates: Codable, Hashable, Sendable {
    public var slots: Int
    public var users: Int
    /// Mean reward of what was shown.
    public var logged: Interval
    public var ips: Interval
    /// Nil where the policy would have shown nothing of what was.
    public var snips: Interval?
    public var doublyRobust: Interval
    public var effectiveSampleSize: Double
    /// 1 in expectation where the logging policy gave everything that the other shows a chance.
    public var meanWeight: Interval

    private enum CodingKeys: String, CodingKey {
        case slots, users, logged, ips, snips
        case doublyRobust = "doubly_robust"
        case effectiveSampleSize = "effective_sample_size"
        case meanWeight = "mean_weight"
    }

    /// Nil of slots of fewer than two users. O(slots).
    init?(_ slots: [LoggedSlot]) {
        // By user: slots, rewards, weights, weighted rewards, doubly robust terms.
        var places: [Int32: Int] = [:]
        var rows: [SIMD8<Double>] = []
        var squares = 0.0
        for slot in slots {
            let weight = slot.target / slot.propensity
            squares += weight * weight
            let robust = slot.expectedOfTarget + weight * (slot.reward - slot.expected)
            let row = SIMD8(1, slot.reward, weight, weight * slot.reward, robust, 0, 0, 0)
            // In the order of the slots, so that the last digits do not depend on a hash.
            if let place = places[slot.user] {
                rows[place] += row
            } else {
                places[slot.user] = rows.count
                rows.append(row)
            }
        }
        guard rows.count > 1 else { return nil }
        let t = Self.quantile(rows.count)
        guard let one = Self.ratio(rows, 1, of: 0, t), let ips = Self.ratio(rows, 3, of: 0, t),
            let robust = Self.ratio(rows, 4, of: 0, t), let weight = Self.ratio(rows, 2, of: 0, t)
        else { return nil }
        self.slots = slots.count
        users = rows.count
        logged = one
        self.ips = ips
        snips = Self.ratio(rows, 3, of: 2, t)
        doublyRobust = robust
        meanWeight = weight
        let total = rows.reduce(0) { $0 + $1[2] }
        effectiveSampleSize = squares > 0 ? total * total / squares : 0
    }

    /// Of Student's t for the ends of an interval of 95 % over so many users.
    private static func quantile(_ users: Int) -> Double { StudentT.quantile(0.975, degrees: Double(users - 1)) }

    /// Σ a / Σ b over rows that are independent of each other; nil where that is undefined or there is one row only.
    static func ratio(_ rows: [SIMD8<Double>], _ a: Int, of b: Int, _ t: Double? = nil) -> Interval? {
        let (above, below) = (rows.reduce(0) { $0 + $1[a] }, rows.reduce(0) { $0 + $1[b] })
        guard below > 0, rows.count > 1 else { return nil }
        let value = above / below
        let squares = rows.reduce(0.0) { sum, row in
            let rest = row[a] - value * row[b]
            return sum + rest * rest
        }
        let count = Double(rows.count)
        let error = (squares * count / (count - 1)).squareRoot() / below
        let width = error * (t ?? quantile(rows.count))
        let isPositive = rows.allSatisfy { $0[a] >= 0 }
        return Interval(value: value, low: isPositive ? max(0, value - width) : value - width, high: value + width)
    }
}
