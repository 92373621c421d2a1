internal import Domain
internal import Foundation

extension EvaluationReport {
    /// What was trained on, measured against and left out.
    var dataSection: ReportSection {
        let counts = data.heldOut
        return ReportSection(
            id: "data", title: "Data",
            tables: [
                ReportTable(
                    title: "What was trained on and what was held out", columns: ["what", "value"],
                    rows: [
                        [.text("source"), .text(data.source)],
                        [.text("table version"), data.version.map { .count(Int($0)) } ?? .missing],
                        [.text("split"), .text(data.split)],
                        [.text("split at"), data.splitAt.map { .text($0.description) } ?? .missing],
                        [.text("training events"), .count(data.trainingEvents)],
                        [.text("training users"), .count(data.trainingUsers)],
                        [.text("training items"), .count(data.trainingItems)],
                        [.text("training pairs"), .count(data.trainingPairs)],
                        [.text("of them liked"), .count(data.trainingLiked)],
                        [.text("evaluated users"), .count(counts.evaluatedUsers)],
                        [.text("relevant pairs"), .count(counts.relevantPairs)],
                        [.text("users left out: no history"), .count(counts.usersWithoutHistory)],
                        [.text("users left out: nothing relevant"), .count(counts.usersWithoutRelevantItems)],
                        [.text("pairs left out: unknown item"), .count(counts.pairsOfUnknownItems)],
                        [.text("pairs left out: seen in training"), .count(counts.pairsSeenInTraining)],
                    ])
            ])
    }

    /// What it takes to do it again.
    var repetition: ReportSection {
        let p = settings.parameters
        let loss = ReportPlot(
            .lines, title: "Training loss", x: "epoch", y: "loss",
            series: [.init(name: "loss", points: training.epochs.map { .init(Double($0.epoch), $0.loss) })])
        let chosen = settings.chosen
        return ReportSection(
            id: "settings", title: "To repeat it", plots: [loss],
            tables: [
                ReportTable(
                    title: "Settings", columns: ["what", "value"],
                    rows: [
                        ["rank", "\(p.rank)"], ["epochs", "\(p.epochs)"],
                        ["alpha0", "\(p.alpha0)" + (chosen?.rule.setsAlpha0 == true ? ", by rule" : "")],
                        ["lambda", "\(p.lambda)" + (chosen?.rule.setsLambda == true ? ", by rule" : "")],
                        ["nu", "\(p.nu)"], ["solver", p.solver.rawValue], ["seed", "\(seed)"],
                        ["confidence weights", "version \(settings.weights.version)"],
                        ["half-life", settings.weights.halfLifeDays.map { "\($0) days" } ?? "none"],
                        ["bootstrap resamples", "\(settings.bootstrapResamples)"],
                        ["training seconds", String(format: "%.2f", training.seconds)],
                        ["peak memory", "\(peakRSSBytes >> 20) MiB"], ["code", codeVersion],
                        ["made at", generatedAt.description],
                    ].map { $0.map(ReportCell.text) })
            ] + [searchTable].compactMap { $0 })
    }

    private var searchTable: ReportTable? {
        guard let search = settings.chosen?.search else { return nil }
        let title =
            "What the search tried: NDCG@\(Manifest.headlineCutoff) of \(search.users) users of a validation window, "
            + String(format: "%.1f fits in %.1f s; ", search.fits, search.seconds) + search.ended
        return ReportTable(
            title: title, columns: ["trial", "rank", "c", "alpha0 factor", "half-life, days", "epochs", "NDCG"],
            rows: search.trials.enumerated().map { number, trial in
                [
                    .count(number + 1), .count(trial.rank), .text("\(trial.strength)"), .text("\(trial.alpha0Factor)"),
                    .text(trial.halfLifeDays.map { "\($0)" } ?? "none"), .count(trial.epochs), .number(trial.ndcg),
                ]
            })
    }
}
