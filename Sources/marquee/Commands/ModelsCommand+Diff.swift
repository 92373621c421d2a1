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
        options: [Options.models.spec], required: ["models"],
        examples: [
            .init(line: "models diff current 1f0c9a2b --models models", meaning: "What another model would change.")
        ]
    ) { invocation in
        let registry = ModelRegistry(folder: try invocation.value(Options.models))
        let text = try await BlockingWork.run("models") { _ in
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
            return table.text + "lists of \(Figure.count(difference.comparedUsers)) users in common: \(overlap)\n"
        }
        StandardOutput.write(text)
    }
}
