import Operations
import Store
import Trainer

/// `marquee tune`
enum TuneCommand {
    static let command: Command = Command(
        path: ["tune"], summary: "Search for good training settings within a budget.",
        details: """
            Tries settings of rank, alpha0, lambda and half-life on a validation window just before the events that
            evaluation tests on, which are not looked at. Most trials end early; the better ones go on to all epochs. The
            first trial has the settings given here, and what is not given by the rule for the shape of the data. The last line is the 'marquee train' to run: with the best settings, the
            others as they were given here, and the registry of --models (without it, the folder models).
            """,
        options: [
            Options.store.spec, Options.models.spec, Options.version.spec, Options.trials.spec, Options.minutes.spec,
            Options.state.spec,
            Options.report.spec, Options.json.spec,
        ] + TrainCommand.modelOptions,
        required: ["store"],
        examples: [
            .init(line: "tune --store data --trials 30", meaning: "Thirty settings, the best first."),
            .init(
                line: "tune --store data --trials 200 --minutes 60 --state tune.jsonl --report tune.html",
                meaning: "An hour at most; the same line again goes on where it stopped."),
        ]
    ) { invocation in
        let store = try invocation.store()
        let version = invocation.optional(Options.version).map(Int64.init)
        let budget = TuningRun.Budget(
            trials: try invocation.value(Options.trials),
            seconds: invocation.optional(Options.minutes).map { $0 * 60 } ?? .infinity)
        let run = TuningRun(
            configuration: try TrainCommand.configuration(invocation), budget: budget,
            stateFile: invocation.optional(Options.state))
        let result = try await BlockingWork.run("tune") { flag in
            try run.run(
                try InteractionLog.read(
                    from: store, version: version, maxBadRows: run.configuration.maxBadRows)
            ) { record in
                try flag.check()
                Log("tune").info(
                    "measured",
                    [
                        "trial": record.trial, "epochs": record.epochs, "rank": record.parameters.rank,
                        "ndcg": Figure.decimal(record.ndcg, digits: 4),
                    ])
            }
        }
        StandardOutput.write(text(of: result))
        if let best = result.best { StandardOutput.write(try training(best, invocation)) }
        if let path = invocation.optional(Options.json) { try ResultFile.write(result.json(), to: path) }
        if let path = invocation.optional(Options.report) { try ResultFile.write(Array(result.html().utf8), to: path) }
    }

    private static func text(of result: TuningResult) -> String {
        var table = TextTable([
            ("TRIAL", .right), ("EPOCHS", .right), ("RANK", .right), ("ALPHA0", .right), ("LAMBDA", .right),
            ("HALF-LIFE", .right), ("NDCG@\(result.cutoff)", .right), ("RECALL@\(result.cutoff)", .right),
            ("TIME", .right),
        ])
        for record in result.records {
            let p = record.parameters
            table.add([
                "\(record.trial)", "\(record.epochs)", "\(p.rank)", Figure.significant(Double(p.alpha0)),
                Figure.significant(Double(p.lambda)),
                record.weights.halfLifeDays.map { "\(Figure.significant($0))d" } ?? "none",
                Figure.decimal(record.ndcg, digits: 4), Figure.decimal(record.recall, digits: 4),
                Figure.seconds(record.seconds),
            ])
        }
        var text = table.text + TextLayout.wrapped(result.describes, indent: 0) + "\n"
        if result.resumed > 0 { text += "\(result.resumed) measurements were there already.\n" }
        if result.stoppedEarly { text += "The time was over before all trials were measured.\n" }
        return text
    }

    /// The line that trains with the settings of `best`; what was set for the search and not searched stays set.
    private static func training(_ best: TuningRecord, _ invocation: Invocation) throws -> String {
        let p = best.parameters
        var words = ["marquee", "train", "--store", try invocation.value(Options.store)]
        words += ["--models", invocation.optional(Options.models) ?? "models"]
        words += ["--rank", "\(p.rank)", "--alpha0", "\(p.alpha0)", "--lambda", "\(p.lambda)"]
        if let days = best.weights.halfLifeDays { words += ["--half-life", "\(days)d"] }
        let searched = [Options.rank.spec, Options.alpha0.spec, Options.lambda.spec, Options.halfLife.spec].map(\.name)
        for spec in TrainCommand.modelOptions where !searched.contains(spec.name) {
            guard let setting = invocation.settings[spec.name], let value = setting.value else { continue }
            if case .fallback = setting.source { continue }
            if !spec.isFlag {
                words += ["--\(spec.name)", value]
            } else if value == "true" {
                words.append("--\(spec.name)")
            }
        }
        return TextLayout.wrappedForShell(words.map(shellWord).joined(separator: " "), indent: 0) + "\n"
    }

    /// A word as a shell takes it: in quotes where it has more than letters, digits and what stands in names and numbers.
    private static func shellWord(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,+".contains($0)) }
        return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
