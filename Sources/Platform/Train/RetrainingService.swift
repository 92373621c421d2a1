internal import Columnar
public import Delivery
internal import Domain
public import Operations
public import Store
public import Trainer

/// Trains again and again, by the clock and by what happens: `marquee train --every 6h`, `--cron`, `--on-events`, `--on-drift`.
///
/// One run at a time, across all processes that share the state; what was missed is caught up once; a run that fails
/// leaves the model in service as it is and is tried again after a growing pause. When nothing new is in the table since the last run, there is no run. A graceful stop ends the training in
/// hand after its epoch; nothing is published then. docs/retraining.md has the rules.
///
/// If the configuration asks for a search, the first run makes it, and the later ones, also those after a restart, take
/// what it found: a comparison from run to run is then one of data.
public final class RetrainingService: Service {
    public let name = "trainer"
    private let plan: RunPlan
    private let configuration: TrainingConfiguration
    private let warmStart: String?
    private let onProgress: @Sendable (TrainingProgress) -> Void
    private let runner: TrainingRunner
    private let drift: DriftWatch
    private let startedAt = Timestamp.now
    private static let log = Log("trainer")
    /// How often the clock is looked at: what it shows may jump.
    private static let rhythm = Duration.seconds(1)
    /// How often the table is looked at, for triggers.
    private static let look = Duration.seconds(15)

    /// - Parameters:
    ///   - timing: when it runs; without anything in it whenever the table has a new version.
    ///   - store: whose table of events is trained on.
    ///   - state: keeps what was done over restarts, and one run at a time; one in memory does for this process alone.
    ///   - quality: what incoming data must be like for a run; one that finds it otherwise fails, and is tried again later.
    ///   - webhooks: are told how each run ended; it must be run by somebody.
    ///   - warmStart: the model to begin each run from, such as `current`; the first run of an empty registry begins with
    ///     random numbers.
    ///   - since: which kept events each run begins with; nil reads all of the table each time.
    ///   - onProgress: called on the thread that trains.
    public init(
        _ timing: RunTiming, store: EventStore, configuration: TrainingConfiguration, registry: ModelRegistry,
        state: StateDatabase = StateDatabase(), webhooks: WebhookSender? = nil, warmStart: String? = nil,
        since: EventStart? = nil, quality: Expectations? = nil,
        onProgress: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
    ) throws {
        if case .every(let interval) = timing.clock, interval < .seconds(1) {
            throw TrainerError.invalidSetting(name: "the interval", value: "\(interval)", allowed: "a second or more")
        }
        try configuration.validate()
        self.warmStart = warmStart
        var configuration = configuration
        configuration.search?.reusesEarlier = true
        self.configuration = configuration
        self.onProgress = onProgress
        runner = TrainingRunner(
            store: store, registry: registry, state: state, webhooks: webhooks, quality: quality, since: since)
        plan = RunPlan(job: runner.ledger.job, timing: timing)
        drift = DriftWatch(store: store, registry: registry, webhooks: webhooks)
    }

    /// What it tells of itself.
    public var status: ServiceStatus { TrainingMetrics(ledger: runner.ledger).status(of: name) }

    // MARK: The job

    public func run() async throws {
        var looked: ContinuousClock.Instant?
        while !Task.isCancelled {
            do {
                let now = ContinuousClock.now
                let looks = looked.map { now - $0 >= Self.look } ?? true
                if looks { looked = now }
                if let cause = try await BlockingWork.run("trainer", { [self] _ in try due(looking: looks) }) {
                    switch try await carryOut(cause) {
                    case .ran, .failed, .nothing: looked = nil
                    case .busy(let holder):
                        Self.log.info("a run is due, but another is under way", ["by": holder.description])
                        if cause == .drift { drift.lookAgain() }
                        try await Task.sleep(for: .seconds(5))
                    }
                }
            } catch is CancellationError {
                return
            } catch {
                // The state or the table cannot be read just now.
                Self.log.error("the job cannot tell whether a run is due", ["why": "\(error)"])
                try? await Task.sleep(for: .seconds(10))
            }
            try? await Task.sleep(for: Self.rhythm)
        }
    }

    // MARK: One run for a scheduler outside

    /// What became of ``runOnce()``.
    public enum Outcome: Sendable {
        /// A model was made; its verdict says what became of it.
        case ran(Manifest)
        /// No run was due, and why.
        case nothing(String)
        /// Another run is under way.
        case busy(Leases.Holder)
        /// It failed; the pause before the next attempt is written down.
        case failed(any Error)
    }

    /// Makes one run if one is due.
    /// - Throws: what stands in the way of telling whether one is.
    public func runOnce() async throws -> Outcome {
        let cause = try await BlockingWork.run("trainer") { [self] _ in try due(looking: true) }
        guard let cause else { return .nothing(try await BlockingWork.run("trainer") { [self] _ in try idleness() }) }
        let patience = ContinuousClock.now + Leases.patience + Leases.rhythm
        while true {
            let outcome = try await carryOut(cause)
            // Of a holder that cannot be looked at only time tells whether it is dead.
            guard case .busy(let holder) = outcome, !holder.isNear, ContinuousClock.now < patience else {
                return outcome
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Why no run is due.
    /// - Throws: what a training would, where there is no table at all: a lost disk or a slip in a name is no lack of news.
    private func idleness() throws -> String {
        _ = try runner.store.open(.events)
        if let retry = try runner.ledger.memory.retryAt { return "the run that failed is tried again at \(retry)" }
        return plan.timing.isOpen ? "the table has no new version" : "no run is due (\(plan.timing.text))"
    }

    // MARK: Deciding

    /// Why a run is due, or nil. Blocks.
    private func due(looking: Bool) throws -> RunPlan.Cause? {
        let now = Timestamp.now
        let memory = try runner.ledger.memory
        var corrected = plan.corrected(memory, at: now)
        if let id = corrected.running, try runner.ledger.runs().first(where: { $0.id == id })?.isCutShort == true {
            Self.log.warning("a run was cut short; it is made up for", ["run": id])
            corrected = plan.interrupted(corrected, at: now)
        }
        corrected.schedule = plan.timing.text
        corrected.nextAt = plan.next(corrected, at: now)
        if corrected != memory { try runner.ledger.update { $0 = corrected } }
        if let cause = plan.cause(corrected, at: now, startedAt: startedAt) { return cause }
        // While a failure waits for its next attempt, nothing else starts a run.
        guard looking, corrected.retryAt == nil, let table = try table() else { return nil }
        if let cause = plan.cause(
            corrected, table: table.id, rows: table.rows, version: table.version,
            weights: configuration.weights.version)
        {
            return cause
        }
        if plan.timing.isOpen, try corrected.settings != configuration.requestDigest() { return .data }
        guard plan.timing.onDrift else { return nil }
        var told = corrected.driftToldAt
        defer { if told != corrected.driftToldAt { _ = try? runner.ledger.update { $0.driftToldAt = told } } }
        return try drift.isDue(version: table.version, after: corrected.newestEventAt, told: &told) ? .drift : nil
    }

    private func table() throws -> (id: String, version: Int64, rows: Int64?)? {
        guard let table = try runner.store.openIfPresent(.events) else { return nil }
        let snapshot = try table.snapshot()
        return (snapshot.tableID, snapshot.version, snapshot.rowCount)
    }

    /// Makes the run, if there is something to train on, and remembers how it went.
    private func carryOut(_ cause: RunPlan.Cause) async throws -> Outcome {
        let settings = try configuration.requestDigest()
        let begun = Timestamp.now
        let looked = try await BlockingWork.run("trainer") { [self] _ in
            (table: try? table(), memory: try runner.ledger.memory)
        }
        if let table = looked.table ?? nil, looked.memory.version == table.version,
            looked.memory.table ?? table.id == table.id, looked.memory.settings == settings,
            looked.memory.failures == 0
        {
            Self.log.info("nothing new to train on", ["version": table.version])
            try await remember { $0.handledAt = begun }
            return .nothing("the table has no new version")
        }
        switch try await BlockingWork.run("trainer", { [runner] _ in try runner.begin(cause) }) {
        case .busy(let holder): return .busy(holder)
        case .known: return .nothing("it is there already")
        case .begun(let run):
            try await remember { memory in
                memory.handledAt = begun
                memory.running = run.record.id
            }
            do {
                let manifest = try await runner.run(
                    run, configuration, warmStart: warmStart, onProgress: onProgress)
                let rows = looked.table.flatMap { $0 }.flatMap {
                    manifest.data.version == $0.version ? $0.rows : nil
                }
                try await remember { [weights = configuration.weights.version] memory in
                    memory.failures = 0
                    memory.retryAt = nil
                    memory.running = nil
                    memory.table = manifest.data.table
                    memory.version = manifest.data.version
                    memory.rows = rows ?? Int64(manifest.data.events)
                    memory.weights = weights
                    memory.settings = settings
                    memory.newestEventAt = manifest.data.lastEventAt
                    memory.lastRunAt = .now
                    memory.lastSuccessAt = .now
                }
                let isNew = manifest.gate.finding != .alreadyPublished || manifest.gate.outcome == .promoted
                return isNew ? .ran(manifest) : .nothing("\(manifest.id) has these settings and this version already")
            } catch let error as CancellationError {
                throw error
            } catch {
                try await remember { [plan] memory in
                    memory = plan.failed(memory, at: .now)
                    memory.running = nil
                    memory.lastRunAt = .now
                }
                return .failed(error)
            }
        }
    }

    private func remember(_ change: @escaping @Sendable (inout JobMemory) -> Void) async throws {
        try await BlockingWork.run("trainer") { [self] _ in
            _ = try runner.ledger.update { memory in
                change(&memory)
                memory.nextAt = plan.next(memory, at: .now)
            }
        }
    }
}
