internal import Domain
internal import Linalg

/// Evaluation apart from training: what `marquee evaluate` does. Blocks, and keeps every core busy.
public struct ModelEvaluation: Sendable {
    public let configuration: TrainingConfiguration

    /// - Parameter configuration: for a published model only split, cut-offs and resampling matter; parameters and
    ///   weights are the model's.
    public init(configuration: TrainingConfiguration) { self.configuration = configuration }

    /// Fits the settings to the training part of the log and measures them on the rest, beside the baselines.
    public func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> EvaluationReport {
        try configuration.validate()
        try log.report(onProgress)
        try TrainingMemory(of: log).check(configuration, limit: configuration.memoryLimit)
        let found = try configuration.search.map {
            try AutoSearch(configuration, $0).run(log, onProgress: onProgress)
        }
        let experiment = try SplitExperiment(log: log, configuration: (found ?? configuration).measuringLists)
        let fitted = try experiment.configuration.recipe.fit(
            experiment.training, as: .evaluation, onProgress: onProgress)
        return try measure(
            FactorRanker(name: "model", factors: fitted.factors), fitted, on: experiment,
            describes: "Figures of factors fitted to the training part of the split.", fitted.summary, onProgress)
    }

    /// Measures a published model on the held-out part of the log.
    ///
    /// If the model saw none of the held-out events, its own factors are measured; else its settings are fitted again
    /// to the training part, and the report says so.
    public func run(
        _ model: MappedModel, on log: InteractionLog, onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> EvaluationReport {
        let configuration = configuration.taking(model)
        try configuration.validate()
        try log.report(onProgress)
        try TrainingMemory(of: log).check(configuration, limit: configuration.memoryLimit)
        let experiment = try SplitExperiment(log: log, configuration: configuration.measuringLists)
        guard !experiment.isUnseen(by: model.manifest) else {
            let ranker = try Incumbent(model).ranker(on: experiment, onProgress: onProgress).ranker
            return try measure(
                ranker, nil, on: experiment,
                describes: "Figures of the published factors of \(model.id), which saw none of "
                    + "the held-out events.", model.manifest.training, onProgress)
        }
        let fitted = try configuration.recipe.fit(experiment.training, as: .evaluation, onProgress: onProgress)
        return try measure(
            FactorRanker(name: "model", factors: fitted.factors), fitted, on: experiment,
            describes: "Figures of the settings of \(model.id) fitted to the training part; the published factors saw "
                + "held-out events.", fitted.summary, onProgress)
    }

    private func measure(
        _ ranker: FactorRanker, _ fitted: FittedModel?, on experiment: SplitExperiment, describes: String,
        _ summary: Manifest.TrainingSummary, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> EvaluationReport {
        let model = try experiment.measure(ranker, onProgress)
        let baselines = try experiment.baselines().map { try experiment.measure($0, onProgress) }
        var report = experiment.report([model] + baselines, of: fitted, describes: describes, training: summary)
        if let fitted, let section = try BlendTrial(experiment, fitted, onProgress).section {
            report.sections.append(section)
        }
        try onProgress(.evaluated(report))
        return report
    }
}

extension TrainingConfiguration {
    /// These settings for an evaluation that looks at everything.
    var measuringLists: TrainingConfiguration {
        var configuration = self
        configuration.measuresLists = true
        return configuration
    }

    /// These settings with the recipe of a model.
    public func taking(_ model: MappedModel) -> TrainingConfiguration {
        var configuration = self
        configuration.parameters = model.manifest.parameters
        configuration.parameters.threads = parameters.threads
        configuration.rule = nil
        configuration.search = nil
        configuration.weights = model.manifest.weights
        configuration.explicit = model.manifest.explicit
        return configuration
    }
}
