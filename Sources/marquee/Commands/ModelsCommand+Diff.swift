import Domain
import Operations
import Trainer

extension ModelsCommand {
    static let diff: Command = Command(
        path: ["models", "diff"], summary: "Set two models side by side.",
        details:
            "Settings, data and figures that differ, and how much the lists of users known to both have in common.",
        arguments: [
            .init(name: "MODEL", summary: "A model, by the beginning of its name or hash, or 'current'."),
            .init(name: "OTHER", summary: "The model to compare it with."),
        ],
        options: [Options.models.spec, Options.report.spec, Options.markdown.spec], required: ["models"],
        examples: [
            .init(line: "models diff current 1f0c9a2b --models models", meaning: "What another model would change."),
            .init(
                line: "models diff current 1f0c9a2b --models models --report diff.html",
                meaning: "The same with plots and intervals, to open in a browser."),
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let (report, markdown) = (invocation.optional(Options.report), invocation.optional(Options.markdown))
        let (text, page) = try await BlockingWork.run("models") { _ in
            let first = try registry.open(registry.find(invocation.arguments[0]))
            let second = try registry.open(registry.find(invocation.arguments[1]))
            let difference = try ModelDifference(first, second)
            var table = TextTable([("", .left), ("\(first.id)", .left), ("\(second.id)", .left)], overflow: .fold)
            for line in difference.lines where line.differs { table.add([line.name, line.first, line.second]) }
            let overlap =
                difference.overlap.map {
                    "\(Figure.decimal($0 * 100, digits: 0)) % of the first \(Manifest.headlineCutoff) items"
                }
                ?? "nothing to compare"
            let text =
                table.text + "lists of \(Figure.count(difference.comparedUsers)) users in common: \(overlap)\n"
            guard report != nil || markdown != nil else { return (text, ReportPage?.none) }
            let comparison = try ModelComparison(first.id, second.id, in: registry)
            return (text, comparison.page(first.id, second.id, difference))
        }
        StandardOutput.write(text)
        if let page, let report { try ResultFile.write(Array(page.html().utf8), to: report) }
        if let page, let markdown { try ResultFile.write(Array(page.markdown().utf8), to: markdown) }
    }

    static let history: Command = Command(
        path: ["models", "history"],
        summary: "Show how the models were measured, and which went into service.",
        options: [
            Options.models.spec, Options.reportFormat.spec, Options.report.spec, Options.markdown.spec,
        ],
        required: ["models"],
        examples: [
            .init(
                line: "models history --models models --report history.html",
                meaning: "The metric over time, with intervals and promotions marked.")
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let history = try await BlockingWork.run("models") { _ in try QualityHistory(registry) }
        if try invocation.value(Options.reportFormat) == "json" {
            try JSONOutput.write(history, isPretty: true)
        } else {
            StandardOutput.write(prose: history.page.verdict)
            StandardOutput.write(table(history))
        }
        let page = history.page
        if let path = invocation.optional(Options.report) { try ResultFile.write(Array(page.html().utf8), to: path) }
        if let path = invocation.optional(Options.markdown) {
            try ResultFile.write(Array(page.markdown().utf8), to: path)
        }
    }

    private static func table(_ history: QualityHistory) -> String {
        func text(_ interval: Interval?) -> String {
            guard let interval else { return "" }
            let (value, ends) = ReportCell.interval(interval).words
            return ends.map { "\(value) (\($0))" } ?? value
        }
        var table = TextTable([
            ("", .left), ("MODEL", .left), ("NDCG@\(Manifest.headlineCutoff)", .right), ("POPULAR", .right),
            ("GATE", .left), ("INTO SERVICE", .left),
        ])
        for entry in history.entries {
            table.add([
                entry.isInService ? "*" : "", "\(entry.model)", text(entry.ndcg),
                entry.popular.map { Figure.decimal($0.value, digits: 4) } ?? "", entry.outcome.rawValue,
                entry.promotedAt?.description ?? "",
            ])
        }
        return table.text
    }
}
