import Operations
import Trainer

/// `marquee tune`
enum TuneCommand {
    static let command: Command = Command(
        path: ["tune"], summary: "Search for good training settings within a budget.",
        details: """
            Tries settings of rank, alpha0, lambda and half-life on a validation window just before the events that
            evaluation tests on, which are not looked at. Most trials end early; the better ones go on to all epochs. The
            first trial has the settings given here. The table shows what to pass to 'marquee train'.
            """,
        options: [
            Options.store.spec, Options.version.spec, Options.trials.spec, Options.minutes.spec, Options.state.spec,
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
        let store = try invocation.value(Options.store)
        let version = invocation.optional(Options.version).map(Int64.init)
        let budget = TuningRun.Budget(
            trials: try invocation.value(Options.trials),
            seconds: invocation.optional(Options.minutes).map { $0 * 60 } ?? .infinity)
        let run = TuningRun(
            configuration: try TrainCommand.configuration(invocation), budget: budget,
            stateFile: invocation.optional(Options.state))
        let result = try await BlockingWork.run("tune") { flag in
            try run.run(try InteractionLog.read(storeAt: store, version: version)) { record in
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
                "\(record.trial)", "\(record.epochs)", "\(p.rank)", "\(p.alpha0)", "\(p.lambda)",
                record.weights.halfLifeDays.map { "\(Figure.significant($0))d" } ?? "none",
                Figure.decimal(record.ndcg, digits: 4), Figure.decimal(record.recall, digits: 4),
                Figure.seconds(record.seconds),
            ])
        }
        var text = table.text + result.describes + "\n"
        if result.resumed > 0 { text += "\(result.resumed) measurements were there already.\n" }
        if result.stoppedEarly { text += "The time was over before all trials were measured.\n" }
        guard let best = result.best else { return text }
        let p = best.parameters
        let halfLife = best.weights.halfLifeDays.map { " --half-life \(Figure.significant($0))d" } ?? ""
        return text + "marquee train --rank \(p.rank) --alpha0 \(p.alpha0) --lambda \(p.lambda)\(halfLife)\n"
    }
}
