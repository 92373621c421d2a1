internal import Domain
internal import Foundation
internal import Linalg

/// One training from events to a published model.
///
/// 1. The events are split; the settings are fitted to the training part and measured on the rest, beside the
///    baselines and the model in service.
/// 2. The same settings are fitted to all events: that model is published. The measurements describe its recipe, not
///    its very factors, and the manifest says so (docs/decisions/measured-and-published.md).
/// 3. The gate decides on promotion.
///
/// Blocks for as long as it takes and keeps every core busy: run it on a thread of its own.
public struct TrainingRun: Sendable {
    public let configuration: TrainingConfiguration
    public let registry: ModelRegistry

    public init(configuration: TrainingConfiguration, registry: ModelRegistry) {
        self.configuration = configuration
        self.registry = registry
    }

    /// - Parameter onProgress: called on this thread; what it throws stops the run, and nothing is published.
    /// - Returns: the manifest of the published model, promoted or not as its verdict says.
    /// - Throws: ``TrainerError``, ``ALSError``, and what `onProgress` throws.
    @discardableResult
    public func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> Manifest {
        try configuration.validate()
        try log.report(onProgress)
        try TrainingMemory(of: log).check(configuration, limit: configuration.memoryLimit)
        let (configuration, stopping) = try withEpochsFound(log, onProgress: onProgress)
        let evaluation = try evaluate(log, configuration, onProgress: onProgress)
        // Only now, so that at no time two sets of rows are in memory.
        let everything = try TrainingSet.build(from: log, weights: configuration.weights)
        let fitted = try configuration.recipe.fit(
            everything, from: configuration.warmStart, as: .published, onProgress: onProgress)
        let manifest = try publish(fitted, of: everything, log.badRows, configuration, stopping, evaluation)
        try onProgress(.published(manifest))
        if manifest.gate.outcome == .promoted { try registry.promote(manifest.id, reason: manifest.gate.reason) }
        return manifest
    }

    /// The settings with the number of epochs that the validation window calls for, if that is asked for.
    private func withEpochsFound(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void
    ) throws -> (TrainingConfiguration, Manifest.EarlyStopping?) {
        guard let patience = configuration.patience else { return (configuration, nil) }
        do {
            let found = try EpochSearch(configuration: configuration, patience: patience)
                .run(log, onProgress: onProgress)
            var configuration = configuration
            configuration.parameters.epochs = found.best
            try onProgress(.stopped(found))
            return (configuration, found)
        } catch let error as TrainerError where error.isTooFewEvents {
            try onProgress(.notEvaluated("no validation window, so all epochs are run: \(error.message)"))
            return (configuration, nil)
        }
    }

    /// Measures the settings on held-out events, beside the model in service.
    private func evaluate(
        _ log: InteractionLog, _ configuration: TrainingConfiguration, onProgress: (TrainingProgress) throws -> Void
    ) throws -> CandidateComparison.Result {
        let gate = Gate(policy: configuration.policy)
        let incumbent = try registry.current().map { try Incumbent(registry.open($0)) }
        let experiment: SplitExperiment
        do {
            experiment = try SplitExperiment(log: log, configuration: configuration)
            try experiment.requireItems(for: configuration.parameters.rank)
        } catch let error as TrainerError where error.isTooFewEvents {
            // Too few events to hold any out is no reason not to train.
            try onProgress(.notEvaluated(error.message))
            return .init(verdict: gate.verdict(incumbent: incumbent?.manifest.id, reason: error.message))
        }
        return try CandidateComparison(experiment: experiment, incumbent: incumbent, gate: gate).run(onProgress)
    }

    private func publish(
        _ fitted: FittedModel, of training: TrainingSet, _ badRows: BadRows, _ configuration: TrainingConfiguration,
        _ stopping: Manifest.EarlyStopping?, _ evaluation: CandidateComparison.Result
    ) throws -> Manifest {
        let recipe = configuration.recipe.recorded
        return try registry.publish(at: .now) { folder in
            try ModelFiles.write(fitted, of: training, to: folder)
            if let report = evaluation.report {
                try Files.write(report.json(), to: "\(folder)/\(ModelFiles.evaluation)")
                try Files.write(report.html(), to: "\(folder)/\(ModelFiles.report)")
            }
        } manifest: { id, files in
            Manifest(
                id: id, trainedAt: .now, kind: recipe.kind,
                data: .init(
                    source: training.source, version: training.version, events: training.eventCount,
                    users: training.userCount, items: training.itemCount, interactions: training.interactions.count,
                    liked: training.likedCount, firstEventAt: training.first, lastEventAt: training.last,
                    badRows: badRows.count == 0 ? nil : badRows.byReason),
                parameters: recipe.parameters, weights: recipe.weights, explicit: recipe.explicit,
                ratings: fitted.ratings.map { .init(neutral: ConfidenceWeights.neutralStars, mean: $0.mean) },
                warmStart: recipe.warmStart, earlyStopping: stopping, seed: recipe.parameters.seed,
                configurationSHA256: try recipe.digest(),
                codeVersion: configuration.codeVersion, factorsSHA256: files[ModelFiles.factors]?.sha256 ?? "",
                training: fitted.summary,
                evaluation: evaluation.report.map { report in
                    .init(
                        describes: report.describes, split: report.data.split, splitAt: report.data.splitAt,
                        users: report.data.heldOut.evaluatedUsers, metrics: report.metrics,
                        popularity: report.baselines.first?.metrics ?? [:])
                },
                gate: evaluation.verdict, files: files)
        }
    }
}
