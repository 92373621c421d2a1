public import Domain

/// Whether the newest window of the events is like those before it, by figures that each have a bound of their own history.
public struct DriftReport: Codable, Hashable, Sendable {
    /// One figure of the newest window.
    public struct Statistic: Codable, Hashable, Sendable {
        /// `volume`, `kinds`, `popularity`, `new-users`, `new-films` or `scores`.
        public var name: String
        /// Of the newest window.
        public var value: Double
        /// Mean of the same figure over the past windows.
        public var usual: Double
        /// What the past windows let expect at the least; nil where less is no drift.
        public var low: Double?
        /// What they let expect at the most.
        public var high: Double

        /// Whether the value lies outside of what its history lets expect.
        public var isDrifted: Bool { value > high || low.map { value < $0 } ?? false }
    }

    /// Length of a window in seconds.
    public var windowSeconds: Double
    /// The newest window.
    public var from: Timestamp
    public var to: Timestamp
    /// Events in it.
    public var events: Int
    /// Windows that the bounds are made of.
    public var pastWindows: Int
    public var statistics: [Statistic]
    /// Why nothing can be said; ``statistics`` is empty then.
    public var unknown: String?

    private enum CodingKeys: String, CodingKey {
        case from, to, events, statistics, unknown
        case windowSeconds = "window_seconds"
        case pastWindows = "past_windows"
    }

    /// The figures that have drifted.
    public var drifted: [Statistic] { statistics.filter(\.isDrifted) }

    /// One sentence.
    public var text: String {
        if let unknown { return "Nothing can be said about drift: \(unknown)." }
        guard !drifted.isEmpty else { return "No drift in the window from \(from) to \(to)." }
        return "Drift in the window from \(from) to \(to): \(drifted.map(\.name).joined(separator: ", "))."
    }

    /// What of it no change of tastes explains, so that the events themselves are in doubt; nil if nothing does.
    public var broken: String? {
        for statistic in drifted {
            switch statistic.name {
            // Logarithms: less than half of what is usual.
            case "volume" where statistic.value < statistic.usual - 0.693:
                return "the newest \(windowText) has \(events) events, far fewer than the past ones"
            case "kinds" where statistic.value > statistic.usual + 0.1:
                return "the newest \(windowText) has another mix of kinds of events than the past ones"
            default: continue
            }
        }
        return nil
    }

    /// Such as `7 days`.
    public var windowText: String {
        let days = Int((windowSeconds / 86_400).rounded())
        return days == 1 ? "day" : "\(days) days"
    }
}
