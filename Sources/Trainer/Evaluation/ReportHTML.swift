internal import Domain
internal import Foundation

extension EvaluationReport {
    /// One self-contained page: tables and inline plots, no script and no network; readable on a phone.
    public func html() -> String {
        var body = "<h1>Marquee evaluation</h1>"
        if let gate { body += "<p class=\"big\">\(e(gate.outcome.rawValue.capitalized)). \(e(gate.reason))</p>" }
        body += "<p>\(e(describes))</p><p class=\"quiet\">\(e(protocolNote)) \(e(data.splitExplanation))</p>"
        body += headline()
        body +=
            "<div class=\"plots\">" + plots().filter { !$0.isEmpty }.map { "<figure>\($0)</figure>" }.joined()
            + "</div>"
        body +=
            metricTable() + ratingTable() + comparisonTable() + sliceTable() + dataTable() + settingsTable()
            + searchTable()
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>Marquee evaluation</title><style>
            :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:auto;padding:1rem}
            .quiet{opacity:.75}.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0 1.5rem}
            th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #8884;white-space:nowrap}
            th:first-child,td:first-child{text-align:left}.plots{display:grid;gap:1rem;
            grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr))}figure{margin:0}svg{width:100%;height:auto}
            .big{font-size:1.3rem}small{opacity:.7}</style></head><body>
            \(body)
            </body></html>

            """
    }

    private func e(_ text: String) -> String { SVGPlot.escaped(text) }
    private func n(_ value: Double) -> String { String(format: "%.4f", value) }

    private func cell(_ interval: Interval?) -> String {
        guard let interval else { return "–" }
        guard let low = interval.low, let high = interval.high else { return n(interval.value) }
        return "\(n(interval.value)) <small>[\(n(low)), \(n(high))]</small>"
    }

    private func percent(_ interval: Interval?) -> String {
        guard let interval else { return "–" }
        func p(_ value: Double) -> String { String(format: "%+.1f %%", value * 100) }
        guard let low = interval.low, let high = interval.high else { return p(interval.value) }
        return "\(p(interval.value)) <small>[\(p(low)), \(p(high))]</small>"
    }

    private func table(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let heading = head.map { "<th>\($0)</th>" }.joined()
        let lines = rows.map { "<tr>" + $0.map { "<td>\($0)</td>" }.joined() + "</tr>" }.joined()
        return "<h2>\(e(title))</h2><div class=\"scroll\"><table><tr>\(heading)</tr>\(lines)</table></div>"
    }

    private func headline() -> String {
        guard let k = cutoffs.first, let ours = value("ndcg", at: k) else { return "" }
        var text = "<p class=\"big\">NDCG@\(k) \(cell(ours))"
        if let popular = baselines.first?.metrics["ndcg"]?[String(k)] {
            text += ", the popularity list \(cell(popular))"
        }
        return text + sampled + "</p>"
    }

    /// Stands beside every figure that is not of a full ranking.
    private var sampled: String { data.sampledNegatives.map { ", \($0) sampled negatives" } ?? "" }

    private func plots() -> [String] {
        let names = ["model"] + baselines.map(\.name)
        let tables = [metrics] + baselines.map(\.metrics)
        func curve(_ metric: String, _ title: String) -> String {
            SVGPlot.lines(
                title: title, x: "k", y: "mean over users, 95 % interval\(sampled)",
                zip(names, tables).map { name, table in
                    let values = cutoffs.compactMap { k in table[metric]?[String(k)].map { (k, $0) } }
                    return SVGPlot.Series(
                        name: name, points: values.map { (Double($0.0), $0.1.value) },
                        intervals: values.map { value in
                            value.1.low.flatMap { low in value.1.high.map { (low, $0) } }
                        })
                })
        }
        let loss = SVGPlot.lines(
            title: "Training loss", x: "epoch", y: "loss",
            [.init(name: "loss", points: training.epochs.map { (Double($0.epoch), $0.loss) })])
        let pareto = SVGPlot.lines(
            title: "Accuracy and coverage", x: "coverage, %", y: "NDCG at each k",
            zip(names, tables).map { name, table in
                SVGPlot.Series(
                    name: name,
                    points: cutoffs.compactMap { k in
                        guard let x = table["coverage"]?[String(k)], let y = table["ndcg"]?[String(k)] else {
                            return nil
                        }
                        return ((x.value * 1000).rounded() / 10, y.value)
                    })
            })
        var plots = [curve("ndcg", "NDCG"), curve("recall", "Recall"), curve("hit_rate", "Hit rate"), loss]
        for dimension in orderedDimensions() {
            let part = slices.filter { $0.dimension == dimension }
            func series(_ name: String, _ path: KeyPath<Slice, Interval>) -> SVGPlot.Series {
                .init(
                    name: name, points: part.enumerated().map { (Double($0.offset), $0.element[keyPath: path].value) },
                    intervals: part.map { slice in
                        let interval = slice[keyPath: path]
                        return interval.low.flatMap { low in interval.high.map { (low, $0) } }
                    })
            }
            plots.append(
                SVGPlot.bars(
                    title: "\(part[0].metric) by \(dimension)", y: "mean, 95 % interval", groups: part.map(\.name),
                    [series("model", \.model), series("popular", \.popular)]))
        }
        return plots + [curve("popularity_rank", "Popularity rank of what is recommended (0 is the top)"), pareto]
    }

    private func orderedDimensions() -> [String] {
        var result: [String] = []
        for slice in slices where !result.contains(slice.dimension) { result.append(slice.dimension) }
        return result
    }

    private func metricTable() -> String {
        let order = RankingMetric.allCases.map(\.rawValue) + CatalogueMetric.allCases.map(\.rawValue)
        var rows: [[String]] = []
        for metric in order where metrics[metric] != nil {
            for k in cutoffs {
                rows.append(
                    ["\(metric)@\(k)", cell(metrics[metric]?[String(k)])]
                        + baselines.map { cell($0.metrics[metric]?[String(k)]) })
            }
        }
        return table("Metrics\(sampled)", ["metric", "model"] + baselines.map { e($0.name) }, rows)
    }

    private func ratingTable() -> String {
        guard let errors = ratingErrors else { return "" }
        return table(
            "Predicted stars, \(errors.ratings) held-out ratings of \(errors.users) users",
            ["error", "model", "item means"],
            [
                ["RMSE", cell(errors.rmse), cell(errors.baselineRMSE)],
                ["MAE", cell(errors.mae), cell(errors.baselineMAE)],
            ])
    }

    private func comparisonTable() -> String {
        table(
            "Model against others, user by user\(sampled)",
            ["against", "metric", "relative difference", "p (Wilcoxon, Holm)", "detectable difference", "verdict"],
            comparisons.map { comparison in
                [
                    e(comparison.against), e(comparison.metric), percent(comparison.relativeDifference),
                    String(format: "%.2g", comparison.pValue), n(comparison.minimumDetectableEffect),
                    e(comparison.verdict),
                ]
            })
    }

    private func sliceTable() -> String {
        table(
            "Slices\(sampled)", ["users by", "part", "users", "metric", "model", "popular"],
            slices.map { [e($0.dimension), e($0.name), "\($0.users)", e($0.metric), cell($0.model), cell($0.popular)] })
    }

    private func dataTable() -> String {
        let counts = data.heldOut
        return table(
            "Data", ["what", "value"],
            [
                ["source", e(data.source)], ["table version", data.version.map(String.init) ?? "–"],
                ["split", e(data.split)], ["split at", data.splitAt?.description ?? "–"],
                ["training events", "\(data.trainingEvents)"], ["training users", "\(data.trainingUsers)"],
                ["training items", "\(data.trainingItems)"], ["training pairs", "\(data.trainingPairs)"],
                ["of them liked", "\(data.trainingLiked)"], ["evaluated users", "\(counts.evaluatedUsers)"],
                ["relevant pairs", "\(counts.relevantPairs)"],
                ["users left out: no history", "\(counts.usersWithoutHistory)"],
                ["users left out: nothing relevant", "\(counts.usersWithoutRelevantItems)"],
                ["pairs left out: unknown item", "\(counts.pairsOfUnknownItems)"],
                ["pairs left out: seen in training", "\(counts.pairsSeenInTraining)"],
            ])
    }

    private func settingsTable() -> String {
        let p = settings.parameters
        return table(
            "Settings", ["what", "value"],
            [
                ["rank", "\(p.rank)"], ["epochs", "\(p.epochs)"],
                ["alpha0", "\(p.alpha0)" + (settings.chosen?.rule.setsAlpha0 == true ? ", by rule" : "")],
                ["lambda", "\(p.lambda)" + (settings.chosen?.rule.setsLambda == true ? ", by rule" : "")],
                ["nu", "\(p.nu)"], ["solver", e(p.solver.rawValue)], ["seed", "\(seed)"],
                ["confidence weights", "version \(settings.weights.version)"],
                ["half-life", settings.weights.halfLifeDays.map { "\($0) days" } ?? "none"],
                ["bootstrap resamples", "\(settings.bootstrapResamples)"],
                ["training seconds", String(format: "%.2f", training.seconds)],
                ["peak memory", "\(peakRSSBytes >> 20) MiB"], ["code", e(codeVersion)],
                ["made at", generatedAt.description],
            ])
    }

    private func searchTable() -> String {
        guard let search = settings.chosen?.search else { return "" }
        let title =
            "What the search tried: NDCG@\(Manifest.headlineCutoff) of \(search.users) users of a validation window, "
            + String(format: "%.1f fits in %.1f s; ", search.fits, search.seconds) + search.ended
        return table(
            title, ["rank", "c", "alpha0 factor", "half-life, days", "epochs", "NDCG"],
            search.trials.map { trial in
                [
                    "\(trial.rank)", "\(trial.strength)", "\(trial.alpha0Factor)",
                    trial.halfLifeDays.map { "\($0)" } ?? "none", "\(trial.epochs)", n(trial.ndcg),
                ]
            })
    }
}
