internal import Domain
internal import Foundation
internal import Linalg

/// One training from events to a published model.
///
/// 1. The events are split; the settings are fitted to the training part and measured on the rest, beside the
///    baselines and the model in service.
/// 2. The same settings are fitted to all events: that model is published. The measurements describe its recipe, not
///    its very factors, and the manifest says so (docs/decisions/030-measure-the-recipe.md).
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
        let incumbent = try registryHasCurrent() ? Incumbent(registry.openCurrent()) : nil
        let evaluation = try evaluate(log, incumbent: incumbent, onProgress: onProgress)
        // Only now, so that at no time two sets of rows are in memory.
        let everything = try TrainingSet.build(from: log, weights: configuration.weights)
        let (factors, summary) = try fit(everything, configuration.parameters, as: .published, onProgress: onProgress)
        let manifest = try publish(factors, of: everything, summary, evaluation)
        try onProgress(.published(manifest))
        if manifest.gate.outcome == .promoted { try registry.promote(manifest.id, reason: manifest.gate.reason) }
        return manifest
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
        _ log: InteractionLog, incumbent: Incumbent?, onProgress: (TrainingProgress) throws -> Void
    ) throws -> Evaluation {
        let gate = Gate(policy: configuration.policy)
        let experiment: SplitExperiment
        do {
            experiment = try SplitExperiment(log: log, configuration: configuration)
            guard configuration.parameters.rank <= experiment.training.itemCount else {
                throw TrainerError.nothingToEvaluate(
                    reason: "the training part has \(experiment.training.itemCount) items, fewer than the rank")
            }
        } catch let error as TrainerError {
            // Too few events to hold any out is no reason not to train.
            try onProgress(.notEvaluated(error.message))
            return Evaluation(verdict: gate.verdict(incumbent: incumbent?.manifest.id, reason: error.message))
        }
        let (factors, summary) = try fit(
            experiment.training, configuration.parameters, as: .evaluation, onProgress: onProgress)

        func measure(_ ranker: some Ranker) throws -> Evaluator.Outcome {
            let outcome = try experiment.evaluator.measure(ranker)
            let k = outcome.cutoffs[0]
            try onProgress(.measured(name: outcome.name, cutoff: k, ndcg: outcome.mean(.ndcg, at: k)))
            return outcome
        }
        var outcomes = [try measure(FactorRanker(name: "model", factors: factors))]
        for baseline in try experiment.baselines() { outcomes.append(try measure(baseline)) }

        var verdict = gate.verdict(incumbent: incumbent?.manifest.id, reason: "No model was in service.")
        if let incumbent {
            if try incumbent.hasSameSettings(as: configuration), !isFresh(incumbent, for: experiment) {
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
        let report = experiment.report(outcomes, describes: Self.describes(experiment), training: summary)
        try onProgress(.evaluated(report))
        return Evaluation(report: report, verdict: verdict)
    }

    /// Whether the incumbent saw none of the held-out events, so that it is measured as published.
    private func isFresh(_ incumbent: Incumbent, for experiment: SplitExperiment) -> Bool {
        experiment.splitAt.map { incumbent.manifest.data.lastEventAt < $0 } ?? false
    }

    private static func describes(_ experiment: SplitExperiment) -> String {
        let part = experiment.splitAt.map { "events before \($0)" } ?? "the training part of the split"
        return "Figures of the same settings fitted to \(part) only; the published factors are fitted to all events."
    }

    private func publish(
        _ factors: ALSFactors, of training: TrainingSet, _ summary: Manifest.TrainingSummary, _ evaluation: Evaluation
    ) throws -> Manifest {
        try registry.publish(at: .now) { folder in
            try ModelFiles.write(factors, of: training, to: folder)
            if let report = evaluation.report {
                try Files.write(report.json(), to: "\(folder)/\(ModelFiles.evaluation)")
                try Files.write(report.html(), to: "\(folder)/\(ModelFiles.report)")
            }
        } manifest: { id, files in
            Manifest(
                id: id, trainedAt: .now,
                data: .init(
                    source: training.source, version: training.version, events: training.eventCount,
                    users: training.userCount, items: training.itemCount, interactions: training.interactions.count,
                    liked: training.likedCount, firstEventAt: training.first, lastEventAt: training.last),
                parameters: configuration.recordedParameters, weights: configuration.weights,
                seed: configuration.parameters.seed, configurationSHA256: try configuration.digest(),
                codeVersion: configuration.codeVersion, factorsSHA256: files[ModelFiles.factors]?.sha256 ?? "",
                training: summary,
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
