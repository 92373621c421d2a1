import Delivery
import Domain
import Operations
import Platform
import Store
import Trainer

/// `marquee train`
enum TrainCommand {
    /// The settings of a model, which `evaluate` takes too.
    static let modelOptions = [
        Options.rank.spec, Options.epochs.spec, Options.alpha0.spec, Options.lambda.spec, Options.nu.spec,
        Options.solver.spec, Options.cgSteps.spec, Options.preconditioner.spec, Options.precision.spec,
        Options.block.spec, Options.seed.spec, Options.threads.spec, Options.halfLife.spec,
        Options.confidence.spec, Options.explicit.spec, Options.nonnegative.spec,
        Options.maxMemory.spec, Options.maxBadRows.spec,
    ]
    /// The search for settings, which `evaluate` of files takes too.
    static let searchOptions = [Options.auto.spec, Options.minutes.spec]

    /// When it runs again, and whom it tells.
    private static let jobOptions =
        timingOptions + [
            Options.timeZone.spec, Options.jitter.spec, Options.stateFolder.spec, Options.metricsPort.spec,
            Options.metricsHost.spec,
        ] + WebhookOptions.specs
    private static let timingOptions = [
        Options.every.spec, Options.cron.spec, Options.onEvents.spec, Options.onDrift.spec, Options.once.spec,
    ]

    static let command: Command = Command(
        path: ["train"], summary: "Train a model on the event store, evaluate and publish it.",
        details: """
            Reads one version of the events table, fits the factors, measures them on the latest tenth of the events
            beside the popularity list and the model in service, and publishes a model directory. It goes into service
            as --promote says. The same version, settings and seed give the same factors, byte for byte.

            What is not given of alpha0, lambda and rank follows from the shape of the data; with --auto a search refines
            it. While too few users are held out to show a difference, the window widens by itself; --split holds it.

            Exit status 0 says that the model is in service, 10 that it was kept out of it because nothing was shown, 11
            that it was refused. With --promote never it is 0.

            --every, --cron, --on-events and --on-drift make it a job that runs until it is interrupted, one run at a time over
            all processes with the same --state; --once makes one run if one is due, and ends, with 12 if none is and 75 if
            another is under way. docs/retraining.md has the rules.

            --engine spark has Spark's MLlib fit the factors, over the same version of the table, weights and split; the rest
            happens here, as ever. --alpha0 is then 1/alpha of MLlib, and --lambda its regParam. docs/spark.md has the mapping
            and the sizes from which it pays.

            --since-version keeps the events it has read in the registry, and the next run with it reads only what the table got
            since: the model is the same, byte for byte. Where rows were removed or rewritten, or nothing is kept, it says so and
            reads everything. docs/training.md has the rules.
            """,
        options: [Options.store.spec, Options.models.spec, Options.version.spec] + modelOptions + searchOptions + [
            Options.split.spec, Options.warmStart.spec, Options.sinceVersion.spec, Options.earlyStopping.spec,
            Options.promote.spec, Options.keep.spec, QualityOptions.required.spec,
        ] + SparkOptions.specs + jobOptions + [
            Options.reproduce.spec, Options.reportFormat.spec,
        ],
        required: ["store", "models"],
        examples: [
            .init(
                line: "train --store data --models models",
                meaning: "One run with the settings that suit the data's shape."),
            .init(line: "train --store data --models models --auto", meaning: "One run with settings searched for."),
            .init(
                line: "train --store data --models models --rank 128 --promote never",
                meaning: "Publishes a larger model without putting it into service."),
            .init(line: "train --store data --models models --every 6h", meaning: "The periodic retraining job."),
            .init(
                line: "train --store data --models models --cron '0 3 * * *' --time-zone Europe/Berlin --on-drift",
                meaning: "Every night, and when the newest events are not like those before."),
            .init(
                line: "train --store data --models models --once --on-events 50000",
                meaning: "From a timer: a run if there are as many new events."),
            .init(
                line: "train --store data --models models --warm-start current --epochs 4",
                meaning: "Goes on from the model in service, with what has changed since."),
            .init(
                line: "train --store data --models models --since-version newest",
                meaning: "Reads only what came since the last run that was called so."),
            .init(
                line: "train --store data --models models --explicit --early-stopping 3",
                meaning: "Predicts stars; stops when three epochs have not made it better."),
            .init(
                line: "train --store data --models models --engine spark --spark-master yarn --spark-work s3://b/work",
                meaning: "Spark fits; evaluated, gated and published as any other."),
            .init(
                line: "train --store data --models models --reproduce current",
                meaning: "Proves that data, settings and seed give the published factors."),
        ]
    ) { invocation in
        var asked = try run(configuration(invocation), invocation)
        if let engine = try SparkOptions.engine(invocation) {
            try SparkOptions.adapt(&asked, invocation)
            asked.engine = engine
        }
        let configuration = asked
        let registry = try invocation.auditedRegistry()
        let store = try invocation.store()
        let version = invocation.optional(Options.version).map(Int64.init)
        let reporter = TrainingReporter(isJSON: try invocation.value(Options.reportFormat) == "json")
        if let name = invocation.optional(Options.reproduce) {
            try invocation.refuse(
                modelOptions.filter { ![Options.threads.spec.name, Options.maxMemory.spec.name].contains($0.name) }
                    + [
                        Options.version.spec, Options.promote.spec, Options.warmStart.spec, Options.sinceVersion.spec,
                        Options.earlyStopping.spec, Options.reportFormat.spec, Options.auto.spec, Options.minutes.spec,
                        Options.split.spec, Options.keep.spec, QualityOptions.required.spec,
                    ] + jobOptions,
                beside: Options.reproduce.spec)
            return try await reproduce(name, of: registry, store: store, configuration.parameters.threads, reporter)
        }
        let warmStart = invocation.optional(Options.warmStart)
        let since = invocation.optional(Options.sinceVersion)
        if let timing = try timing(invocation) {
            try invocation.refuse([Options.version.spec], beside: "a schedule or a trigger")
            if case .version(let version)? = since {
                throw CommandLineError.invalidArgument(
                    argument: "--\(Options.sinceVersion.spec.name)", value: "\(version)",
                    must: "be newest beside a schedule or a trigger")
            }
            var configuration = configuration
            let isPlain =
                configuration.explicit == nil && configuration.patience == nil && warmStart == nil
                && configuration.engine == nil
            // The first run looks for settings once; the later ones keep to them.
            if configuration.search == nil, isPlain { configuration.search = try openings(invocation) }
            return try await job(timing, configuration, registry, store, reporter, invocation)
        }
        let state = StateDatabase(folder: try invocation.value(Options.stateFolder))
        let quality = try invocation.optional(QualityOptions.required).map { try QualityOptions.read($0) }
        do {
            try await BlockingWork.run("quality") { _ in try quality.map { try QualityCheck.require($0, of: store) } }
        } catch let error as QualityError {
            throw held(error)
        }
        let manifest = try await BlockingWork.run("train") { flag in
            var configuration = configuration
            let choices = try PersonalRegister(state).table()
            configuration.warmStart = try warmStart.map { try registry.open(registry.find($0), verifying: true) }
            if configuration.warmStart?.hasLearned(against: choices) == true {
                StandardError.write(line: "train: begins anew: \(warmStart ?? "") learned from persons who object")
                configuration.warmStart = nil
            }
            try configuration.validate()
            configuration.content = try FilmContent.read(from: store)
            let log =
                if let since {
                    try InteractionLog.read(
                        from: store, version: version, since: since, in: registry, maxBadRows: configuration.maxBadRows,
                        choices: choices)
                } else {
                    try InteractionLog.read(
                        from: store, version: version, maxBadRows: configuration.maxBadRows, choices: choices)
                }
            return try TrainingRun(configuration: configuration, registry: registry).run(log) { progress in
                try flag.check()
                reporter.note(progress)
            }
        }
        try exitStatus(of: manifest.gate).map { throw $0 }
    }

    /// When the job runs; nil of a plain run.
    private static func timing(_ invocation: Invocation) throws -> RunTiming? {
        var timing = RunTiming()
        if let seconds = invocation.optional(Options.every) {
            try invocation.refuse([Options.cron.spec], beside: Options.every.spec)
            timing.clock = .every(.seconds(seconds))
        }
        if let text = invocation.optional(Options.cron) {
            timing.clock = .cron(try CronExpression(text, timeZone: invocation.value(Options.timeZone)))
        } else if !invocation.isDefault(Options.timeZone) {
            _ = try invocation.value(Options.cron)
        }
        if let seconds = invocation.optional(Options.jitter) { timing.jitter = .seconds(seconds) }
        timing.newEvents = invocation.optional(Options.onEvents).map(Int64.init)
        timing.onDrift = try invocation.value(Options.onDrift)
        let isJob = timing.clock != nil || timing.newEvents != nil || timing.onDrift
        if try isJob || invocation.value(Options.once) { return timing }
        // What means something to a job alone.
        try invocation.refuse(
            [Options.jitter.spec, Options.metricsPort.spec, Options.metricsHost.spec] + WebhookOptions.specs,
            without: Options.every)
        return nil
    }

    private static func job(
        _ timing: RunTiming, _ configuration: TrainingConfiguration, _ registry: ModelRegistry, _ store: EventStore,
        _ reporter: TrainingReporter, _ invocation: Invocation
    ) async throws {
        let webhooks = try WebhookOptions.sender(invocation)
        let service = try RetrainingService(
            timing, store: store, configuration: configuration, registry: registry,
            state: StateDatabase(folder: try invocation.value(Options.stateFolder)), webhooks: webhooks,
            warmStart: invocation.optional(Options.warmStart), since: invocation.optional(Options.sinceVersion),
            quality: try invocation.optional(QualityOptions.required).map { try QualityOptions.read($0) },
            onProgress: reporter.note)
        guard try !invocation.value(Options.once) else {
            let outcome = try await service.runOnce()
            await webhooks?.flush(within: .seconds(15))
            switch outcome {
            case .ran(let manifest):
                if let status = exitStatus(of: manifest.gate) { throw status }
                return
            case .failed(let error as QualityError): throw held(error)
            case .failed(let error): throw error
            case .nothing(let reason):
                StandardError.write(line: "train: \(reason)")
                throw CommandStatus.nothingDue
            case .busy(let holder):
                StandardError.write(line: "train: another run is under way, by \(holder)")
                throw CommandStatus.busy
            }
        }
        var group = ServiceGroup()
        if let port = invocation.optional(Options.metricsPort) {
            group.add(
                try HTTPService.aboutProcess(
                    host: try invocation.value(Options.metricsHost), port: port, watching: [service.status]))
        }
        if let webhooks {
            group.add(webhooks)
            group.add(ModelWatch(registry: registry, webhooks: webhooks))
        }
        group.add(service)
        _ = try await group.run()
    }

    /// What tells schedulers that nothing was trained, because the data is not as it should be.
    private static func held(_ error: QualityError) -> any Error {
        guard case .breached = error else { return error }
        StandardError.write(line: "train: held: \(error)")
        return CommandStatus.breached
    }

    /// What tells schedulers whether the model went into service; nil if it did, or was not meant to.
    static func exitStatus(of verdict: GateVerdict) -> CommandStatus? {
        switch (verdict.outcome, verdict.policy) {
        case (.promoted, _), (_, .never): nil
        case (.kept, _): .kept
        case (.refused, _): .refused
        }
    }

    private static func reproduce(
        _ name: String, of registry: ModelRegistry, store: EventStore, _ threads: Int?, _ reporter: TrainingReporter
    ) async throws {
        let made = try await BlockingWork.run("train") { flag in
            let manifest = try registry.manifest(of: registry.find(name))
            // What was left out then is left out again, however much it is.
            let log = try InteractionLog.read(from: store, version: manifest.data.version, maxBadRows: 1)
            return try Reproduction.run(of: manifest, on: log, in: registry, threads: threads) { progress in
                try flag.check()
                reporter.note(progress)
            }
        }
        try made.check()
        StandardOutput.write(line: "\(made.id) is reproduced: factors with SHA-256 \(made.made)")
    }

    private static func run(
        _ configuration: TrainingConfiguration, _ invocation: Invocation
    ) throws -> TrainingConfiguration {
        var configuration = configuration
        configuration.policy = try invocation.value(Options.promote)
        configuration.patience = invocation.optional(Options.earlyStopping)
        configuration.retention = invocation.optional(Options.keep)
        if let split = invocation.optional(Options.split) {
            configuration.split = split
            configuration.widensWindow = false
        }
        configuration.search = try search(invocation)
        // A file of weights can have one, too.
        if configuration.weights.halfLifeDays != nil { configuration.search?.variesHalfLife = false }
        if configuration.search != nil {
            try invocation.refuse([Options.earlyStopping.spec, Options.warmStart.spec], beside: Options.auto.spec)
        }
        return configuration
    }

    /// What --auto may vary: whatever is not given.
    static func search(_ invocation: Invocation) throws -> AutoSearch.Request? {
        guard try invocation.value(Options.auto) else {
            if invocation.optional(Options.minutes) != nil {
                throw CommandLineError.missingOption(
                    command: invocation.command.name, option: Options.auto.spec.name, placeholder: "",
                    environment: Options.auto.spec.environmentName)
            }
            return nil
        }
        try invocation.refuse([Options.explicit.spec], beside: Options.auto.spec)
        return try openings(invocation)
    }

    /// A search over what is not given.
    private static func openings(_ invocation: Invocation) throws -> AutoSearch.Request {
        var request = AutoSearch.Request()
        request.variesRank = invocation.isDefault(Options.rank)
        request.variesEpochs = invocation.isDefault(Options.epochs)
        request.variesHalfLife = invocation.optional(Options.halfLife) == nil
        if let minutes = invocation.optional(Options.minutes) { request.seconds = minutes * 60 }
        return request
    }

    /// The model's settings as given.
    static func configuration(_ invocation: Invocation) throws -> TrainingConfiguration {
        var parameters = ALSParameters()
        parameters.rank = try invocation.value(Options.rank)
        parameters.epochs = try invocation.value(Options.epochs)
        let (alpha0, lambda) = (invocation.optional(Options.alpha0), invocation.optional(Options.lambda))
        if let alpha0 { parameters.alpha0 = Float(alpha0) }
        if let lambda { parameters.lambda = Float(lambda) }
        parameters.nu = Float(try invocation.value(Options.nu))
        parameters.solver = try invocation.value(Options.solver)
        parameters.steps = invocation.optional(Options.cgSteps)
        parameters.preconditioner = try invocation.value(Options.preconditioner)
        parameters.precision = try invocation.value(Options.precision)
        parameters.block = try invocation.value(Options.block)
        parameters.seed = UInt64(try invocation.value(Options.seed))
        parameters.threads = invocation.optional(Options.threads)
        var configuration = TrainingConfiguration(codeVersion: Release.version, parameters: parameters)
        let rule = ShapeRule(
            setsAlpha0: alpha0 == nil, setsLambda: lambda == nil, limitsRank: invocation.isDefault(Options.rank))
        if rule.setsAlpha0 || rule.setsLambda || rule.limitsRank { configuration.rule = rule }
        configuration.memoryLimit = invocation.optional(Options.maxMemory)
        configuration.maxBadRows = try invocation.value(Options.maxBadRows)
        if try invocation.value(Options.explicit) {
            try makeExplicit(&configuration, invocation)
        } else if try invocation.value(Options.nonnegative) {
            throw CommandLineError.missingOption(
                command: invocation.command.name, option: Options.explicit.spec.name, placeholder: "",
                environment: Options.explicit.spec.environmentName)
        } else {
            try refuseOtherSolvers(parameters.solver, invocation)
        }
        if let file = invocation.optional(Options.confidence) {
            configuration.weights = try ConfidenceWeights.read(file)
        }
        if let halfLife = invocation.optional(Options.halfLife) {
            configuration.weights.halfLifeDays = halfLife / 86_400
        }
        return configuration
    }

    /// The settings of one solver mean nothing to another.
    private static func refuseOtherSolvers(_ solver: ALSParameters.Solver, _ invocation: Invocation) throws {
        let gradients = [Options.cgSteps.spec, Options.preconditioner.spec, Options.precision.spec]
        let others =
            switch solver {
            case .cg: [Options.block.spec]
            case .exact: [Options.block.spec] + gradients
            case .subspace: gradients
            }
        try invocation.refuse(others, beside: "\(Options.solver.spec.name) \(solver.rawValue)")
    }

    /// What is not given has the defaults of that model, and what it has no use for is refused.
    private static func makeExplicit(_ configuration: inout TrainingConfiguration, _ invocation: Invocation) throws {
        try invocation.refuse(
            [
                Options.alpha0.spec, Options.nu.spec, Options.solver.spec, Options.cgSteps.spec,
                Options.preconditioner.spec, Options.precision.spec, Options.block.spec, Options.halfLife.spec,
                Options.confidence.spec,
            ], beside: Options.explicit.spec)
        let defaults = RatingParameters()
        if invocation.isDefault(Options.rank) { configuration.parameters.rank = defaults.rank }
        if invocation.isDefault(Options.epochs) { configuration.parameters.epochs = defaults.epochs }
        if invocation.optional(Options.lambda) == nil { configuration.parameters.lambda = defaults.lambda }
        configuration.rule = nil
        configuration.weights = .ratings
        configuration.explicit = .init(isNonNegative: try invocation.value(Options.nonnegative))
    }
}
