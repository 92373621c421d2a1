public import Delivery
internal import Domain
internal import Foundation
public import Operations
public import Store
internal import Synchronization
public import Trainer

/// Training runs that someone asks for while the process serves: on a thread of low priority, by the same code as
/// `marquee train`, and one at a time with those of every other process that has the same state.
///
/// The newest runs are remembered in the state, those of the job (``RetrainingService``) with them; the models that they
/// make are in the registry.
public final class TrainingJobs: Service {
    public var name: String { "training-runs" }

    /// What may be chosen; nil takes what `marquee train` does.
    public struct Settings: Sendable {
        public var rank: Int?
        public var epochs: Int?
        public var seed: UInt64?
        public var policy: GateVerdict.Policy?

        public init(rank: Int? = nil, epochs: Int? = nil, seed: UInt64? = nil, policy: GateVerdict.Policy? = nil) {
            self.rank = rank
            self.epochs = epochs
            self.seed = seed
            self.policy = policy
        }

        /// Tells two requests apart.
        var digest: SHA256Digest {
            func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "-" }
            return Digest.sha256("\(text(rank)) \(text(epochs)) \(text(seed)) \(text(policy?.rawValue))")
        }
    }

    /// What became of a request for a run.
    public enum Start: Sendable {
        case begun(TrainingRecord)
        /// The request came before, under the same key.
        case replayed(TrainingRecord)
        /// The key belongs to another request.
        case keyReused
        /// A run is under way.
        case busy
    }

    private let runner: TrainingRunner
    /// Those of this process that run.
    private let tasks = Mutex<[String: Task<Void, Never>]>([:])

    /// - Parameters:
    ///   - state: keeps the runs; one in memory does for this process alone.
    ///   - webhooks: are told how each run ended; it must be run by somebody.
    public init(
        store: EventStore, registry: ModelRegistry, state: StateDatabase = StateDatabase(),
        webhooks: WebhookSender? = nil
    ) {
        runner = TrainingRunner(store: store, registry: registry, state: state, webhooks: webhooks)
    }

    /// Waits until the process stops, then ends the run in hand after its epoch.
    public func run() async throws {
        await BlockingWork.untilCancelled()
        let running = tasks.withLock { Array($0.values) }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// What it tells of itself: the runs of all processes, as metrics.
    public var status: ServiceStatus { TrainingMetrics(ledger: runner.ledger).status(of: name) }

    /// Begins a run. Blocks until it is written down.
    /// - Parameter key: the same request under the same key makes one run.
    /// - Throws: for settings out of range; `SQLiteError`.
    public func start(_ settings: Settings, key: String? = nil) throws -> Start {
        var configuration = TrainingConfiguration(codeVersion: Release.version)
        if let rank = settings.rank {
            configuration.parameters.rank = rank
            configuration.rule?.limitsRank = false
        }
        if let epochs = settings.epochs { configuration.parameters.epochs = epochs }
        if let seed = settings.seed { configuration.parameters.seed = seed }
        if let policy = settings.policy { configuration.policy = policy }
        try configuration.validate()
        let chosen = configuration
        switch try runner.begin(.api, key: key, request: settings.digest) {
        case .busy: return .busy
        case .known(let record, let request): return request == settings.digest ? .replayed(record) : .keyReused
        case .begun(let begun):
            let id = begun.record.id
            tasks.withLock { tasks in
                tasks[id] = Task { [self] in
                    // How it ended is written down.
                    _ = try? await runner.run(begun, chosen, priority: .low)
                    self.tasks.withLock { _ = $0.removeValue(forKey: id) }
                }
            }
            return .begun(begun.record)
        }
    }

    /// The run of that name; nil if there was none, or so many since. Blocks.
    public func job(_ id: String) throws -> TrainingRecord? { try all.first { $0.id == id } }

    /// Those remembered, newest first. Blocks.
    public var all: [TrainingRecord] {
        get throws { try runner.ledger.runs() }
    }

    /// What the job of the registry remembers: when it runs, next and last. Blocks.
    var memory: JobMemory {
        get throws { try runner.ledger.memory }
    }

    /// Ends a run of this process after the epoch in hand; nothing is published then. A run that has ended stays as it is,
    /// and so does one of another process.
    /// - Returns: the run; nil if there is none of that name.
    public func cancel(_ id: String) throws -> TrainingRecord? {
        guard let record = try job(id) else { return nil }
        tasks.withLock { $0[id] }?.cancel()
        return record
    }

    /// Whether a run that is under way is one of this process.
    func isOurs(_ id: String) -> Bool { tasks.withLock { $0[id] != nil } }
}
