internal import Domain
internal import Linalg

/// A candidate's settings against the baselines and the model in service, all on one split of the events.
struct CandidateComparison {
    /// The candidate's split and settings.
    let experiment: SplitExperiment
    /// The model in service, if there is one.
    let incumbent: Incumbent?
    let gate: Gate

    /// What held-out events said.
    struct Result {
        /// Nil if there was nothing to evaluate on.
        var report: EvaluationReport?
        var verdict: GateVerdict
    }

    /// The model in service as it was measured.
    private struct Rival {
        var manifest: Manifest
        var outcome: Evaluator.Outcome
        /// How its ranker came about, in words.
        var how: String
    }

    private var configuration: TrainingConfiguration { experiment.configuration }

    /// Fits the candidate to the training part, measures it and the others on the rest, and lets the gate decide.
    func run(_ onProgress: (TrainingProgress) throws -> Void) throws -> Result {
        let start = unseenStart
        let fitted = try configuration.recipe.fit(
            experiment.training, from: start, as: .evaluation, onProgress: onProgress)
        let candidate = try experiment.measure(FactorRanker(name: "model", factors: fitted.factors), onProgress)
        let baselines = try experiment.baselines().map { try experiment.measure($0, onProgress) }
        let rival = try rival(onProgress)
        let verdict = verdict(on: candidate, against: rival)
        let report = experiment.report(
            [candidate] + baselines + (rival.map { [$0.outcome] } ?? []), of: fitted,
            describes: describes(startedAfresh: configuration.warmStart != nil && start == nil),
            training: fitted.summary)
        try onProgress(.evaluated(report))
        return Result(report: report, verdict: verdict)
    }

    /// A model that has seen held-out events must not lend its factors to what is measured on them.
    private var unseenStart: MappedModel? {
        configuration.warmStart.flatMap { experiment.isUnseen(by: $0.manifest) ? $0 : nil }
    }

    /// Nil if nothing is in service, or the same settings are: to compare a recipe with itself is idle.
    private func rival(_ onProgress: (TrainingProgress) throws -> Void) throws -> Rival? {
        guard let incumbent else { return nil }
        let isSameRecipe = try incumbent.hasSameSettings(as: configuration)
        guard !isSameRecipe || experiment.isUnseen(by: incumbent.manifest) else { return nil }
        let (ranker, how) = try incumbent.ranker(on: experiment, onProgress: onProgress)
        return Rival(
            manifest: incumbent.manifest, outcome: try experiment.measure(ranker, onProgress), how: how)
    }

    private func verdict(on candidate: Evaluator.Outcome, against rival: Rival?) -> GateVerdict {
        guard let incumbent else { return gate.verdict(incumbent: nil, reason: "No model was in service.") }
        guard let rival else {
            let version = experiment.log.version.map(String.init) ?? "?"
            // Newer data is all that differs, which is taken on trust as if nothing were in service.
            var verdict = gate.verdict(
                incumbent: nil,
                reason: "The same settings as \(incumbent.manifest.id), fitted to version \(version) of the data.")
            verdict.incumbent = incumbent.manifest.id
            return verdict
        }
        let work = (
            candidate: experiment.log.items.count * configuration.parameters.rank,
            other: rival.manifest.data.items * rival.manifest.parameters.rank
        )
        return gate.verdict(
            .init(
                incumbent: rival.manifest.id, how: rival.how, candidate: candidate, other: rival.outcome,
                newUsers: positionsOfNewUsers, work: work),
            bootstrap: experiment.bootstrap)
    }

    /// Held-out users with at most five items in the training part.
    private var positionsOfNewUsers: [Int] {
        let users = experiment.evaluator.heldOut.users
        return users.indices.filter { experiment.training.interactions.count(ofRow: Int(users[$0])) <= 5 }
    }

    private func describes(startedAfresh: Bool) -> String {
        let part = experiment.splitAt.map { "events before \($0)" } ?? "the training part of the split"
        var text =
            "Figures of the same settings fitted to \(part) only; the published factors are fitted to all events."
        if startedAfresh {
            text += " They began with random numbers: the model of the warm start has seen held-out events."
        }
        return text
    }
}
