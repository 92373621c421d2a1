internal import Domain
internal import Foundation
internal import Linalg

/// Refines by measurement what nobody gave: c and α0 of ``ShapeRule``, rank, half-life and epochs. What `--auto` does.
///
/// Successive halving (Jamieson and Talwalkar 2016) around the rule's settings, on a validation window before the test
/// window, which is not looked at. One setting after the other is varied for a few epochs each; the best few go on from
/// their own factors, so no epoch is run twice; then c is looked at once more, from the winner's factors. A variation has to
/// gain more than the standard error of the gain, user by user: what lies in the noise changes nothing and ends its round.
/// The work is bounded in fits, so the same data and seed choose the same settings on any machine, unless time runs out
/// first. Blocks, and keeps every core busy.
public struct AutoSearch {
    /// What may be varied, and for how long.
    public struct Request: Hashable, Sendable {
        public var variesRank = true
        public var variesEpochs = true
        public var variesHalfLife = true
        /// No new measurement begins after so many seconds.
        public var seconds = Double.infinity
        /// The work of all fits, in fits with the rule's settings.
        public var fits = 8.0
        /// Whether settings that a model of the registry found for the same request are taken instead of a search.
        public var reusesEarlier = false

        public init() {}

        /// What is left open, for the digest of a request.
        var opened: [String] {
            [("rank", variesRank), ("epochs", variesEpochs), ("half-life", variesHalfLife)].filter(\.1).map(\.0)
        }

        /// A recipe without the settings that are left open.
        func cleared(_ recipe: ModelRecipe) -> ModelRecipe {
            var recipe = recipe
            if variesRank { recipe.parameters.rank = 0 }
            if variesEpochs { recipe.parameters.epochs = 0 }
            if variesHalfLife { recipe.weights.halfLifeDays = nil }
            return recipe
        }
    }

    let configuration: TrainingConfiguration
    let request: Request

    /// Fewer users than this say too little to choose by.
    private static let fewestUsers = 50
    /// A window is widened below this.
    private static let enoughUsers = 300
    /// More users than this only cost time.
    private static let mostUsers = 3000

    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)`` for settings that leave nothing to vary.
    init(_ configuration: TrainingConfiguration, _ request: Request) throws {
        guard configuration.explicit == nil else {
            throw TrainerError.invalidSetting(
                name: "the search", value: "of a model of stars",
                allowed: "of an implicit model: leave --explicit or --auto out")
        }
        self.configuration = configuration
        self.request = request
    }

    /// The settings with what was found, still by rule. Those given come back, with the reason, if there are too few users.
    func run(
        _ log: InteractionLog, onProgress: (TrainingProgress) throws -> Void
    ) throws -> TrainingConfiguration {
        guard let field = try window(of: log) else {
            try onProgress(.notSearched("fewer than \(Self.fewestUsers) users have anything to validate on"))
            return configuration
        }
        let summary = try withoutActuallyEscaping(onProgress) { onProgress in
            var race = try SearchRace(field, configuration, request, onProgress: onProgress)
            return try race.run()
        }
        try onProgress(.searched(summary))
        return Self.applied(summary, to: configuration)
    }

    /// The settings that a search chose.
    static func applied(_ summary: SearchSummary, to configuration: TrainingConfiguration) -> TrainingConfiguration {
        var found = configuration
        found.search = nil
        found.searched = summary
        found.parameters.rank = summary.chosen.rank
        found.parameters.epochs = summary.chosen.epochs
        found.weights.halfLifeDays = summary.chosen.halfLifeDays
        found.rule?.strength = summary.chosen.strength
        found.rule?.alpha0Factor = summary.chosen.alpha0Factor
        return found
    }

    /// The events before the test window, split again: by time where that is how the test is held out, wider while few
    /// users are in it; else the last item of each user.
    private func window(of log: InteractionLog) throws -> SearchField? {
        let test = try configuration.split.resolve(log, weights: configuration.weights)
        let early = try InteractionLog(source: log.source, version: log.version, clock: log.clock)
        try early.append(log) { !test.isTest($0) }
        var splits: [Split] = []
        switch configuration.split {
        case .time, .after: splits = [.time(0.9), .time(0.8), .time(0.7), .leaveLastOut]
        case .leaveLastOut: splits = [.leaveLastOut]
        case .random, .files: splits = [.random(0.1, seed: configuration.parameters.seed)]
        }
        var best: SearchField?
        for split in splits {
            var inner = configuration
            inner.split = split
            inner.cutoffs = [Manifest.headlineCutoff]
            do {
                let experiment = try SplitExperiment(log: early, configuration: inner)
                let users = experiment.evaluator.heldOut.users.count
                if users > (best?.users ?? Self.fewestUsers - 1) {
                    best = SearchField(experiment, unsettled: inner, most: Self.mostUsers)
                }
                if users >= Self.enoughUsers { break }
            } catch let error as TrainerError where error.isTooFewEvents {
                continue
            }
        }
        return best
    }
}

/// Where candidates are fitted and measured.
struct SearchField {
    let experiment: SplitExperiment
    /// The settings with the rule still open.
    let unsettled: TrainingConfiguration
    let evaluator: Evaluator

    var users: Int { evaluator.heldOut.users.count }
    var days: Double {
        Double(experiment.training.last.microseconds - experiment.training.first.microseconds) / 86_400e6
    }

    init(_ experiment: SplitExperiment, unsettled: TrainingConfiguration, most: Int) {
        self.experiment = experiment
        self.unsettled = unsettled
        var evaluator = experiment.evaluator
        let sampled = evaluator.heldOut.sampled(most, seed: unsettled.parameters.seed)
        if evaluator.candidates != nil { evaluator.candidates = nil }
        evaluator.heldOut = sampled
        self.evaluator = evaluator
    }

    /// The training part with other weights: the same users and items, other confidences.
    func training(halfLifeDays: Double?) throws -> TrainingSet {
        guard halfLifeDays != unsettled.weights.halfLifeDays else { return experiment.training }
        var weights = unsettled.weights
        weights.halfLifeDays = halfLifeDays
        return try TrainingSet.build(from: experiment.log, weights: weights) { !experiment.isTest($0) }
    }
}

extension HeldOut {
    /// So many of the users, drawn by seed; all if there are no more.
    func sampled(_ count: Int, seed: UInt64) -> HeldOut {
        guard users.count > count else { return self }
        var order = Array(users.indices)
        var generator = SeededGenerator(seed: seed, stream: 0x5EA6)
        for place in 0..<count { order.swapAt(place, place + generator.below(order.count - place)) }
        var result = HeldOut()
        for position in order.prefix(count).sorted() {
            result.users.append(users[position])
            result.items += relevant(of: position)
            result.starts.append(result.items.count)
        }
        result.counts = counts
        result.counts.evaluatedUsers = result.users.count
        result.counts.relevantPairs = result.items.count
        return result
    }
}
