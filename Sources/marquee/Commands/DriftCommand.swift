import Operations
import Store
import Trainer

/// `marquee drift`
enum DriftCommand {
    static let command: Command = Command(
        path: ["drift"], summary: "Say whether the newest events are like those before them.",
        details: """
            Compares the newest 7 days (or day, or 28 days, as there are events) with the windows before: how many events,
            of which kinds, on which films, how many new users and films, and with --models the scores that the model in
            service gives to those who come. The bounds come from the same figures of up to twelve past windows; by
            chance one of them is left once in a hundred looks. docs/retraining.md has more.

            Exit status 13 says that something has drifted.
            """,
        options: [
            Options.store.spec, Options.models.spec, Options.version.spec, Options.maxBadRows.spec,
            Options.reportFormat.spec,
        ],
        required: ["store"],
        examples: [
            .init(line: "drift --store data --models models", meaning: "With the scores of the model in service."),
            .init(line: "drift --store data --format json", meaning: "For programs."),
        ]
    ) { invocation in
        let store = try invocation.store()
        let registry = try invocation.registryIfNamed()
        let version = invocation.optional(Options.version).map(Int64.init)
        let maxBadRows = try invocation.value(Options.maxBadRows)
        let report = try await BlockingWork.run("drift") { _ in
            let log = try InteractionLog.read(from: store, version: version, maxBadRows: maxBadRows)
            return try DriftDetector(log).report(model: registry.map { try $0.openCurrent() })
        }
        if try invocation.value(Options.reportFormat) == "json" {
            try JSONOutput.write(report)
        } else {
            StandardOutput.write(prose: report.text)
            if !report.statistics.isEmpty { StandardOutput.write(table(report)) }
        }
        if !report.drifted.isEmpty { throw CommandStatus.drifted }
    }

    private static func table(_ report: DriftReport) -> String {
        var table = TextTable([
            ("FIGURE", .left), ("VALUE", .right), ("USUAL", .right), ("LEAST", .right), ("MOST", .right), ("", .left),
        ])
        for statistic in report.statistics {
            table.add([
                statistic.name, Figure.decimal(statistic.value, digits: 4), Figure.decimal(statistic.usual, digits: 4),
                statistic.low.map { Figure.decimal($0, digits: 4) } ?? "", Figure.decimal(statistic.high, digits: 4),
                statistic.isDrifted ? "drifted" : "",
            ])
        }
        return table.text
    }
}
