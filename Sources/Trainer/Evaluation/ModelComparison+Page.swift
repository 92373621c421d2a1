internal import Domain
internal import Foundation

extension ModelComparison {
    /// The comparison as a report of its own.
    /// - Parameter settings: what differs beside the figures.
    public func page(_ first: ModelID, _ second: ModelID, _ settings: ModelDifference) -> ReportPage {
        let headline = lines.first { $0.metric == "ndcg" && $0.cutoff == "\(Manifest.headlineCutoff)" }
        let relative = lines.filter {
            ["ndcg", "recall", "coverage", "novelty"].contains($0.metric) && $0.first.value > 0
        }
        .filter { $0.cutoff == "\(Manifest.headlineCutoff)" }
        let ofParts = Dictionary(grouping: slices, by: \.dimension).min { $0.key < $1.key }?.value ?? []
        func curve(_ name: String, _ path: KeyPath<Line, Interval>) -> ReportPlot.Series {
            .init(
                name: name,
                points: lines.filter { $0.metric == "ndcg" }.map { .init(Double($0.cutoff) ?? 0, $0[keyPath: path]) })
        }
        let differences = ReportPlot(
            .intervals, title: "The second against the first", y: "difference relative to the first, 95 % interval",
            yUnit: .percent, groups: relative.map { "\($0.metric)@\($0.cutoff)" },
            series: [.init(name: "second", points: relative.enumerated().map { .init(Double($0), $1.relative) })])
        let parts = ReportPlot(
            .bars, title: ofParts.first.map { "\($0.metric) by \($0.dimension)" } ?? "", y: "mean, 95 % interval",
            groups: ofParts.map(\.name),
            series: [
                .init(name: "first", points: ofParts.enumerated().map { .init(Double($0), $1.first) }),
                .init(name: "second", points: ofParts.enumerated().map { .init(Double($0), $1.second) }),
            ])
        return ReportPage(
            title: "Marquee models: \(first) and \(second)", verdict: verdict(headline),
            notes: [
                isOnSameEvents
                    ? "Both were measured on the same held-out events."
                    : "They were measured on different held-out events: differences of the data are in the figures, too.",
                overlap.map {
                    "The first \(Manifest.headlineCutoff) items of \(comparedUsers) users have a rank-biased overlap of "
                        + String(format: "%.2f.", $0)
                } ?? "",
            ],
            plots: [
                differences,
                ReportPlot(
                    .lines, title: "NDCG by length of the list", x: "length of the list, k", y: "mean, 95 % interval",
                    series: [curve("first", \.first), curve("second", \.second)]),
                parts,
            ],
            sections: [
                ReportSection(
                    id: "figures", title: "Figures",
                    tables: [
                        ReportTable(
                            title: "As measured when each was trained",
                            columns: ["metric", "first", "second", "difference"],
                            rows: lines.map {
                                [
                                    .text("\($0.metric)@\($0.cutoff)"), .interval($0.first), .interval($0.second),
                                    .interval($0.difference),
                                ]
                            })
                    ]),
                ReportSection(
                    id: "settings", title: "Settings and data",
                    tables: [
                        ReportTable(
                            title: "What differs", columns: ["what", "first", "second"],
                            rows: settings.lines.filter(\.differs).map {
                                [.text($0.name), .text($0.first), .text($0.second)]
                            })
                    ]),
            ])
    }

    private func verdict(_ headline: Line?) -> String {
        guard let headline else { return "Nothing was measured of both models." }
        let name = "NDCG@\(headline.cutoff)"
        let (value, ends) = ReportCell.percent(headline.relative).words
        let figure = "\(name) differs by \(value) (\(ends ?? "no interval"))"
        guard isOnSameEvents else {
            return "Which model is better is not known: they were measured on different events, where \(figure)."
        }
        switch (headline.difference.low, headline.difference.high) {
        case (let low?, _) where low > 0: return "The second model is better than the first: \(figure)."
        case (_, let high?) where high < 0: return "The second model is worse than the first: \(figure)."
        default: return "No difference between the two models was shown: \(figure)."
        }
    }
}

extension ModelComparison.Line {
    /// The difference as a share of the first.
    fileprivate var relative: Interval {
        guard first.value != 0 else { return Interval(value: 0) }
        return Interval(
            value: difference.value / first.value, low: difference.low.map { $0 / first.value },
            high: difference.high.map { $0 / first.value })
    }
}
