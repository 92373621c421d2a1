internal import Domain
internal import Linalg
internal import Operations
internal import Synchronization

/// One split of one log, and the factors and rankers measured on it.
///
/// The factors that are measured are fitted to the training part only; no held-out event touches them.
struct SplitExperiment {
    let log: InteractionLog
    let configuration: TrainingConfiguration
    let splitAt: Timestamp?
    let isTest: (InteractionLog.Record) -> Bool
    let evaluator: Evaluator
    let bootstrap: Bootstrap
    /// A baseline and a source of blends ask for the same links: they are counted once.
    private let counted = CountedLinks()

    var training: TrainingSet { evaluator.training }

    /// Which events the training part is of, for engines.
    var part: EventPart { splitAt.map(EventPart.before) ?? .exceptLast }

    /// - Throws: ``TrainerError/emptyTrainingSet(source:reason:)`` or ``TrainerError/nothingToEvaluate(reason:advice:)`` if the
    ///   split leaves nothing on one side.
    init(log: InteractionLog, configuration: TrainingConfiguration) throws {
        self.log = log
        let resolved = try configuration.split.resolve(log, weights: configuration.weights)
        splitAt = resolved.at
        isTest = resolved.isTest
        let training = try Self.trainingPart(of: log, configuration, resolved)
        let configuration = configuration.settled(for: training)
        self.configuration = configuration
        let heldOut = try HeldOut.build(
            from: log, training: training, weights: configuration.weights,
            keepingValues: configuration.explicit != nil, isTest: resolved.isTest)
        let workers = Workers(count: configuration.parameters.threads)
        var evaluator = try Evaluator(
            training: training, heldOut: heldOut, cutoffs: configuration.cutoffs, workers: workers)
        if let negatives = log.negatives {
            evaluator.candidates = heldOut.users.map { user in
                let user = log.users.index(of: Int(user), in: training.users)
                return (user.flatMap { negatives[$0] } ?? []).compactMap {
                    training.items.index(of: Int($0), in: log.items)
                }
            }
        }
        if configuration.measuresLists {
            evaluator.listMeasure = ListMeasure(
                training, configuration.content.map { ItemContent($0.films, for: training.items) })
        }
        self.evaluator = evaluator
        bootstrap = Bootstrap(
            resamples: configuration.bootstrapResamples, seed: configuration.parameters.seed, workers: workers)
    }

    /// - Throws: ``TrainerError/nothingToEvaluate(reason:advice:)`` where the split leaves nothing to train on, though the log has
    ///   events that count; ``TrainerError/emptyTrainingSet(source:reason:)`` where it has none.
    private static func trainingPart(
        of log: InteractionLog, _ configuration: TrainingConfiguration, _ split: Split.Resolved
    ) throws -> TrainingSet {
        do {
            return try TrainingSet.build(from: log, weights: configuration.weights) { !split.isTest($0) }
        } catch TrainerError.emptyTrainingSet(let source, let reason) {
            let counted = try CountedEvents(log, configuration.weights)
            guard counted.events > 0 else { throw TrainerError.emptyTrainingSet(source: source, reason: reason) }
            let times =
                counted.first == counted.last ? "all at \(counted.first)" : "\(counted.first) to \(counted.last)"
            throw TrainerError.nothingToEvaluate(
                reason:
                    "none of the \(counted.events) events (\(times)) that the split \(configuration.split) leaves for training "
                    + "is a liking")
        }
    }

    /// - Parameter part: what the training part is called.
    /// - Throws: ``TrainerError/nothingToEvaluate(reason:advice:)`` if it has fewer items than the rank.
    func requireItems(for rank: Int, in part: String = "the training part") throws {
        guard rank <= training.itemCount else {
            throw TrainerError.nothingToEvaluate(
                reason: "\(part) has \(training.itemCount) items, fewer than the rank")
        }
    }

    /// Whether a model saw none of the held-out events. Unknown, so false, of splits that are not by time.
    func isUnseen(by model: Manifest) -> Bool { splitAt.map { model.data.lastEventAt < $0 } ?? false }

    /// Measures one ranker, and tells its NDCG at the first cut-off.
    func measure(
        _ ranker: some Ranker, _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> Evaluator.Outcome {
        let outcome = try evaluator.measure(ranker)
        let k = outcome.cutoffs[0]
        try onProgress(.measured(name: outcome.name, cutoff: k, ndcg: outcome.mean(.ndcg, at: k)))
        return outcome
    }

    /// Popularity, popularity in the last tenth of the training part by users' newest events, and item neighbours.
    func baselines() throws -> [any Ranker] {
        let popular = ListRanker(name: "popular", scores: training.popularity.map(Double.init))
        // The window is cut by the quantile of user times, which the set has; ties widen it.
        let times = training.lastEventAt.map(\.microseconds).sorted()
        let since = times[times.count * 9 / 10]
        var recent = [Double](repeating: 0, count: training.itemCount)
        let weights = configuration.weights
        let itemNumbers = (0..<log.items.count).map { training.items.index(of: $0, in: log.items) ?? -1 }
        try log.forEachChunk { chunk in
            for record in chunk
            where record.at >= since && !isTest(record) && weights.weight(of: record.kind, value: record.value) > 0 {
                let item = itemNumbers[Int(record.item)]
                if item >= 0 { recent[Int(item)] += 1 }
            }
        }
        return [
            popular, ListRanker(name: "recently popular", scores: recent),
            NeighbourRanker(training: training, links: try neighbourLinks()),
        ]
    }

    /// The item neighbours of the training part.
    func neighbourLinks() throws -> ItemLinks {
        try counted.links {
            try ItemLinks.cosine(of: training, keeping: BlendSources.links, workers: evaluator.workers)
        }
    }

    private var sampledNegatives: Int? { evaluator.candidates.map { $0.map(\.count).max() ?? 0 } }

    private var protocolNote: String {
        let rest = "Equal scores are ordered by item index; users without held-out likings are left out and counted."
        guard let sampledNegatives else {
            return "Full-catalogue ranking; items of the user's training events are removed. \(rest)"
        }
        return
            "\(sampledNegatives) sampled negatives: only these are ranked beside the held-out items, so the figures are not those "
            + "of a full ranking and compare only with the same protocol. \(rest)"
    }

    /// Assembles the report.
    /// - Parameter outcomes: the model's first, the popularity list's second.
    ///   - fitted: the model, whose stars are compared with the held-out ones if it is of that kind.
    func report(
        _ outcomes: [Evaluator.Outcome], of fitted: FittedModel?, describes: String,
        training summary: Manifest.TrainingSummary
    ) -> EvaluationReport {
        let builder = ReportBuilder(evaluator: evaluator, bootstrap: bootstrap, outcomes: outcomes)
        let errors = fitted.flatMap { RatingErrors(of: $0, on: evaluator, bootstrap) }
        return EvaluationReport(
            generatedAt: .now, codeVersion: configuration.codeVersion, describes: describes,
            data: .init(
                source: log.source, version: log.version, split: configuration.split.description,
                splitExplanation: configuration.split.explanation, splitAt: splitAt,
                trainingEvents: training.eventCount, trainingUsers: training.userCount,
                trainingItems: training.itemCount, trainingPairs: training.interactions.count,
                trainingLiked: training.likedCount, heldOut: evaluator.heldOut.counts,
                sampledNegatives: sampledNegatives),
            protocolNote: protocolNote,
            cutoffs: evaluator.cutoffs, metrics: builder.table(outcomes[0]), ratingErrors: errors,
            baselines: outcomes.dropFirst().map { .init(name: $0.name, metrics: builder.table($0)) },
            slices: builder.slices(), comparisons: builder.comparisons(), training: summary,
            settings: .init(
                parameters: configuration.recipe.recorded.parameters, weights: configuration.weights,
                explicit: configuration.explicit, bootstrapResamples: configuration.bootstrapResamples,
                chosen: configuration.chosen),
            seed: configuration.parameters.seed, peakRSSBytes: ResidentMemory.peakBytes())
    }
}

/// Links that whoever asks first counts, and the next ones are handed.
private final class CountedLinks: Sendable {
    private let found = Mutex<ItemLinks?>(nil)

    func links(_ count: () throws -> ItemLinks) rethrows -> ItemLinks {
        if let found = found.withLock({ $0 }) { return found }
        let links = try count()
        found.withLock { $0 = links }
        return links
    }
}
