internal import Domain
internal import Foundation
internal import Linalg
internal import Operations

/// Searches rank, α0, λ and half-life: what `marquee tune` does.
///
/// The test window of evaluation (from the split time on) is never looked at: the events before it are split again, and
/// the later part, of the same length as the test window, is the validation window. Trials drawn at random run for a
/// quarter of the epochs; the better third goes on to half of them, and the better third of those to all (successive
/// halving, Jamieson and Talwalkar 2016). Every measurement is written to a state file at once, so that a stopped search
/// goes on where it was. Blocks, and keeps every core busy.
public struct TuningRun: Sendable {
    /// How much a search may cost. Whichever limit is met first ends it.
    public struct Budget: Sendable {
        public var trials: Int
        /// No new measurement begins after so many seconds.
        public var seconds: Double

        public init(trials: Int, seconds: Double = .infinity) {
            self.trials = trials
            self.seconds = seconds
        }
    }

    public let configuration: TrainingConfiguration
    public let space: TuningSpace
    public let budget: Budget
    /// JSON Lines of ``TuningRecord``; nil keeps nothing.
    public let stateFile: String?

    /// - Parameter configuration: the first trial, and what is not searched: seed, solver, split, epochs.
    public init(
        configuration: TrainingConfiguration, space: TuningSpace = .init(), budget: Budget, stateFile: String? = nil
    ) {
        self.configuration = configuration
        self.space = space
        self.budget = budget
        self.stateFile = stateFile
    }

    /// - Parameter onMeasured: called after each measurement; what it throws stops the search.
    /// - Throws: ``TrainerError/invalidSetting(name:value:allowed:)`` unless the split is by time and there is a trial.
    public func run(
        _ log: InteractionLog, onMeasured: (TuningRecord) throws -> Void = { _ in }
    ) throws -> TuningResult {
        try configuration.validate()
        guard case .time(let quantile) = configuration.split, quantile > 0.5 else {
            throw TrainerError.invalidSetting(
                name: "the split", value: configuration.split.description, allowed: "time:Q with Q above 0.5")
        }
        guard budget.trials >= 1, budget.seconds > 0 else {
            throw TrainerError.invalidSetting(
                name: "the budget", value: "\(budget.trials) trials", allowed: "1 or more")
        }
        let (early, unsettled) = try configuration.validationWindow(of: log)
        let base = try SplitExperiment(log: early, configuration: unsettled).configuration
        let clock = ContinuousClock()
        let deadline = budget.seconds.isFinite ? clock.now + .seconds(budget.seconds) : nil

        var measured = try readState()
        var used: [TuningRecord] = []
        var resumed = 0
        var stoppedEarly = false
        let key = try self.key(base, log)
        let all = configuration.parameters.epochs
        let rungs = Set([max(1, all / 4), max(1, all / 2), all]).sorted()
        var field = Array(0..<budget.trials)
        for (rung, epochs) in rungs.enumerated() {
            var results: [TuningRecord] = []
            for trial in field {
                let (parameters, weights) = space.settings(
                    trial, base: base, seed: configuration.parameters.seed, largestRank: early.items.count / 2)
                var record = TuningRecord(
                    trial: trial, parameters: parameters, weights: weights, epochs: epochs, ndcg: 0, recall: 0,
                    seconds: 0, key: key)
                if let old = measured.first(where: { $0.isSameTrial(as: record) }) {
                    results.append(old)
                    resumed += 1
                    continue
                }
                if let deadline, clock.now >= deadline {
                    stoppedEarly = true
                    break
                }
                try measure(&record, early, base)
                try stateFile.map { try Files.appendLine(line(record), to: $0) }
                measured.append(record)
                results.append(record)
                try onMeasured(record)
            }
            results.sort { ($1.ndcg, $0.trial) < ($0.ndcg, $1.trial) }
            // Those that got further stand before those that were left behind.
            used = results + used.filter { old in !results.contains { $0.trial == old.trial } }
            if stoppedEarly { break }
            if rung + 1 < rungs.count { field = results.prefix(max(1, (results.count + 2) / 3)).map(\.trial).sorted() }
        }
        return TuningResult(
            records: used, cutoff: Manifest.headlineCutoff,
            describes: "The first \(early.count) of \(log.count) events, the last "
                + "\(early.count - Int(Double(early.count) * (2 * quantile - 1) / quantile)) of them as validation; "
                + "later events were not looked at.",
            resumed: resumed, stoppedEarly: stoppedEarly)
    }

    private func measure(_ record: inout TuningRecord, _ log: InteractionLog, _ base: TrainingConfiguration) throws {
        let begin = ContinuousClock.now
        var configuration = base
        configuration.parameters = record.parameters
        configuration.parameters.epochs = record.epochs
        configuration.parameters.threads = base.parameters.threads
        configuration.weights = record.weights
        try TrainingMemory(of: log).check(configuration, limit: configuration.memoryLimit)
        let experiment = try SplitExperiment(log: log, configuration: configuration)
        let factors = try ALS.fit(
            interactions: experiment.training.interactions, parameters: configuration.parameters)
        let outcome = try experiment.evaluator.measure(FactorRanker(name: "trial", factors: factors))
        record.ndcg = outcome.mean(.ndcg, at: Manifest.headlineCutoff)
        record.recall = outcome.mean(.recall, at: Manifest.headlineCutoff)
        let elapsed = begin.duration(to: .now)
        record.seconds = elapsed.inSeconds
    }

    private func key(_ base: TrainingConfiguration, _ log: InteractionLog) throws -> String {
        let text = "\(log.source) \(log.version ?? -1) \(log.count) \(base.split) \(base.parameters.seed)"
        return String(Digest.sha256(text).hex.prefix(16))
    }

    private func line(_ record: TuningRecord) throws -> String {
        String(decoding: try JSON.encode(record, pretty: false), as: UTF8.self)
    }

    private func readState() throws -> [TuningRecord] {
        guard let stateFile, FileManager.default.fileExists(atPath: stateFile) else { return [] }
        // A search that was killed can leave its last line half written.
        return try Files.read(stateFile).split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSON.decode(TuningRecord.self, from: Array($0))
        }
    }
}
