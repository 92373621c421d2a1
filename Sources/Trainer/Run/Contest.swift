internal import Foundation

/// The candidate against one other, user by user, on the held-out users of one split.
struct Contest {
    /// What can be said with an interval.
    enum Finding { case better, notWorse, unclear, worse }

    /// As a message has it: `popular`, or the name of a model.
    let name: String
    /// `ndcg@10` or `rmse`.
    let metric: String
    let users: Int
    /// (ours − theirs) / theirs; nil where theirs is zero and ours is not.
    let difference: Interval?
    /// The smallest relative difference that so many users would show; nil where theirs is zero.
    let detectable: Double?
    private let lessIsBetter: Bool

    /// A difference of at most so much below is none that matters.
    static let tolerance = -0.01
    /// The smallest relative difference that a comparison should be able to show.
    static let showable = 0.05
    /// Of fewer users an interval says too little.
    static let fewestUsers = 50

    /// - Parameters:
    ///   - ours: a value of each user, where more is better.
    ///   - theirs: of the same users.
    init(against name: String, metric: String, ours: [Double], theirs: [Double], _ bootstrap: Bootstrap) {
        self.name = name
        self.metric = metric
        users = ours.count
        lessIsBetter = false
        difference = bootstrap.relativeDifference(of: ours, to: theirs)
        let mean = theirs.reduce(0, +) / Double(max(theirs.count, 1))
        detectable = mean > 0 ? PairedTest.minimumDetectableEffect(ours, theirs) / mean : nil
    }

    /// - Parameters:
    ///   - ours: a user's sum of squared errors, where less is better.
    ///   - theirs: over the same ratings.
    init(against name: String, squares ours: [Double], theirs: [Double], _ bootstrap: Bootstrap) {
        self.name = name
        metric = "rmse"
        users = ours.count
        lessIsBetter = true
        // The ratings are the same, so the ratio of the sums is that of the means; the root turns squares into errors.
        func root(_ value: Double) -> Double { (1 + max(value, -1)).squareRoot() - 1 }
        difference = bootstrap.relativeDifference(of: ours, to: theirs).map {
            Interval(value: root($0.value), low: $0.low.map(root), high: $0.high.map(root))
        }
        let mean = theirs.reduce(0, +) / Double(max(theirs.count, 1))
        detectable = mean > 0 ? PairedTest.minimumDetectableEffect(ours, theirs) / mean / 2 : nil
    }

    /// The difference turned so that above zero is better.
    private var gain: Interval? {
        guard lessIsBetter else { return difference }
        return difference.map { Interval(value: -$0.value, low: $0.high.map(-), high: $0.low.map(-)) }
    }

    /// Whether the candidate is better by the figures themselves, shown or not.
    var isAhead: Bool { gain.map { $0.value >= 0 } ?? true }

    var finding: Finding {
        // Who never hits is beaten by anything that does.
        guard let gain else { return .better }
        if let low = gain.low, low > 0 { return .better }
        if let high = gain.high, high < 0 { return .worse }
        if let low = gain.low, low > Self.tolerance { return .notWorse }
        return .unclear
    }

    /// Whether more users would not change what can be said.
    var isConclusive: Bool {
        users >= Self.fewestUsers && (finding != .unclear || (detectable ?? 0) < Self.showable)
    }

    /// Such as `NDCG@10 is 12.3 % higher (3.1 to 20.5)`.
    var text: String {
        let name = metric.uppercased()
        guard let difference else { return "\(name) is above 0, where the other's is 0" }
        func percent(_ value: Double) -> String { String(format: "%+.1f", value * 100) }
        let ends = difference.low.flatMap { low in difference.high.map { (low, $0) } }
        return "\(name) differs by \(percent(difference.value)) % "
            + (ends.map { "(\(percent($0.0)) to \(percent($0.1)))" } ?? "(no interval)")
    }
}
