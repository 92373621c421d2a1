internal import Domain
internal import Foundation

/// Tells whether the newest window of a log is like those before it.
///
/// The events before the newest one are cut into windows of 7 days, or of a day or 28 days where that is too long or too
/// few are in them. Of each of the twelve before the newest, and of the newest itself, the same figures are taken:
///
/// | figure       | of a window                                                                        |
/// |--------------|------------------------------------------------------------------------------------|
/// | `volume`     | logarithm of the number of events                                                  |
/// | `kinds`      | Jensen–Shannon divergence of its kinds of events from those of the four windows before it, above what chance alone makes it |
/// | `popularity` | the same of its films                                                              |
/// | `new-users`  | share of its events by users who come for the first time                           |
/// | `new-films`  | share of its events on films that are seen for the first time                      |
/// | `scores`     | Kolmogorov–Smirnov distance of the scores that the model gives to the best ten of the users who come again, from those of the four windows before it |
///
/// The bounds come from the past windows: the prediction interval of one more value from the same normal distribution
/// (Student's t), such that all figures together leave it by chance once in a hundred looks; and never nearer to the mean than
/// what would matter. Windows end at the newest event, not at the clock: a table that stands still has no drift.
public struct DriftDetector {
    /// Chance that a log without drift is said to have some.
    public static let falseAlarms = 0.01
    /// Windows that a window is compared with.
    static let reference = 4
    /// Windows that bounds are made of, at most and at least.
    static let past = 12
    static let fewestPast = 8
    /// Fewer events in a usual window say too little.
    static let fewestEvents = 200

    let log: InteractionLog

    /// - Parameter log: read as often as there are figures to take, three times.
    public init(_ log: InteractionLog) { self.log = log }

    /// Takes the figures and holds them to their bounds. O(events + windows · (items + sampled users)).
    /// - Parameter model: whose scores are looked at, usually the one in service; nil leaves them out.
    /// - Throws: what reading the log or the model's factors throws.
    public func report(model: MappedModel? = nil) throws -> DriftReport {
        let end = log.last.microseconds
        let days = Double(end - log.first.microseconds) / 86_400e6
        var reason =
            "\(Self.fewestPast + Self.reference + 1) windows of a day are the least, and the events span "
            + "\(String(format: "%.1f", max(days, 0))) days"
        for length in [7, 1, 28] where days >= Double(length * (Self.fewestPast + Self.reference + 1)) {
            let count = min(Self.past, Int(days) / length - Self.reference - 1)
            let windows = try DriftWindows(log, days: length, count: count + Self.reference + 1)
            let usual = windows.events[1...count].sorted()[count / 2]
            guard usual >= Self.fewestEvents else {
                reason =
                    "a usual window of \(length) day\(length == 1 ? "" : "s") has \(usual) events, and \(Self.fewestEvents) are the least"
                continue
            }
            return try report(windows, past: count, model)
        }
        return DriftReport(
            windowSeconds: 0, from: log.last, to: log.last, events: 0, pastWindows: 0, statistics: [], unknown: reason)
    }

    private func report(_ windows: DriftWindows, past: Int, _ model: MappedModel?) throws -> DriftReport {
        var figures: [(name: String, margin: Double, isTwoSided: Bool, values: [Double])] = []
        func add(_ name: String, margin: Double, isTwoSided: Bool = false, _ value: (Int) -> Double) {
            figures.append((name, margin, isTwoSided, (0...past).map(value)))
        }
        add("volume", margin: 0.25, isTwoSided: true) { log1p(Double(windows.events[$0])) }
        add("kinds", margin: 0.01) { windows.divergence(of: windows.kinds, at: $0) }
        add("popularity", margin: 0.02) { windows.divergence(of: windows.items, at: $0) }
        add("new-users", margin: 0.05) { windows.share(of: windows.newUserEvents, at: $0) }
        add("new-films", margin: 0.05) { windows.share(of: windows.newItemEvents, at: $0) }
        if let model, let scores = try DriftScores(log, windows, model) {
            add("scores", margin: 0.1) { scores.distance(at: $0) }
        }
        let sides = figures.reduce(0) { $0 + ($1.isTwoSided ? 2 : 1) }
        let t = StudentT.quantile(1 - Self.falseAlarms / Double(sides), degrees: Double(past - 1))
        let statistics = figures.map { figure -> DriftReport.Statistic in
            let before = figure.values[1...]
            let mean = before.reduce(0, +) / Double(past)
            let squares: Double = before.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
            let variance = squares / Double(past - 1)
            let spread = (variance * (1 + 1 / Double(past))).squareRoot()
            let width = max(t * spread, figure.margin)
            return .init(
                name: figure.name, value: figure.values[0], usual: mean,
                low: figure.isTwoSided ? mean - width : nil, high: mean + width)
        }
        return DriftReport(
            windowSeconds: Double(windows.length) / 1e6,
            from: Timestamp(microseconds: windows.end - windows.length + 1),
            to: Timestamp(microseconds: windows.end), events: windows.events[0], pastWindows: past,
            statistics: statistics, unknown: nil)
    }
}
