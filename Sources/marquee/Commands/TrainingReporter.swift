import Operations
import Synchronization
import Trainer

/// Tells a training or evaluation: a bar for the epochs on standard error, the figures of each part on standard output.
final class TrainingReporter: Sendable {
    private let state = Mutex(State())
    /// Before each line of figures, such as `train: `.
    private let lead: String
    /// Whether the published manifests go to standard output, a line each, and the figures to standard error.
    private let isJSON: Bool

    private struct State {
        var bar: ProgressBar?
        var epochs: [ALS.EpochReport] = []
        var report: EvaluationReport?
    }

    init(lead: String = "", isJSON: Bool = false) {
        self.lead = lead
        self.isJSON = isJSON
    }

    /// What the run calls, on its thread.
    func note(_ progress: TrainingProgress) {
        switch progress {
        case .loaded(let events, let users, let items):
            say("\(Figure.count(events)) events of \(Figure.count(users)) users and \(Figure.count(items)) items")
        case .read(.since(let version, let files, let events)):
            say(
                "read \(Figure.count(events)) of them from \(Figure.count(files)) files since version \(version); the others were kept"
            )
        case .read(.whole(let reason)): say("read all of them: \(reason)")
        case .leftOut(let rows):
            say(
                "left out: \(Figure.count(rows.count)) of \(Figure.count(rows.rowsRead)) rows, which are no events: \(rows.text)"
            )
        case .fitting(let fit, let users, let items, let interactions):
            Log("train").debug(
                "fitting",
                ["fit": fit.rawValue, "users": users, "items": items, "interactions": interactions])
            state.withLock {
                $0.epochs = []
                $0.bar = nil
            }
        case .epoch(let fit, let report, let total): epoch(fit, report, total)
        case .engine(_, let text): if let text { say(text) }
        case .measured(let name, let cutoff, let ndcg):
            Log("train").debug("measured", ["ranker": name, "cutoff": cutoff, "ndcg": ndcg])
        case .notEvaluated(let reason): say("not evaluated: \(reason)")
        case .tried(let trial):
            Log("train").debug(
                "tried",
                [
                    "rank": trial.rank, "c": Double(trial.strength), "epochs": trial.epochs,
                    "ndcg": Figure.decimal(trial.ndcg, digits: 4),
                ])
            StandardError.showStatus(
                "train: \(trial.epochs) epochs of rank \(trial.rank): \(Figure.decimal(trial.ndcg, digits: 4))")
        case .searched(let summary): searched(summary)
        case .notSearched(let reason): say("no search: \(reason); the settings are those of the rule")
        case .widened(let split, let wider, let why): say("\(split): \(why); trying \(wider)")
        case .drift(let report): if !report.drifted.isEmpty { say(report.text) }
        case .evaluated(let report):
            state.withLock { $0.report = report }
            table(report)
        case .stopped(let found):
            state.withLock {
                $0.bar?.finish()
                $0.bar = nil
            }
            say(
                "\(found.best) epochs: \(found.metric) \(Figure.decimal(found.values[found.best - 1], digits: 4)) on the "
                    + "validation window, the best of \(found.values.count)")
        case .published(let manifest):
            if manifest.chosen != nil { say("settings: \(ModelSummary.settings(manifest))") }
            let verdict = Self.words(manifest.gate.outcome)
            say("model \(manifest.id), \(verdict): \(manifest.gate.reason)")
            // A manifest that was written can be encoded.
            if isJSON { try? JSONOutput.write(manifest) }
        case .alreadyPublished(let manifest):
            say("no new model: \(manifest.gate.reason)")
            if isJSON { try? JSONOutput.write(manifest) }
        }
    }

    private static func words(_ outcome: GateVerdict.Outcome) -> String {
        switch outcome {
        case .promoted: "in service"
        case .kept: "kept out of service"
        case .refused: "refused"
        }
    }

    private func searched(_ summary: SearchSummary) {
        StandardError.showStatus(nil)
        func text(_ trial: SearchSummary.Trial) -> String {
            "rank \(trial.rank), c \(Figure.significant(Double(trial.strength))), \(trial.epochs) epochs"
                + (trial.halfLifeDays.map { ", half-life \(Figure.significant($0)) days" } ?? "")
                + ": \(Figure.decimal(trial.ndcg, digits: 4))"
        }
        say(
            "search: \(summary.trials.count) measurements on \(Figure.count(summary.users)) users in "
                + "\(Figure.seconds(summary.seconds)), \(Figure.decimal(summary.fits, digits: 1)) fits; \(summary.ended)"
        )
        if let first = summary.trials.first { say("by rule \(text(first)); chosen \(text(summary.chosen))") }
    }

    private func epoch(_ fit: TrainingProgress.Fit, _ report: ALS.EpochReport, _ total: Int) {
        let (bar, epochs) = state.withLock { state in
            let bar = state.bar ?? ProgressBar("train", total: total, unit: "epochs")
            state.bar = bar
            state.epochs.append(report)
            return (bar, state.epochs)
        }
        bar.update(report.epoch, note: "loss \(Figure.significant(report.loss))")
        guard report.epoch == total, let first = epochs.first else { return }
        bar.finish()
        let mean = epochs.map(\.seconds).reduce(0, +) / Double(epochs.count)
        say(
            """
            \(Self.name(fit)): \(total) epochs of \(Figure.seconds(mean)), loss \
            \(Figure.significant(first.loss)) → \(Figure.significant(report.loss))
            """)
    }

    private static func name(_ fit: TrainingProgress.Fit) -> String {
        switch fit {
        case .validation: "fitted to what comes before the validation window"
        case .evaluation: "fitted to the training part"
        case .incumbent: "fitted with the settings of the model in service"
        case .published: "fitted to all events"
        }
    }

    /// The model beside the baselines, at the first cut-off that the report has.
    private func table(_ report: EvaluationReport) {
        guard let k = report.cutoffs.contains(10) ? 10 : report.cutoffs.first else { return }
        let names = ["ndcg", "recall", "map", "mrr"].filter { report.metrics[$0]?["\(k)"] != nil }
        var table = TextTable(
            [(report.cutoffs.isEmpty ? "" : "@\(k)", .left)] + names.map { ($0.uppercased(), .right) })
        func row(_ name: String, _ metrics: [String: [String: Interval]]) {
            table.add([name] + names.map { metrics[$0]?["\(k)"].map { Figure.decimal($0.value, digits: 4) } ?? "" })
        }
        row("model", report.metrics)
        for baseline in report.baselines { row(baseline.name, baseline.metrics) }
        for line in table.text.split(separator: "\n") { say(String(line)) }
        if let errors = report.ratingErrors {
            func interval(_ interval: Interval) -> String {
                let ends = interval.low.flatMap { low in interval.high.map { (low, $0) } }
                return Figure.decimal(interval.value, digits: 4)
                    + (ends.map { " (\(Figure.decimal($0.0, digits: 4)) … \(Figure.decimal($0.1, digits: 4)))" } ?? "")
            }
            say(
                "RMSE \(interval(errors.rmse)), MAE \(interval(errors.mae)) on \(Figure.count(errors.ratings)) ratings; "
                    + "item means have \(Figure.decimal(errors.baselineRMSE.value, digits: 4)) and "
                    + "\(Figure.decimal(errors.baselineMAE.value, digits: 4))")
            if let rmse = errors.meansRMSE, let mae = errors.meansMAE {
                say(
                    "means of users and items have \(Figure.decimal(rmse.value, digits: 4)) and "
                        + Figure.decimal(mae.value, digits: 4))
            }
        }
        comparisons(report)
    }

    /// The model against every other, the worst for it first.
    private func comparisons(_ report: EvaluationReport) {
        func percent(_ value: Double) -> String {
            (value < 0 ? "" : "+") + Figure.decimal(value * 100, digits: 1) + " %"
        }
        let compared = report.comparisons.filter { $0.metric.hasPrefix("ndcg") }.sorted {
            ($0.relativeDifference?.value ?? .infinity) < ($1.relativeDifference?.value ?? .infinity)
        }
        for comparison in compared {
            var text = "\(comparison.metric) against \(comparison.against): "
            if let difference = comparison.relativeDifference {
                text += percent(difference.value)
                switch (difference.low, difference.high) {
                case (let low?, let high?): text += " (\(percent(low)) … \(percent(high)))"
                case (let low?, nil): text += " (at least \(percent(low)))"
                case (nil, let high?): text += " (at most \(percent(high)))"
                case (nil, nil): text += " (no interval)"
                }
            } else {
                text += "above 0, where that has 0 (no interval)"
            }
            say("\(text), \(comparison.verdict)")
        }
        say("\(Figure.count(report.data.heldOut.evaluatedUsers)) held-out users, split \(report.data.split)")
    }

    private func say(_ text: String) {
        StandardError.showStatus(nil)
        let line = TextLayout.wrapped(lead + text, indent: max(2, lead.count))
        guard !isJSON else { return StandardError.write(line: line) }
        StandardOutput.write(line: line)
        StandardOutput.flush()
    }
}
