import Operations
import Trainer

extension ModelsCommand {
    static let export: Command = Command(
        path: ["models", "export"], summary: "Write a model for other programs.",
        details: """
            npz is one file for numpy.load with factors, identifiers and histories; parquet is a new folder with
            users.parquet and items.parquet. (The files of a model directory are safetensors already.)
            """,
        arguments: [
            .init(name: "MODEL", summary: "A model, by the beginning of its name or hash, or 'current'.")
        ],
        options: [Options.models.spec, Options.exportForm.spec, Options.output.spec],
        required: ["models", "output"],
        examples: [
            .init(line: "models export current --models models --output model.npz", meaning: "For numpy."),
            .init(
                line: "models export current --models models --form parquet --output model",
                meaning: "For anything that reads Parquet."),
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let form = try invocation.value(Options.exportForm)
        let output = try invocation.value(Options.output)
        let id = try await BlockingWork.run("models") { _ in
            let model = try registry.open(registry.find(invocation.arguments[0]), verifying: true)
            try ModelExport.write(model, as: form, to: output)
            return model.id
        }
        StandardOutput.write(line: "\(id) is in \(output)")
    }
}
