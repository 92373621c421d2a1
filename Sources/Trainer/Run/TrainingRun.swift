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
        try onProgress(.loaded(events: log.count, users: log.users.count, items: log.items.count))
        try TrainingMemory(of: log).check(configuration, limit: configuration.memoryLimit)
        let (configuration, stopping) = try withEpochsFound(log, onProgress: onProgress)
        let incumbent = try registryHasCurrent() ? Incumbent(registry.openCurrent()) : nil
        let evaluation = try evaluate(log, configuration, incumbent: incumbent, onProgress: onProgress)
        // Only now, so that at no time two sets of rows are in memory.
        let everything = try TrainingSet.build(from: log, weights: configuration.weights)
        let fitted = try configuration.recipe.fit(
            everything, from: configuration.warmStart, as: .published, onProgress: onProgress)
        let manifest = try publish(fitted, of: everything, configuration, stopping, evaluation)
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

    private struct Evaluation {
        var report: EvaluationReport?
        var verdict: GateVerdict
    }

    private func registryHasCurrent() throws -> Bool {
        guard FileManager.default.fileExists(atPath: registry.folder) else { return false }
        return try registry.current() != nil
    }

    private func evaluate(
        _ log: InteractionLog, _ configuration: TrainingConfiguration, incumbent: Incumbent?,
        onProgress: (TrainingProgress) throws -> Void
    ) throws -> Evaluation {
        let gate = Gate(policy: configuration.policy)
        let experiment: SplitExperiment
        do {
            experiment = try SplitExperiment(log: log, configuration: configuration)
            guard configuration.parameters.rank <= experiment.training.itemCount else {
                throw TrainerError.nothingToEvaluate(
                    reason: "the training part has \(experiment.training.itemCount) items, fewer than the rank")
            }
        } catch let error as TrainerError where error.isTooFewEvents {
            // Too few events to hold any out is no reason not to train.
            try onProgress(.notEvaluated(error.message))
            return Evaluation(verdict: gate.verdict(incumbent: incumbent?.manifest.id, reason: error.message))
        }
        // A model that has seen held-out events must not lend its factors to what is measured on them.
        let start = configuration.warmStart.flatMap { isFresh($0.manifest, for: experiment) ? $0 : nil }
        let fitted = try configuration.recipe.fit(
            experiment.training, from: start, as: .evaluation, onProgress: onProgress)

        func measure(_ ranker: some Ranker) throws -> Evaluator.Outcome {
            let outcome = try experiment.evaluator.measure(ranker)
            let k = outcome.cutoffs[0]
            try onProgress(.measured(name: outcome.name, cutoff: k, ndcg: outcome.mean(.ndcg, at: k)))
            return outcome
        }
        var outcomes = [try measure(FactorRanker(name: "model", factors: fitted.factors))]
        for baseline in try experiment.baselines() { outcomes.append(try measure(baseline)) }

        var verdict = gate.verdict(incumbent: incumbent?.manifest.id, reason: "No model was in service.")
        if let incumbent {
            if try incumbent.hasSameSettings(as: configuration), !isFresh(incumbent.manifest, for: experiment) {
                verdict = gate.verdict(
                    incumbent: nil,
                    reason: "The same settings as \(incumbent.manifest.id), fitted to version "
                        + "\(log.version.map(String.init) ?? "?") of the data.")
                verdict.incumbent = incumbent.manifest.id
            } else {
                let (ranker, how) = try incumbent.ranker(on: experiment, onProgress: onProgress)
                let other = try measure(ranker)
                outcomes.append(other)
                let k = experiment.evaluator.cutoffs.firstIndex(of: 10)!
                let ours = experiment.evaluator.catalogueMetrics(of: outcomes[0])
                let theirs = experiment.evaluator.catalogueMetrics(of: other)
                let users = experiment.evaluator.heldOut.users
                verdict = gate.verdict(
                    .init(
                        incumbent: incumbent.manifest.id, how: how, candidate: outcomes[0], other: other,
                        coverage: (ours[.coverage]![k], theirs[.coverage]![k]),
                        gini: (ours[.gini]![k], theirs[.gini]![k]),
                        newUsers: users.indices.filter {
                            experiment.training.interactions.count(ofRow: Int(users[$0])) <= 5
                        },
                        work: (
                            log.items.count * configuration.parameters.rank,
                            incumbent.manifest.data.items * incumbent.manifest.parameters.rank
                        )),
                    bootstrap: experiment.bootstrap)
            }
        }
        var describes = Self.describes(experiment)
        if configuration.warmStart != nil, start == nil {
            describes += " They began with random numbers: the model of the warm start has seen held-out events."
        }
        let report = experiment.report(outcomes, of: fitted, describes: describes, training: fitted.summary)
        try onProgress(.evaluated(report))
        return Evaluation(report: report, verdict: verdict)
    }

    /// Whether a model saw none of the held-out events.
    private func isFresh(_ model: Manifest, for experiment: SplitExperiment) -> Bool {
        experiment.splitAt.map { model.data.lastEventAt < $0 } ?? false
    }

    private static func describes(_ experiment: SplitExperiment) -> String {
        let part = experiment.splitAt.map { "events before \($0)" } ?? "the training part of the split"
        return "Figures of the same settings fitted to \(part) only; the published factors are fitted to all events."
    }

    private func publish(
        _ fitted: FittedModel, of training: TrainingSet, _ configuration: TrainingConfiguration,
        _ stopping: Manifest.EarlyStopping?, _ evaluation: Evaluation
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
                    liked: training.likedCount, firstEventAt: training.first, lastEventAt: training.last),
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
