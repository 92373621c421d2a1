internal import Domain
internal import Foundation
internal import Linalg

/// A candidate fitted to the training part of one split and measured on the rest, beside the baselines and, if it can be
/// compared, the model in service.
struct SplitTrial {
    let experiment: SplitExperiment
    let fitted: FittedModel
    /// Popularity first; of models of stars the means of items, then those of users and items.
    let baselines: [Contest]
    /// Nil if nothing is in service, or the same recipe is, which has seen held-out events: to compare a recipe with itself
    /// is idle.
    let rival: (contest: Contest, how: String)?
    /// Guardrails that failed against the model in service.
    let failures: [String]
    /// The candidate's, the baselines' and the rival's.
    private let outcomes: [Evaluator.Outcome]
    private let startedAfresh: Bool

    private var configuration: TrainingConfiguration { experiment.configuration }

    init(
        _ experiment: SplitExperiment, _ incumbent: Incumbent?, isSameRecipe: Bool,
        _ onProgress: (TrainingProgress) throws -> Void
    ) throws {
        self.experiment = experiment
        let configuration = experiment.configuration
        // A model that has seen held-out events must not lend its factors to what is measured on them.
        let start = configuration.warmStart.flatMap { experiment.isUnseen(by: $0.manifest) ? $0 : nil }
        startedAfresh = configuration.warmStart != nil && start == nil
        fitted = try configuration.fit(
            experiment.training, experiment.part, of: experiment.log, from: start, as: .evaluation,
            onProgress: onProgress)
        let candidate = try experiment.measure(FactorRanker(name: "model", factors: fitted.factors), onProgress)
        var outcomes = [candidate]
        for ranker in try experiment.baselines() { outcomes.append(try experiment.measure(ranker, onProgress)) }
        let ours = experiment.squares(fitted.stars)
        if let ours {
            let means = RatingMeans(experiment.training)
            baselines = [("item means", means.ofItem), ("means of users and items", means.ofBoth)].map {
                name, predict in
                Contest(
                    against: name, squares: ours,
                    theirs: RatingErrors.squares(predict, experiment.evaluator.heldOut.rated), experiment.bootstrap)
            }
        } else {
            // The recently popular list is a figure to look at; the other two are what a model must not be below.
            baselines = [outcomes[1], outcomes[3]].map { experiment.contest(candidate, $0) }
        }
        guard let incumbent, !isSameRecipe || experiment.isUnseen(by: incumbent.manifest) else {
            (rival, failures) = (nil, [])
            self.outcomes = outcomes
            return
        }
        let other = try incumbent.measured(on: experiment, onProgress: onProgress)
        outcomes.append(other.outcome)
        rival = (experiment.contest(candidate, ours, other), other.how)
        failures = Self.failures(candidate, other.outcome, incumbent, experiment)
        self.outcomes = outcomes
    }

    /// The guardrails that fail.
    private static func failures(
        _ candidate: Evaluator.Outcome, _ other: Evaluator.Outcome, _ incumbent: Incumbent,
        _ experiment: SplitExperiment
    ) -> [String] {
        let work = (
            candidate: experiment.log.items.count * experiment.configuration.parameters.rank,
            other: incumbent.manifest.data.items * incumbent.manifest.parameters.rank
        )
        let users = experiment.evaluator.heldOut.users
        let newUsers = users.indices.filter { experiment.training.interactions.count(ofRow: Int(users[$0])) <= 5 }
        return Gate.failures(candidate, against: other, newUsers: newUsers, work: work, experiment.bootstrap)
    }

    /// The comparison that decides: with the model in service, or with the best of the baselines.
    private var decisive: Contest { rival?.contest ?? baselines[0] }

    /// Whether a wider window would say no more.
    var isConclusive: Bool { decisive.isConclusive }

    /// The smallest relative difference that the held-out users would show; infinite if that is unknown.
    var detectable: Double { decisive.detectable ?? .infinity }

    /// Whether its window has people enough to learn a blend from.
    var canTeachABlend: Bool { experiment.evaluator.heldOut.users.count >= BlendFit.fewestLists }

    /// Why it says too little, in words.
    var shortage: String {
        "\(decisive.users) held-out users"
            + (detectable.isFinite
                ? " show no difference below \(String(format: "%.0f", (detectable * 100).rounded(.up))) %"
                : " are too few")
    }

    /// The candidate's recipe against the same recipe in service, on events that are new to both: those since the model in
    /// service was trained are halved, the candidate is fitted to what comes before the middle, and both are measured on
    /// the later half. Nil if too few users are in it.
    func onUnseenEvents(
        _ incumbent: Incumbent, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> (contest: Contest, how: String, failures: [String])? {
        let log = experiment.log
        let last = incumbent.manifest.data.lastEventAt.microseconds
        var times: [Int64] = []
        try log.forEachChunk { chunk in for record in chunk where record.at > last { times.append(record.at) } }
        times.sort()
        guard !times.isEmpty else { return nil }
        var configuration = configuration
        configuration.split = .after(Timestamp(microseconds: times[times.count / 2]))
        configuration.cutoffs = [Manifest.headlineCutoff]
        let newer: SplitExperiment
        do {
            newer = try SplitExperiment(log: log, configuration: configuration)
            try newer.requireItems(for: configuration.parameters.rank)
        } catch let error as TrainerError where error.isTooFewEvents {
            return nil
        }
        guard newer.evaluator.heldOut.users.count >= Contest.fewestUsers else { return nil }
        let start = configuration.warmStart.flatMap { newer.isUnseen(by: $0.manifest) ? $0 : nil }
        let fitted = try configuration.fit(
            newer.training, newer.part, of: log, from: start, as: .evaluation, onProgress: onProgress)
        let candidate = try newer.measure(FactorRanker(name: "model", factors: fitted.factors), onProgress)
        let other = try incumbent.measured(on: newer, onProgress: onProgress)
        return (
            newer.contest(candidate, newer.squares(fitted.stars), other), "as published, on events new to it",
            Self.failures(candidate, other.outcome, incumbent, newer)
        )
    }

    func report() -> EvaluationReport {
        let part = experiment.splitAt.map { "events before \($0)" } ?? "the training part of the split"
        var text =
            "Figures of the same settings fitted to \(part) only; the published factors are fitted to all events."
        if startedAfresh {
            text += " They began with random numbers: the model of the warm start has seen held-out events."
        }
        return experiment.report(outcomes, of: fitted, describes: text, training: fitted.summary)
    }
}

extension SplitExperiment {
    /// Squared errors of predicted stars by user of the held-out ratings, or nil without a prediction or ratings.
    func squares(_ predict: StarPrediction?) -> [Double]? {
        guard let predict, !evaluator.heldOut.rated.isEmpty else { return nil }
        return RatingErrors.squares(predict, evaluator.heldOut.rated)
    }

    /// By NDCG at the headline's cut-off.
    func contest(_ ours: Evaluator.Outcome, _ theirs: Evaluator.Outcome, name: String? = nil) -> Contest {
        let k = Manifest.headlineCutoff
        return Contest(
            against: name ?? theirs.name, metric: "ndcg@\(k)", ours: ours.perUser(.ndcg, at: k),
            theirs: theirs.perUser(.ndcg, at: k), bootstrap)
    }

    /// By RMSE between two models of stars, else by NDCG.
    func contest(_ ours: Evaluator.Outcome, _ squares: [Double]?, _ other: Incumbent.Measured) -> Contest {
        if let squares, let theirs = self.squares(other.stars) {
            return Contest(against: other.name, squares: squares, theirs: theirs, bootstrap)
        }
        return contest(ours, other.outcome, name: other.name)
    }
}
