internal import Foundation

/// How much worse a model ranks as it ages: what `marquee evaluate --folds` measures.
///
/// Models are trained at the beginnings of windows of equal length, and each is measured on its own window and on all later
/// ones, beside the model that is new there and on the same users. The loss at an age is
///
///     loss(a) = Σ (NDCG of the model that is a older − NDCG of the new one) / Σ NDCG of the new one
///
/// over the users of all windows that have both. The slope is that of the line through zero which fits the losses best, each
/// age weighing as many windows as it has. Intervals are of 95 %, by resampling users with all that they did in any window.
public struct Staleness: Codable, Hashable, Sendable {
    /// Of one age beyond that of a new model.
    public struct Point: Codable, Hashable, Sendable {
        public var ageSeconds: Double
        /// Windows in which both models were measured.
        public var windows: Int
        /// Relative to the new model; below zero is worse.
        public var difference: Interval

        private enum CodingKeys: String, CodingKey {
            case windows, difference
            case ageSeconds = "age_seconds"
        }
    }

    /// Such as `ndcg@10`.
    public var metric: String
    /// Length of a window, and so the time between one model and the next.
    public var windowSeconds: Double
    /// By rising age; the first is above zero.
    public var points: [Point]
    /// Relative loss a day; above zero is worse. Nil where a new model finds nothing.
    public var lossPerDay: Interval?
    /// The loss that should not be passed, such as 0.02.
    public var tolerance: Double
    /// How often to retrain, in seconds, so that ``tolerance`` is not passed. An end without a bound, and a value where no
    /// loss was shown, are nil.
    public var retrainAfterSeconds: Ends

    /// An interval whose estimate may be missing too.
    public struct Ends: Codable, Hashable, Sendable {
        public var value: Double?
        public var low: Double?
        public var high: Double?

        public func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(value, forKey: .value)
            try values.encode(low, forKey: .low)
            try values.encode(high, forKey: .high)
        }

        private enum CodingKeys: String, CodingKey { case value, low, high }
    }

    private enum CodingKeys: String, CodingKey {
        case metric, points, tolerance
        case windowSeconds = "window_seconds"
        case lossPerDay = "loss_per_day"
        case retrainAfterSeconds = "retrain_after_seconds"
    }

    /// - Parameters:
    ///   - users: of each user, by age from one window on, the sum of differences and the sum of the new model's values over
    ///     the windows that have the user.
    ///   - windows: by age, how many windows have it.
    init(
        metric: String, windowSeconds: Double, tolerance: Double, users: [[(difference: Double, new: Double)]],
        windows: [Int], _ bootstrap: Bootstrap
    ) {
        self.metric = metric
        self.windowSeconds = windowSeconds
        self.tolerance = tolerance
        let days = windows.indices.map { Double($0 + 1) * windowSeconds / 86_400 }
        // The differences by age, then the slope.
        let found = bootstrap.intervals(
            of: users.flatMap { $0.flatMap { [$0.difference, $0.new] } }, width: 2 * windows.count
        ) { sums in
            let differences = windows.indices.map { sums[2 * $0 + 1] > 0 ? sums[2 * $0] / sums[2 * $0 + 1] : .nan }
            var (above, below) = (0.0, 0.0)
            for (age, difference) in differences.enumerated() where difference.isFinite {
                above -= Double(windows[age]) * days[age] * difference
                below += Double(windows[age]) * days[age] * days[age]
            }
            return differences + [below > 0 ? above / below : .nan]
        }
        points = zip(windows.indices, found).compactMap { age, difference in
            guard difference.value.isFinite else { return nil }
            return Point(ageSeconds: days[age] * 86_400, windows: windows[age], difference: difference)
        }
        lossPerDay = found.last.flatMap { $0.value.isFinite ? $0 : nil }
        func after(_ loss: Double?) -> Double? { loss.flatMap { $0 > 0 ? tolerance / $0 * 86_400 : nil } }
        let isShown = (lossPerDay?.low ?? 0) > 0
        retrainAfterSeconds = Ends(
            value: isShown ? after(lossPerDay?.value) : nil, low: after(lossPerDay?.high),
            high: isShown ? after(lossPerDay?.low) : nil)
    }
}

extension Staleness {
    /// How often to retrain, in a sentence.
    public var answer: String {
        let name = metric.uppercased()
        let limit = String(format: "%.3g %%", tolerance * 100)
        guard let oldest = points.last, let slowest = retrainAfterSeconds.low else {
            guard let oldest = points.last else {
                return "How often to retrain can't be said: no window has users of whom a new model finds anything."
            }
            return
                "No loss by age was shown: a model \(Self.text(oldest.ageSeconds)) old ranks no worse than a new one "
                + "(\(Self.percent(oldest.difference)) of \(name)), so that retraining at that interval is often enough."
        }
        let now =
            "a model \(Self.text(oldest.ageSeconds)) older than a new one differs from it by \(Self.percent(oldest.difference))"
        guard let value = retrainAfterSeconds.value else {
            return
                "Retraining every \(Self.text(slowest)) is often enough (95 % interval \(Self.text(slowest)) to no bound): no loss "
                + "by age was shown, and more than \(limit) of \(name) can't be lost by then; \(now)."
        }
        let ends = "95 % interval \(Self.text(slowest)) to \(retrainAfterSeconds.high.map(Self.text) ?? "no bound")"
        let beyond =
            value > oldest.ageSeconds ? ", if the loss goes on as measured" : ""
        return
            "Retrain every \(Self.text(value)) (\(ends)): by then a model has lost \(limit) of \(name) against a new one"
            + "\(beyond); \(now)."
    }

    private static func percent(_ interval: Interval) -> String {
        let (value, ends) = ReportCell.percent(interval).words
        return ends.map { "\(value) (\($0))" } ?? value
    }

    /// Such as `9.5 days`, in the unit that suits.
    static func text(_ seconds: Double) -> String {
        let units = [("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0)]
        let (name, length) = units.first { seconds >= $0.1 } ?? ("seconds", 1)
        let amount = seconds / length
        let digits = String(format: amount >= 100 ? "%.0f" : "%.2g", amount)
        return digits == "1" ? "1 \(name.dropLast())" : "\(digits) \(name)"
    }
}
