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
            """,
        options: [
            Options.store.spec, Options.models.spec, Options.model.spec, Options.train.spec, Options.test.spec,
            Options.negatives.spec,
            Options.cutoffs.spec, Options.report.spec, Options.json.spec, Options.markdown.spec, Options.split.spec,
            Options.holdOutFilms.spec, Options.seeds.spec,
        ] + TrainCommand.modelOptions + TrainCommand.searchOptions,
        examples: [
            .init(
                line: "evaluate --store data --models models --model current --report report.html",
                meaning: "The model in service, with a report to open in a browser."),
            .init(
                line: "evaluate --store data --models models --model current --hold-out-films 0.1 --seeds 5",
                meaning: "Also: films without events, found by their content."),
            .init(
                line: "evaluate --train train.tsv --test test.tsv --rank 128 --k 20 --json report.json",
                meaning: "A public split, with the settings given."),
            .init(
                line: "evaluate --train train.tsv --test test.tsv --auto --k 20",
                meaning: "The same, with settings searched for in the training file."),
        ]
    ) { invocation in
        var configuration = try TrainCommand.configuration(invocation)
        configuration.cutoffs = try invocation.value(Options.cutoffs)
        let reporter = TrainingReporter()
        let report: EvaluationReport
        if let train = invocation.optional(Options.train) {
            let test = try invocation.value(Options.test)
            try invocation.refuse(
                [
                    Options.store.spec, Options.model.spec, Options.split.spec, Options.maxBadRows.spec,
                    Options.holdOutFilms.spec, Options.seeds.spec,
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
            report = try await ofPublished(invocation, configuration, reporter)
        }
        if let path = invocation.optional(Options.json) { try ResultFile.write(report.json(), to: path) }
        if let path = invocation.optional(Options.markdown) {
            try ResultFile.write(Array(report.markdown().utf8), to: path)
        }
        if let path = invocation.optional(Options.report) { try ResultFile.write(Array(report.html().utf8), to: path) }
    }

    private static func ofPublished(
        _ invocation: Invocation, _ configuration: TrainingConfiguration, _ reporter: TrainingReporter
    ) async throws -> EvaluationReport {
        let store = try EventStore(at: invocation.value(Options.store))
        let registry = ModelRegistry(folder: try invocation.value(Options.models))
        let name = try invocation.value(Options.model)
        let (share, seeds) = (invocation.optional(Options.holdOutFilms), try invocation.value(Options.seeds))
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
                print(section)
                report.sections.append(section)
            }
            return report
        }
    }

    /// A section's finding and its tables.
    private static func print(_ section: ReportSection) {
        StandardOutput.write(line: section.text[0])
        for found in section.tables {
            StandardOutput.write(line: found.title)
            var table = TextTable(found.columns.enumerated().map { ($1, $0 == 0 ? .left : .right) })
            for row in found.rows {
                table.add(
                    row.map { cell in
                        let (value, ends) = cell.words
                        return ends.map { "\(value) (\($0))" } ?? value
                    })
            }
            StandardOutput.write(table.text)
        }
    }
}
