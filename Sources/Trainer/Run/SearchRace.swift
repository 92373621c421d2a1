internal import Domain
internal import Foundation
internal import Linalg

/// The rounds of an ``AutoSearch``.
struct SearchRace {
    private struct Runner {
        var settings: SearchSummary.Trial
        var factors: ALSFactors?
        /// NDCG of each validated user.
        var values: [Double] = []
    }

    private let field: SearchField
    private let base: TrainingConfiguration
    private let request: AutoSearch.Request
    private let deadline: ContinuousClock.Instant?
    private let begin = ContinuousClock.now
    private let fullWork: Double
    private let onProgress: (TrainingProgress) throws -> Void
    private var runners: [Runner] = []
    private var trials: [SearchSummary.Trial] = []
    private var spent = 0.0
    private var ended = "every round was run"
    private var isOver = false

    /// Epochs of the first look, and of each go on.
    private static let stride = 4

    init(
        _ field: SearchField, _ base: TrainingConfiguration, _ request: AutoSearch.Request,
        onProgress: @escaping (TrainingProgress) throws -> Void
    ) throws {
        self.field = field
        self.base = base
        self.request = request
        self.onProgress = onProgress
        deadline = request.seconds.isFinite ? ContinuousClock.now + .seconds(request.seconds) : nil
        let settled = field.experiment.configuration.parameters
        fullWork = Double(settled.epochs) * Self.work(field.experiment.training, rank: settled.rank)
    }

    /// Of one epoch, up to a constant: a pass over the entries, and products of rows with rank × rank.
    private static func work(_ training: TrainingSet, rank: Int) -> Double {
        let rank = Double(rank)
        return Double(training.interactions.count) * (rank + 16)
            + Double(training.userCount + training.itemCount) * rank * (rank / 8 + 8)
    }

    mutating func run() throws -> SearchSummary {
        let training = field.experiment.training
        let rule = base.rule ?? ShapeRule(setsAlpha0: false, setsLambda: false, limitsRank: false)
        let settled = field.experiment.configuration.parameters
        var start = Runner(
            settings: .init(
                rank: settled.rank,
                strength: rule.strength(users: training.userCount, pairs: training.interactions.count),
                alpha0Factor: rule.alpha0Factor, halfLifeDays: base.weights.halfLifeDays, epochs: 0, ndcg: 0))
        let first = request.variesEpochs ? Self.stride : settled.epochs
        try advance(&start, to: first)
        var best = add(start)
        if rule.setsLambda {
            for factor: Float in [0.5, 2] { best = try climb(from: best, first) { $0.strength *= factor } }
        }
        if request.variesRank {
            let limit = max(1, training.itemCount / 2)
            best = try climb(from: best, first, while: { $0.rank * 2 <= min(limit, 512) }) { $0.rank *= 2 }
            if runners[best].settings.rank == settled.rank, settled.rank >= 32 {
                best = try climb(from: best, first) { $0.rank /= 2 }
            }
        }
        if request.variesHalfLife {
            for days in [30.0, 90, 365] where days < field.days {
                best = try step(from: best, first) { $0.halfLifeDays = days }
            }
        }
        if rule.setsAlpha0 {
            for factor: Float in [0.4, 2.5] { best = try step(from: best, first) { $0.alpha0Factor *= factor } }
        }
        if request.variesEpochs {
            // The better third goes on, then the better third of those.
            var epochs = first
            for share in [3, 3] where !isOver {
                epochs *= 2
                let going = ranked().prefix(max(2, runners.count / share))
                for place in going.prefix(share == 3 && epochs == first * 2 ? 3 : 2) { try goOn(place, to: epochs) }
            }
            // A lead inside the noise is none: it may cost twice the memory.
            let leader = ranked()[0]
            if isGain(runners[leader].values, over: runners[best].values) { best = leader }
        }
        if rule.setsLambda, !isOver {
            for factor: Float in [0.7, 1.4] { best = try refine(best) { $0.strength *= factor } }
        }
        if request.variesEpochs { try lengthen(best) }
        var chosen = runners[best].settings
        // Nothing longer fitted into the budget: fewer epochs than the rule's were not shown to be enough.
        if request.variesEpochs, chosen.epochs == first, !trials.contains(where: { $0.epochs > first }) {
            chosen.epochs = max(first, settled.epochs)
        }
        return SearchSummary(
            trials: trials, chosen: chosen, users: field.users,
            window: field.unsettled.split.explanation, ended: ended, fits: spent / fullWork,
            seconds: begin.duration(to: .now).inSeconds)
    }

    // MARK: Rounds

    /// Changes a setting again and again, as long as that gains.
    private mutating func climb(
        from place: Int, _ epochs: Int, while isAllowed: (SearchSummary.Trial) -> Bool = { _ in true },
        _ change: (inout SearchSummary.Trial) -> Void
    ) throws -> Int {
        var best = place
        while !isOver, isAllowed(runners[best].settings) {
            let next = try step(from: best, epochs, change)
            guard next != best else { break }
            best = next
        }
        return best
    }

    /// Tries a changed setting from the start.
    /// - Returns: the place of the better one: of the changed only if its gain is outside of the noise.
    private mutating func step(
        from place: Int, _ epochs: Int, _ change: (inout SearchSummary.Trial) -> Void
    ) throws -> Int {
        var runner = Runner(settings: runners[place].settings)
        change(&runner.settings)
        runner.settings.epochs = 0
        guard try advance(&runner, to: epochs) else { return place }
        let new = add(runner)
        return isGain(runners[new].values, over: runners[place].values) ? new : place
    }

    /// Tries a changed strength from the factors of the one at `place`, which goes on as far.
    private mutating func refine(
        _ place: Int, _ change: (inout SearchSummary.Trial) -> Void
    ) throws -> Int {
        var runner = runners[place]
        change(&runner.settings)
        guard try advance(&runner, to: runner.settings.epochs + Self.stride / 2) else { return place }
        runner.settings.epochs = runners[place].settings.epochs
        let new = add(runner)
        return isGain(runners[new].values, over: runners[place].values) ? new : place
    }

    private mutating func goOn(_ place: Int, to epochs: Int) throws {
        var runner = runners[place]
        guard try advance(&runner, to: epochs) else { return }
        runners[place] = runner
    }

    /// More epochs, until they gain nothing.
    private mutating func lengthen(_ place: Int) throws {
        while !isOver, runners[place].settings.epochs < 48 {
            var longer = runners[place]
            guard try advance(&longer, to: longer.settings.epochs + Self.stride) else { return }
            guard isGain(longer.values, over: runners[place].values) else {
                ended = "more epochs gain less than the noise"
                return
            }
            runners[place] = longer
        }
    }

    // MARK: Measuring

    private mutating func add(_ runner: Runner) -> Int {
        runners.append(runner)
        return runners.count - 1
    }

    /// Places, the best first.
    private func ranked() -> [Int] {
        runners.indices.sorted { (-runners[$0].settings.ndcg, $0) < (-runners[$1].settings.ndcg, $1) }
    }

    /// Whether the mean gain exceeds its standard error.
    private func isGain(_ ours: [Double], over theirs: [Double]) -> Bool {
        let differences = zip(ours, theirs).map { $0 - $1 }
        let n = Double(differences.count)
        let mean = differences.reduce(0, +) / n
        let variance = differences.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / max(n - 1, 1)
        return mean > (variance / n).squareRoot()
    }

    /// Runs epochs on from the runner's factors, and measures.
    /// - Returns: false, and nothing done, if the budget does not reach.
    @discardableResult
    private mutating func advance(_ runner: inout Runner, to epochs: Int) throws -> Bool {
        guard !isOver else { return false }
        let training = try field.training(halfLifeDays: runner.settings.halfLifeDays)
        let cost = Double(epochs - runner.settings.epochs) * Self.work(training, rank: runner.settings.rank)
        guard trials.isEmpty || spent + cost <= request.fits * fullWork else {
            // A cheaper one may still fit.
            ended = "the budget of \(request.fits) fits was spent"
            return false
        }
        if let deadline, ContinuousClock.now >= deadline, !trials.isEmpty {
            ended = "the time was over"
            isOver = true
            return false
        }
        var rule = base.rule
        rule?.strength = runner.settings.strength
        rule?.alpha0Factor = runner.settings.alpha0Factor
        rule?.limitsRank = false
        var parameters = base.parameters
        parameters.rank = runner.settings.rank
        if let rule {
            parameters = rule.applied(
                to: parameters, users: training.userCount, items: training.itemCount,
                pairs: training.interactions.count)
        }
        parameters.epochs = epochs - runner.settings.epochs
        let factors = try ALS.fit(
            interactions: training.interactions, parameters: parameters, warmStart: runner.factors)
        spent += cost
        let outcome = try field.evaluator.measure(FactorRanker(name: "trial", factors: factors))
        runner.factors = factors
        runner.values = outcome.perUser(.ndcg, at: Manifest.headlineCutoff)
        runner.settings.epochs = epochs
        runner.settings.ndcg = runner.values.reduce(0, +) / Double(max(runner.values.count, 1))
        trials.append(runner.settings)
        try onProgress(.tried(runner.settings))
        return true
    }
}
