import Domain
import Foundation
import Operations
import Trainer

/// `marquee models …`
enum ModelsCommand {
    static let list: Command = Command(
        path: ["models", "list"], summary: "List the published models, newest first.",
        options: [Options.models.spec], required: ["models"],
        examples: [.init(line: "models list --models models", meaning: "The model in service is marked with *.")]
    ) { invocation in
        let registry = ModelRegistry(folder: try invocation.value(Options.models))
        let text = try await BlockingWork.run("models") { _ in
            let current = try registry.current()
            var table = TextTable([
                ("", .left), ("MODEL", .left), ("TRAINED", .left), ("DATA", .right), ("USERS", .right),
                ("ITEMS", .right), ("RANK", .right), ("NDCG@\(Manifest.headlineCutoff)", .right),
                ("POPULARITY", .right), ("GATE", .left),
            ])
            for id in try registry.list().reversed() {
                do {
                    let manifest = try registry.manifest(of: id)
                    table.add([
                        id == current ? "*" : "", "\(id)", "\(manifest.trainedAt)",
                        manifest.data.version.map { "\($0)" } ?? "", Figure.count(manifest.data.users),
                        Figure.count(manifest.data.items), "\(manifest.parameters.rank)",
                        ndcg(manifest.evaluation?.headline("ndcg")),
                        ndcg(manifest.evaluation?.popularityHeadline("ndcg")),
                        manifest.gate.outcome.rawValue,
                    ])
                } catch let error as TrainerError {
                    table.add([id == current ? "*" : "", "\(id)", error.code, "", "", "", "", "", "", ""])
                }
            }
            return table.text
        }
        StandardOutput.write(text)
    }

    static let show: Command = Command(
        path: ["models", "show"], summary: "Print the manifest of a model as JSON.",
        arguments: [model], options: [Options.models.spec], required: ["models"],
        examples: [
            .init(line: "models show current --models models", meaning: "The model in service."),
            .init(line: "models show 1f0c9a2b --models models", meaning: "The one whose hash begins so."),
        ]
    ) { invocation in
        let registry = ModelRegistry(folder: try invocation.value(Options.models))
        let text = try await BlockingWork.run("models") { _ in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let id = try registry.find(invocation.arguments.first ?? "current")
            return String(decoding: try encoder.encode(registry.manifest(of: id)), as: UTF8.self)
        }
        StandardOutput.write(line: text)
    }

    static let promote: Command = Command(
        path: ["models", "promote"], summary: "Put a model into service.",
        details: "Every file of the model is checked against the digests of its manifest first.",
        arguments: [.init(name: "MODEL", summary: model.summary)], options: [Options.models.spec],
        required: ["models"],
        examples: [.init(line: "models promote 1f0c9a2b --models models", meaning: "A running 'serve' swaps to it.")]
    ) { invocation in
        let registry = ModelRegistry(folder: try invocation.value(Options.models))
        let (id, previous) = try await BlockingWork.run("models") { _ in
            let id = try registry.find(invocation.arguments[0])
            return (id, try registry.promote(id))
        }
        StandardOutput.write(line: "\(id) is in service" + (previous.map { ", after \($0)" } ?? ""))
    }

    static let rollback: Command = Command(
        path: ["models", "rollback"], summary: "Put the previous model back into service.",
        options: [Options.models.spec], required: ["models"],
        examples: [.init(line: "models rollback --models models", meaning: "Again, for the one before that.")]
    ) { invocation in
        let registry = ModelRegistry(folder: try invocation.value(Options.models))
        let id = try await BlockingWork.run("models") { _ in try registry.rollback() }
        StandardOutput.write(line: "\(id) is in service")
    }

    private static let model = Command.Argument(
        name: "MODEL", summary: "Name of the model, or the beginning of its name or hash, or 'current'.",
        isOptional: true)

    private static func ndcg(_ interval: Interval?) -> String {
        interval.map { Figure.decimal($0.value, digits: 4) } ?? ""
    }
}
