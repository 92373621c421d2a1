import Foundation
import Operations
import Platform
import Store
import Trainer

/// `marquee evaluate`
enum EvaluateCommand {
    static let command: Command = Command(
        path: ["evaluate"], summary: "Measure a model against held-out events and write a report.",
        details: """
            With --store: a published model is measured on the later events of the store, beside the popularity list.
            With --train and --test: the given settings are fitted to one file and measured on the other. The files hold
            user, item[, rating[, time]] separated by tabs, commas or '::', or 'user item item …' a line. With
            --negatives only the items of that file are ranked beside the held-out ones, as some published figures have
            it; its lines are '(user,item)', a tab, and items.
            With --store and --logs: what lists have shown, joined to the events after it: clicks and watch-through by
            position, model and scenario, and with --models what clicks the lists of that model would have had.
            """,
        options: [
            Options.store.spec, Options.models.spec, Options.model.spec, Options.train.spec, Options.test.spec,
            Options.negatives.spec,
            Options.cutoffs.spec, Options.report.spec, Options.json.spec, Options.markdown.spec, Options.split.spec,
            Options.holdOutFilms.spec, Options.seeds.spec, Options.folds.spec, Options.maxLoss.spec, Options.logs.spec,
            Options.clickWindow.spec, Options.reportFormat.spec,
        ] + TrainCommand.modelOptions + TrainCommand.searchOptions,
        examples: [
            .init(
                line: "evaluate --store data --models models --model current --report report.html",
                meaning: "The model in service, with a report to open in a browser."),
            .init(
                line: "evaluate --store data --models models --model current --hold-out-films 0.1 --seeds 5",
                meaning: "Also: films without events, found by their content."),
            .init(
                line: "evaluate --store data --models models --model current --folds 6",
                meaning: "Also: how often to retrain, from six models trained at different times."),
            .init(
                line: "evaluate --store data --models models --logs --format json",
                meaning: "What was shown, what came of it, and what the model in service would have had."),
            .init(
                line: "evaluate --train train.tsv --test test.tsv --rank 128 --k 20 --json report.json",
                meaning: "A public split, with the settings given."),
            .init(
                line: "evaluate --train train.tsv --test test.tsv --auto --k 20",
                meaning: "The same, with settings searched for in the training file."),
        ]
    ) { invocation in
        if try invocation.value(Options.logs) { return try await logs(invocation) }
        let isJSON = try invocation.value(Options.reportFormat) == "json"
        var configuration = try TrainCommand.configuration(invocation)
        configuration.cutoffs = try invocation.value(Options.cutoffs)
        let reporter = TrainingReporter(isJSON: isJSON)
        let report: EvaluationReport
        if let train = invocation.optional(Options.train) {
            let test = try invocation.value(Options.test)
            try invocation.refuse(
                [
                    Options.store.spec, Options.model.spec, Options.split.spec, Options.maxBadRows.spec,
                    Options.holdOutFilms.spec, Options.seeds.spec, Options.folds.spec, Options.maxLoss.spec,
                    Options.logs.spec,
                ],
                beside: Options.train.spec)
            let negatives = invocation.optional(Options.negatives)
            configuration.split = .files
            if configuration.explicit == nil { configuration.weights = .binary }
            configuration.search = try TrainCommand.search(invocation)
            // Lines of files without times do not age.
            configuration.search?.variesHalfLife = false
            report = try await BlockingWork.run("evaluate") { [configuration] flag in
                try ModelEvaluation(configuration: configuration).run(
                    try InteractionFile.log(
                        train: train, test: test, negatives: negatives, asRatings: configuration.explicit != nil)
                ) { progress in
                    try flag.check()
                    reporter.note(progress)
                }
            }
        } else {
            try invocation.refuse(TrainCommand.searchOptions, beside: Options.store.spec)
            try invocation.refuse([Options.maxLoss.spec], without: Options.folds)
            report = try await ofPublished(invocation, configuration, reporter)
        }
        if isJSON { StandardOutput.write(bytes: try report.json()) }
        if let path = invocation.optional(Options.json) { try ResultFile.write(report.json(), to: path) }
        if let path = invocation.optional(Options.markdown) {
            try ResultFile.write(Array(report.markdown().utf8), to: path)
        }
        if let path = invocation.optional(Options.report) { try ResultFile.write(Array(report.html().utf8), to: path) }
    }

    private static func ofPublished(
        _ invocation: Invocation, _ configuration: TrainingConfiguration, _ reporter: TrainingReporter
    ) async throws -> EvaluationReport {
        let store = try invocation.store()
        let registry = try invocation.registry()
        let name = try invocation.value(Options.model)
        let isJSON = try invocation.value(Options.reportFormat) == "json"
        let (share, seeds) = (invocation.optional(Options.holdOutFilms), try invocation.value(Options.seeds))
        let (folds, loss) = (invocation.optional(Options.folds), try invocation.value(Options.maxLoss))
        var configuration = configuration
        if let split = invocation.optional(Options.split) { configuration.split = split }
        return try await BlockingWork.run("evaluate") { [configuration] flag in
            let model = try registry.open(registry.find(name))
            var configuration = configuration
            configuration.content = try FilmContent.read(from: store)
            let log = try InteractionLog.read(from: store, maxBadRows: configuration.maxBadRows)
            var report = try ModelEvaluation(configuration: configuration).run(model, on: log) { progress in
                try flag.check()
                reporter.note(progress)
            }
            if let share {
                let section = try ColdStartTrial(configuration.taking(model), share: share, seeds: seeds).run(log) {
                    _ in try flag.check()
                }
                if !isJSON { print(section) }
                report.sections.append(section)
            }
            if let folds {
                let found = try FoldTrial(configuration.taking(model), folds: folds, tolerance: loss).run(log) { _ in
                    try flag.check()
                }
                if !isJSON { print(found.section) }
                report.sections.append(found.section)
                report.staleness = found.staleness
            }
            return report
        }
    }

    /// A section's finding and its tables.
    static func print(_ section: ReportSection) {
        for text in section.text.prefix(1) { StandardOutput.write(prose: text) }
        for found in section.tables {
            StandardOutput.write(line: found.title)
            let upright = text(of: found, wraps: false)
            let isWide = upright.split(separator: "\n").contains {
                TextLayout.columns(of: String($0)) > TextLayout.width
            }
            StandardOutput.write(isWide ? text(of: found, wraps: true) : upright)
        }
    }

    /// - Parameter wraps: whether texts and intervals go on in the next line where there is no room for them.
    private static func text(of found: ReportTable, wraps: Bool) -> String {
        func mayWrap(_ column: Int) -> Bool {
            found.rows.contains { row in
                if case .text = row[column] { return true }
                return row[column].words.1 != nil
            }
        }
        var table = TextTable(
            found.columns.enumerated().map { ($1, $0 == 0 || wraps && mayWrap($0) ? .left : .right) },
            // Unwrapped it says how wide it is: cut to the terminal, names would lose their ends.
            overflow: wraps ? .wrap : .keep)
        for row in found.rows {
            table.add(
                row.map { cell in
                    let (value, ends) = cell.words
                    return ends.map { "\(value) (\($0))" } ?? value
                })
        }
        return table.text
    }
}
