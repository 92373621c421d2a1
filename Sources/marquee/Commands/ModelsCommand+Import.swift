import Domain
import Operations
import Platform
import Trainer

extension ModelsCommand {
    static let importModel: Command = Command(
        path: ["models", "import"], summary: "Bring a model that Spark has fitted into the registry.",
        details: """
            DIR is what the job of deploy/spark wrote (training.json, and a folder for each part that was fitted), or a folder
            that MLlib's ALSModel.save wrote, with userIds and itemIds (Parquet: id int, name string) beside its factors; without
            them the numbers are taken for the identifiers.

            The events of the version that it was fitted to are read from --store: histories, popularity and what is known of
            the films come from there, as in any training. It is measured on the part of the split that its factors did not
            see, gated, published and promoted as any other. Of a model of other origin, which does not say what it has seen, the
            settings are fitted again to the training part by this program, with MLlib's objective.

            Exit status as of 'train'.
            """,
        arguments: [
            .init(name: "FORM", summary: "What it is.", choices: ["spark"]),
            .init(name: "DIR", summary: "The folder, or s3://bucket/prefix."),
        ],
        options: [
            Options.store.spec, Options.models.spec, Options.version.spec, Options.split.spec, Options.promote.spec,
            Options.keep.spec, Options.threads.spec, Options.maxMemory.spec, Options.maxBadRows.spec,
            SparkOptions.alpha.spec, SparkOptions.regParam.spec, SparkOptions.iterations.spec, Options.confidence.spec,
            Options.stateFolder.spec, Options.reportFormat.spec,
        ],
        required: ["store", "models"],
        examples: [
            .init(
                line: "models import spark als --store data --models models",
                meaning: "What 'spark-submit marquee_als.py --store data --output als' wrote."),
            .init(
                line:
                    "models import spark mine --store data --models models --alpha 40 --reg-param 0.1 --promote never",
                meaning: "A model of other origin, with what it was fitted with."),
        ]
    ) { invocation in
        let registry = try invocation.auditedRegistry()
        let store = try invocation.store()
        let reporter = TrainingReporter(isJSON: try invocation.value(Options.reportFormat) == "json")
        let state = StateDatabase(folder: try invocation.value(Options.stateFolder))
        let folder = try invocation.place(invocation.arguments[1])
        let manifest = try await BlockingWork.run("import") { flag in
            let (configuration, version) = try settings(folder, invocation)
            try configuration.validate()
            let log = try InteractionLog.read(
                from: store, version: version, maxBadRows: configuration.maxBadRows,
                choices: PersonalRegister(state).table())
            var whole = configuration
            whole.content = try FilmContent.read(from: store)
            return try TrainingRun(configuration: whole, registry: registry).run(log) { progress in
                try flag.check()
                reporter.note(progress)
            }
        }
        try TrainCommand.exitStatus(of: manifest.gate).map { throw $0 }
    }

    /// The settings that the model has, and the version of the table that it is of.
    private static func settings(
        _ folder: any Storage, _ invocation: Invocation
    ) throws -> (TrainingConfiguration, Int64?) {
        var configuration: TrainingConfiguration
        var version = invocation.optional(Options.version).map(Int64.init)
        if try SparkOutput.isModel(folder) {
            let parameters = ALSParameters(
                rank: try SparkOutput.rank(ofModel: folder), epochs: try invocation.value(SparkOptions.iterations),
                alpha0: Float(1 / (try invocation.value(SparkOptions.alpha))),
                lambda: Float(try invocation.value(SparkOptions.regParam)), weighting: .mllib, solver: .exact,
                preconditioner: .none, precision: .float32)
            configuration = TrainingConfiguration(codeVersion: Release.version, parameters: parameters)
            if let file = invocation.optional(Options.confidence) {
                configuration.weights = try ConfidenceWeights.read(file)
            }
            configuration.engine = SparkOutput(model: folder, parameters: parameters)
        } else {
            try invocation.refuse(
                [
                    SparkOptions.alpha.spec, SparkOptions.regParam.spec, SparkOptions.iterations.spec,
                    Options.confidence.spec, Options.version.spec,
                ], beside: SparkRecord.file)
            let output = try SparkOutput(in: folder)
            configuration = TrainingConfiguration(
                codeVersion: Release.version, parameters: output.made?.parameters ?? ALSParameters())
            if let made = output.made {
                configuration.weights = made.weights
                version = made.version
                configuration.split = made.measuredSplit ?? configuration.split
                configuration.widensWindow = made.measuredSplit == nil
            }
            configuration.engine = output
        }
        if let split = invocation.optional(Options.split) {
            configuration.split = split
            configuration.widensWindow = false
        }
        configuration.parameters.threads = invocation.optional(Options.threads)
        configuration.policy = try invocation.value(Options.promote)
        configuration.retention = invocation.optional(Options.keep)
        configuration.memoryLimit = invocation.optional(Options.maxMemory)
        configuration.maxBadRows = try invocation.value(Options.maxBadRows)
        return (configuration, version)
    }
}
