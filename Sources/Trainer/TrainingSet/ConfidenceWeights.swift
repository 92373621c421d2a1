public import Domain
internal import Foundation

/// How much an event says about taste: from kind, value and age to a signed weight.
///
/// The weights of all events of one user with one item are added up. A positive sum is the confidence `c_ui` that the
/// user likes the item; a sum of zero or less becomes the confidence that the user does not. So a film left after ten
/// minutes, a thumb down or one star never counts as a liking.
///
/// The weights are part of a model's identity: the manifest has them, and a change of the defaults raises ``version``.
public struct ConfidenceWeights: Codable, Hashable, Sendable {
    /// A piecewise linear function of an event's value, constant beyond its first and last point.
    public struct Curve: Codable, Hashable, Sendable {
        /// `[value, weight]` by rising value.
        public var points: [[Float]]

        /// - Parameter points: at least one, each `[value, weight]`, by rising value. One without any is 0 everywhere.
        public init(_ points: [[Float]]) { self.points = points }

        /// The weight at `value`. O(points).
        public func callAsFunction(_ value: Float) -> Float {
            guard let first = points.first, let last = points.last else { return 0 }
            if value <= first[0] { return first[1] }
            for (left, right) in zip(points, points.dropFirst()) where value <= right[0] {
                return left[1] + (right[1] - left[1]) * (value - left[0]) / (right[0] - left[0])
            }
            return last[1]
        }
    }

    /// Raised whenever a default below changes.
    public var version = 1
    /// By watched share. Below a fifth it is a rejection, from about a third on a growing liking.
    public var view = Curve([[0, -0.2], [0.1, -0.2], [0.3, 0.1], [1, 1]])
    /// A thumb outweighs one whole view.
    public var like = Curve([[-1, -2], [1, 1.5]])
    /// By stars. Three is indifferent.
    public var review = Curve([[0.5, -2], [2, -1], [3, 0.2], [4, 1], [5, 1.5]])
    /// An event loses half its weight in so many days before the newest event of the training set, or before the log's
    /// ``InteractionLog/clock`` if that is earlier. Nil: events do not age.
    public var halfLifeDays: Double?
    /// The sum of one user's events with one item is cut at plus or minus this.
    public var ceiling: Float = 5
    /// What several events of one user with one item come to.
    public var repeats = Repeats.sum

    /// How to weigh somebody who met the same item more than once.
    public enum Repeats: String, Codable, Sendable {
        /// Their sum: who comes back is surer.
        case sum
        /// The newest by its own time, whenever it was stored: a changed rating replaces the old one. Of several at the
        /// same instant the one of the greatest weight.
        case newest
    }

    public init() {}

    /// Every event weighs 1, whatever its kind and value, and once per pair: for public data sets whose protocol calls
    /// each line a liking.
    public static var binary: ConfidenceWeights {
        var weights = ConfidenceWeights()
        weights.view = Curve([[0, 1]])
        weights.like = Curve([[0, 1]])
        weights.review = Curve([[0, 1]])
        weights.ceiling = 1
        return weights
    }

    /// Stars for explicit models: a review weighs its stars less ``neutralStars``, so that more than three and a half
    /// count as a liking wherever a sign is asked for; views and likes say nothing of stars and are left out.
    public static var ratings: ConfidenceWeights {
        var weights = ConfidenceWeights()
        weights.view = Curve([])
        weights.like = Curve([])
        weights.review = Curve([[0.5, 0.5 - neutralStars], [5, 5 - neutralStars]])
        weights.repeats = .newest
        return weights
    }

    /// What ``ratings`` takes off: between the last rating that is no liking and the first that is.
    public static let neutralStars: Float = 3.5

    /// Whether events of this kind go into training at all: their curve has points.
    public func counts(_ kind: EventKind) -> Bool {
        switch kind {
        case .view: !view.points.isEmpty
        case .like: !like.points.isEmpty
        case .review: !review.points.isEmpty
        }
    }

    /// What a pair comes to when one more event, no older than those before, joins it; before the ceiling.
    public func joined(_ weight: Float, with next: Float) -> Float { repeats == .sum ? weight + next : next }

    /// The weight of one event, before ageing.
    public func weight(of kind: EventKind, value: Float) -> Float {
        switch kind {
        case .view: view(value)
        case .like: like(value)
        case .review: review(value)
        }
    }

    /// The factor that age puts on a weight, in `(0, 1]`: `2^(−age / half-life)`.
    func decay(_ at: Int64, newest: Int64) -> Float {
        guard let halfLifeDays else { return 1 }
        let days = Double(max(0, newest - at)) / 86_400e6
        return Float(exp2(-days / halfLifeDays))
    }

    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)`` for points that are not finite or do not rise, and
    ///   if no kind counts.
    public func validate() throws {
        guard EventKind.allCases.contains(where: counts) else {
            throw TrainerError.invalidSetting(
                name: "the weight curves", value: "all empty", allowed: "given for one kind of event at least")
        }
        for (name, curve) in [("view", view), ("like", like), ("review", review)] {
            let sound =
                curve.points.allSatisfy { $0.count == 2 && $0[0].isFinite && $0[1].isFinite }
                && zip(curve.points, curve.points.dropFirst()).allSatisfy { $0[0] < $1[0] }
            guard sound else {
                throw TrainerError.invalidSetting(
                    name: "the weight curve of \(name)", value: "\(curve.points)",
                    allowed: "a list of finite [value, weight] pairs by rising value")
            }
        }
        guard ceiling > 0, ceiling.isFinite else {
            throw TrainerError.invalidSetting(name: "ceiling", value: "\(ceiling)", allowed: "a finite number above 0")
        }
        if let halfLifeDays, !(halfLifeDays > 0) || !halfLifeDays.isFinite {
            throw TrainerError.invalidSetting(
                name: "the half-life", value: "\(halfLifeDays) days", allowed: "a finite number of days above 0")
        }
    }
}
