internal import Domain
internal import Foundation

extension EvaluationReport {
    /// One self-contained page: verdict, plots and tables, no script and no network; readable on a phone.
    public func html() -> String { page.html() }

    /// A summary for a pull request.
    public func markdown() -> String { page.markdown() }

    /// What is shown: own sections first, then ``sections`` of whoever added them, then what it takes to repeat it.
    public var page: ReportPage {
        ReportPage(
            title: "Marquee evaluation", verdict: verdict,
            notes: [describes, "\(protocolNote) \(data.splitExplanation)"],
            plots: [differencePlot, curve("ndcg", "NDCG by length of the list"), slicePlots.first].compactMap { $0 },
            sections: [accuracy, comparison, ratings, slicesSection].compactMap { $0 } + sections + [
                dataSection, repetition,
            ]
        )
    }

    /// The sentence the page opens with.
    public var verdict: String {
        if let gate { return Self.sentence("\(gate.outcome.rawValue.capitalized): \(gate.reason)") }
        guard let k = cutoffs.contains(Manifest.headlineCutoff) ? Manifest.headlineCutoff : cutoffs.first,
            let ours = value("ndcg", at: k)
        else { return "Nothing was measured." }
        let figure = "NDCG@\(k) is \(words(ours))\(sampled)"
        // By the one that is hardest to beat.
        let hardest = comparisons.filter { $0.metric.hasPrefix("ndcg") }.min {
            ($0.relativeDifference?.value ?? .infinity) < ($1.relativeDifference?.value ?? .infinity)
        }
        guard let hardest else { return "\(figure), with nothing to compare." }
        guard let difference = hardest.relativeDifference else {
            return "Better than every other ranker: \(figure), and \(hardest.against) finds nothing."
        }
        let size = String(format: "%.1f %%", abs(difference.value) * 100)
        let ends = ReportCell.percent(difference).words.interval ?? "no interval"
        let side = difference.value < 0 ? "below" : "above"
        switch hardest.verdict {
        case "better":
            return
                "Better than every other ranker: \(figure), \(size) \(side) \(hardest.against), the best of them (\(ends))."
        case "worse":
            return "Worse than \(hardest.against): \(figure), \(size) \(side) it (\(ends))."
        default:
            return "No difference from \(hardest.against) was shown: \(figure), \(size) \(side) it (\(ends))."
        }
    }

    private static func sentence(_ text: String) -> String { text.hasSuffix(".") ? text : text + "." }

    private func words(_ interval: Interval) -> String {
        let (value, ends) = ReportCell.interval(interval).words
        return value + (ends.map { " (\($0))" } ?? "")
    }

    /// Stands beside every figure that is not of a full ranking.
    private var sampled: String { data.sampledNegatives.map { ", \($0) sampled negatives" } ?? "" }

    // MARK: Plots

    private var rankers: [(name: String, metrics: [String: [String: Interval]])] {
        [("model", metrics)] + baselines.map { ($0.name, $0.metrics) }
    }

    private var differencePlot: ReportPlot? {
        guard let metric = comparisons.first?.metric else { return nil }
        let shown = comparisons.filter { $0.metric == metric && $0.relativeDifference != nil }
        guard !shown.isEmpty else { return nil }
        return ReportPlot(
            .intervals, title: "The model against others",
            y: "relative difference of \(metric), 95 % interval\(sampled)", yUnit: .percent,
            groups: shown.map(\.against),
            series: [.init(name: "model", points: shown.enumerated().map { .init(Double($0), $1.relativeDifference!) })]
        )
    }

    private func curve(_ metric: String, _ title: String) -> ReportPlot {
        ReportPlot(
            .lines, title: title, x: "length of the list, k", y: "mean over users, 95 % interval\(sampled)",
            series: rankers.map { name, table in
                .init(
                    name: name,
                    points: cutoffs.compactMap { k in table[metric]?[String(k)].map { .init(Double(k), $0) } })
            })
    }

    /// Each dimension of the slices as bars.
    private var slicePlots: [ReportPlot] {
        var dimensions: [String] = []
        for slice in slices where !dimensions.contains(slice.dimension) { dimensions.append(slice.dimension) }
        return dimensions.map { dimension in
            let part = slices.filter { $0.dimension == dimension }
            func series(_ name: String, _ path: KeyPath<Slice, Interval>) -> ReportPlot.Series {
                .init(name: name, points: part.enumerated().map { .init(Double($0), $1[keyPath: path]) })
            }
            return ReportPlot(
                .bars, title: "\(part[0].metric) by \(dimension)", y: "mean, 95 % interval\(sampled)",
                groups: part.map(\.name), series: [series("model", \.model), series("popular", \.popular)])
        }
    }

    private var paretoPlot: ReportPlot {
        ReportPlot(
            .lines, title: "Accuracy and coverage", x: "share of the catalogue recommended", y: "NDCG at each k",
            xUnit: .percent,
            series: rankers.map { name, table in
                .init(
                    name: name,
                    points: cutoffs.compactMap { k in
                        guard let x = table["coverage"]?[String(k)], let y = table["ndcg"]?[String(k)] else {
                            return nil
                        }
                        return .init(x.value, y.value, low: y.low, high: y.high)
                    })
            })
    }

    // MARK: Sections

    private var accuracy: ReportSection {
        let order =
            RankingMetric.allCases.map(\.rawValue) + ListMetric.allCases.map(\.rawValue)
            + CatalogueMetric.allCases.map(\.rawValue)
        let known = order.filter { metrics[$0] != nil } + metrics.keys.filter { !order.contains($0) }.sorted()
        var rows: [[ReportCell]] = []
        for metric in known {
            let isMean = CatalogueMetric(rawValue: metric) == nil
            for k in cutoffs {
                rows.append(
                    [.text("\(metric)@\(k)")]
                        + rankers.map { ranker in
                            let interval = ranker.metrics[metric]?[String(k)]
                            return isMean ? .interval(interval) : .number(interval?.value)
                        })
            }
        }
        return ReportSection(
            id: "accuracy", title: "Accuracy and reach",
            plots: [
                curve("recall", "Recall"), curve("hit_rate", "Hit rate"), paretoPlot,
                curve("popularity_rank", "Popularity rank of what is recommended"),
            ],
            tables: [
                ReportTable(title: "Metrics\(sampled)", columns: ["metric"] + rankers.map(\.name), rows: rows)
            ])
    }

    private var comparison: ReportSection? {
        guard !comparisons.isEmpty else { return nil }
        return ReportSection(
            id: "comparison", title: "Against others",
            text: ["User by user, on the same held-out likings. Better and worse are said with an interval only."],
            tables: [
                ReportTable(
                    title: "The model against others\(sampled)",
                    columns: [
                        "against", "metric", "relative difference", "p (Wilcoxon, Holm)", "detectable difference",
                        "verdict",
                    ],
                    rows: comparisons.map { comparison in
                        [
                            .text(comparison.against), .text(comparison.metric),
                            .percent(comparison.relativeDifference),
                            .text(String(format: "%.2g", comparison.pValue)),
                            .number(comparison.minimumDetectableEffect), .text(comparison.verdict),
                        ]
                    })
            ])
    }

    private var ratings: ReportSection? {
        guard let errors = ratingErrors else { return nil }
        return ReportSection(
            id: "stars", title: "Predicted stars",
            tables: [
                ReportTable(
                    title: "\(errors.ratings) held-out ratings of \(errors.users) users",
                    columns: ["error", "model", "item means", "means of users and items"],
                    rows: [
                        [
                            .text("RMSE"), .interval(errors.rmse), .interval(errors.baselineRMSE),
                            .interval(errors.meansRMSE),
                        ],
                        [
                            .text("MAE"), .interval(errors.mae), .interval(errors.baselineMAE),
                            .interval(errors.meansMAE),
                        ],
                    ])
            ])
    }

    private var slicesSection: ReportSection? {
        guard !slices.isEmpty else { return nil }
        return ReportSection(
            id: "slices", title: "Parts of the audience", plots: Array(slicePlots.dropFirst()),
            tables: [
                ReportTable(
                    title: "Slices\(sampled)", columns: ["users by", "part", "users", "metric", "model", "popular"],
                    rows: slices.map {
                        [
                            .text($0.dimension), .text($0.name), .count($0.users), .text($0.metric),
                            .interval($0.model), .interval($0.popular),
                        ]
                    })
            ])
    }
}
