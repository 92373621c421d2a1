internal import Domain

/// Two models side by side in figures: what `GET /v1/models/{a}/compare/{b}` answers.
///
/// The figures are those that were measured when each was trained. Differences are second minus first. Their intervals take
/// the two measurements as independent, which is wider than the truth where both were measured on the same users.
public struct ModelComparison: Sendable {
    /// A figure of both models. The difference is nil where one of them has none.
    public struct Line: Sendable, Equatable {
        public var metric: String
        public var cutoff: String
        public var first: Interval
        public var second: Interval
        public var difference: Interval
    }

    /// A figure of both on a part of the users.
    public struct Slice: Sendable, Equatable {
        public var dimension: String
        public var name: String
        public var metric: String
        public var first: Interval
        public var second: Interval
        public var difference: Interval
    }

    public var lines: [Line]
    public var slices: [Slice]
    /// Whether both were measured on the same held-out events, so that the differences say something.
    public var isOnSameEvents: Bool
    /// The mean rank-biased overlap of the first ten items of users known to both; nil if there are none.
    public var overlap: Double?
    public var comparedUsers: Int

    /// Compares the figures, and the lists of at most `users` users, evenly spread. Blocks. O(users × items × rank).
    public init(_ first: ModelID, _ second: ModelID, in registry: ModelRegistry, users: Int = 200) throws {
        let (a, b) = (try registry.open(first), try registry.open(second))
        let (left, right) = (a.manifest.evaluation, b.manifest.evaluation)
        lines = Self.lines(left?.metrics ?? [:], right?.metrics ?? [:])
        slices = Self.slices(try registry.evaluation(of: first), try registry.evaluation(of: second))
        isOnSameEvents =
            left != nil && left?.splitAt == right?.splitAt && left?.split == right?.split
            && left?.users == right?.users && a.manifest.data.version == b.manifest.data.version
        (overlap, comparedUsers) = try Self.overlap(a, b, users: users)
    }

    private static func lines(
        _ a: [String: [String: Interval]], _ b: [String: [String: Interval]]
    ) -> [Line] {
        var lines: [Line] = []
        for (metric, values) in a.sorted(by: { $0.key < $1.key }) {
            for (cutoff, first) in values.sorted(by: { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }) {
                guard let second = b[metric]?[cutoff] else { continue }
                lines.append(
                    Line(
                        metric: metric, cutoff: cutoff, first: first, second: second,
                        difference: difference(first, second)))
            }
        }
        return lines
    }

    private static func slices(_ a: EvaluationReport?, _ b: EvaluationReport?) -> [Slice] {
        (a?.slices ?? []).compactMap { slice in
            let other = b?.slices.first {
                $0.dimension == slice.dimension && $0.name == slice.name && $0.metric == slice.metric
            }
            return other.map {
                Slice(
                    dimension: slice.dimension, name: slice.name, metric: slice.metric, first: slice.model,
                    second: $0.model, difference: difference(slice.model, $0.model))
            }
        }
    }

    /// Second minus first; half the widths add up as those of independent estimates do.
    static func difference(_ first: Interval, _ second: Interval) -> Interval {
        let value = second.value - first.value
        guard let firstLow = first.low, let firstHigh = first.high, let secondLow = second.low,
            let secondHigh = second.high
        else { return Interval(value: value) }
        func root(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
        return Interval(
            value: value, low: value - root(second.value - secondLow, firstHigh - first.value),
            high: value + root(secondHigh - second.value, first.value - firstLow))
    }

    private static func overlap(_ a: MappedModel, _ b: MappedModel, users: Int) throws -> (Double?, Int) {
        let count = min(users, a.userCount)
        let (left, right) = (try Recommender(a), try Recommender(b))
        var sum = 0.0
        var compared = 0
        for place in 0..<count {
            let id = a.userID(UserIndex(place * a.userCount / count))
            guard b.userIndex(of: id) != nil else { continue }
            let cutoff = Manifest.headlineCutoff
            sum += RankBiasedOverlap.value(
                try left.recommend(userID: id, count: cutoff, reasons: 0).items.map(\.itemID),
                try right.recommend(userID: id, count: cutoff, reasons: 0).items.map(\.itemID))
            compared += 1
        }
        return (compared > 0 ? sum / Double(compared) : nil, compared)
    }
}
