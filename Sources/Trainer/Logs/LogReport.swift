public import Domain
internal import Foundation

/// What impressions and the events after them say: `marquee evaluate --logs`.
public struct LogReport: Codable, Hashable, Sendable {
    /// Raised when a reader of the old format could no longer read it.
    public static let currentFormat = 1

    /// Impressions that have something in common. Rates are means over impressions; intervals have users as clusters (lists
    /// that were about nobody, each for itself).
    public struct Group: Codable, Hashable, Sendable {
        /// `all`, a position, a model or a scenario.
        public var name: String
        public var impressions: Int
        public var lists: Int
        /// The share of impressions that an event on the item by the user followed in time; nil of one user only.
        public var clickRate: Interval?
        /// The mean watched share, `0…1`, of the impressions that a view followed: the longest view of each.
        public var watchThrough: Interval?

        private enum CodingKeys: String, CodingKey {
            case name, impressions, lists
            case clickRate = "click_rate"
            case watchThrough = "watch_through"
        }
    }

    public var format = LogReport.currentFormat
    public var source: String
    public var version: Int64?
    public var from: Timestamp
    public var to: Timestamp
    /// How long after an impression an event counts for it.
    public var clickWindowSeconds: Double
    public var total: Group
    /// The first twenty, and the rest together.
    public var positions: [Group]
    public var models: [Group]
    public var scenarios: [Group]
    /// The model that ``offPolicy`` judges.
    public var target: ModelID?
    /// What clicks that model's lists would have had; nil if no list can tell.
    public var offPolicy: OffPolicyEstimates?
    /// Why ``offPolicy`` can't be said, or what speaks against believing it.
    public var caution: String?
    /// Impressions without a propensity, or of users whom the model does not know.
    public var leftOut: Int

    private enum CodingKeys: String, CodingKey {
        case format, source, version, from, to, total, positions, models, scenarios, target, caution
        case clickWindowSeconds = "click_window_seconds"
        case offPolicy = "off_policy"
        case leftOut = "left_out"
    }

    /// Canonical JSON.
    public func json() throws -> [UInt8] { try JSON.encode(self) }
}

extension LogReport {
    /// The report as a page of its own.
    public var page: ReportPage {
        ReportPage(
            title: "Marquee: what was shown and what came of it", verdict: verdict,
            notes: [
                "\(total.impressions) impressions of \(total.lists) lists from \(from) to \(to). An event counts for the last "
                    + "impression of its film to its user, within \(Staleness.text(clickWindowSeconds)) after it."
            ],
            plots: [
                bars("Clicks by position", positions, \.clickRate), bars("Clicks by model", models, \.clickRate),
                offPolicy.map(plot) ?? bars("Clicks by scenario", scenarios, \.clickRate),
            ],
            sections: sections)
    }

    /// What another report shows of it.
    public var sections: [ReportSection] {
        [
            offPolicySection,
            ReportSection(
                id: "logs", title: "Clicks and watch-through",
                text: [
                    "Differences between positions, models and scenarios are no effects of them: who saw what was not chance."
                ],
                tables: [
                    table("All", [total]), table("By position", positions), table("By model", models),
                    table("By scenario", scenarios),
                ].filter { !$0.rows.isEmpty }),
        ]
    }

    private func bars(_ title: String, _ groups: [Group], _ value: KeyPath<Group, Interval?>) -> ReportPlot {
        let shown = groups.filter { $0[keyPath: value] != nil }
        return ReportPlot(
            .bars, title: title, y: "share of impressions, 95 % interval", yUnit: .percent, groups: shown.map(\.name),
            series: [
                .init(
                    name: "clicks",
                    points: shown.enumerated().compactMap { place, one in
                        one[keyPath: value].map { .init(Double(place), $0) }
                    })
            ])
    }

    private func plot(_ found: OffPolicyEstimates) -> ReportPlot {
        let rows =
            [
                ("as logged", found.logged), ("IPS", found.ips), ("doubly robust", found.doublyRobust),
            ] + (found.snips.map { [("SNIPS", $0)] } ?? [])
        return ReportPlot(
            .intervals, title: "Clicks that the model would have had", y: "per shown item, 95 % interval",
            yUnit: .percent,
            groups: rows.map(\.0),
            series: [.init(name: "estimate", points: rows.enumerated().map { .init(Double($0), $1.1) })])
    }

    private var offPolicySection: ReportSection {
        var text = [verdict]
        if let caution, !verdict.hasSuffix(caution) { text.append(caution) }
        if leftOut > 0 {
            text.append(
                "\(leftOut) impressions are left out: without a propensity, of nobody, or of users whom the model does not know."
            )
        }
        guard let found = offPolicy else {
            return ReportSection(id: "off-policy", title: "What another model would have had", text: text)
        }
        return ReportSection(
            id: "off-policy", title: "What another model would have had", text: text, plots: [plot(found)],
            tables: [
                ReportTable(
                    title: "Clicks per shown item of \(target?.rawValue ?? "the model"), by the log",
                    columns: ["estimate", "value"],
                    rows: [
                        [.text("as logged"), .interval(found.logged)],
                        [.text("inverse propensities (IPS)"), .interval(found.ips)],
                        [.text("self-normalised (SNIPS)"), .interval(found.snips)],
                        [.text("doubly robust (DR)"), .interval(found.doublyRobust)],
                        [.text("mean weight, 1 if all of it had a chance"), .interval(found.meanWeight)],
                        [.text("effective sample size"), .number(found.effectiveSampleSize)],
                        [.text("shown items"), .count(found.slots)], [.text("users"), .count(found.users)],
                    ])
            ])
    }

    private func table(_ title: String, _ groups: [Group]) -> ReportTable {
        ReportTable(
            title: title, columns: ["", "impressions", "lists", "click rate", "watch-through"],
            rows: groups.map {
                [
                    .text($0.name), .count($0.impressions), .count($0.lists), .interval($0.clickRate),
                    .interval($0.watchThrough),
                ]
            })
    }

    /// What came out, in a sentence.
    public var verdict: String {
        func words(_ interval: Interval) -> String {
            let (value, ends) = ReportCell.interval(interval).words
            return "\(value) (\(ends ?? "no interval"))"
        }
        guard let rate = total.clickRate else {
            return "\(total.impressions) impressions of fewer than two users say nothing with an interval."
        }
        let logged = "\(words(rate)) of the shown items were clicked"
        guard let found = offPolicy, let target else { return "\(logged)." }
        if let caution { return "\(logged); what \(target) would have had can't be told from this log. \(caution)" }
        let other = found.doublyRobust
        let word =
            if let low = other.low, let high = found.logged.high, low > high {
                "more"
            } else if let high = other.high, let low = found.logged.low, high < low {
                "fewer"
            } else {
                "not shown to be more or fewer"
            }
        return
            "\(logged); by the doubly robust estimate the lists of \(target) would have had \(words(other)), \(word)."
    }
}
