public import Domain
internal import Foundation
public import Operations
public import Store
internal import Synchronization
public import Trainer

/// Training runs that someone asks for while the process serves: one at a time, on a thread of low priority, by the same
/// code as `marquee train`.
///
/// What a run has become is remembered for the newest ``remembered`` of them, as long as the process lives; the models that
/// they make are in the registry.
public final class TrainingJobs: Service {
    public var name: String { "training-runs" }
    /// How a run stands.
    public enum State: String, Sendable, CaseIterable {
        case running, done, failed, cancelled
    }

    /// A run as it stands at this moment.
    public struct Job: Sendable {
        public let id: String
        public var state = State.running
        public let startedAt: Timestamp
        public var endedAt: Timestamp?
        /// What it does, such as `evaluation`.
        public var phase = "reading"
        /// Epochs done of the fit in hand, and of how many.
        public var epoch = 0
        public var epochs = 0
        /// What it has made.
        public var model: ModelID?
        public var verdict: GateVerdict?
        /// Why it failed.
        public var failure: (code: String, message: String, advice: String)?
    }

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
    }

    /// Runs that are remembered.
    public static let remembered = 100

    private struct Work {
        var jobs: [Job] = []
        var task: Task<Void, Never>?
    }

    private let store: EventStore
    private let registry: ModelRegistry
    private let work = Mutex(Work())
    private static let log = Log("trainer")

    public init(store: EventStore, registry: ModelRegistry) {
        self.store = store
        self.registry = registry
    }

    /// Waits until the process stops, then ends the run in hand after its epoch.
    public func run() async throws {
        await BlockingWork.untilCancelled()
        let task = work.withLock { $0.task }
        task?.cancel()
        await task?.value
    }

    /// Begins a run.
    /// - Returns: nil if one is under way.
    /// - Throws: for settings out of range.
    public func start(_ settings: Settings) throws -> Job? {
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
        return work.withLock { work in
            guard work.jobs.last?.state != .running else { return nil }
            let job = Job(id: UUID().uuidString.lowercased(), startedAt: .now)
            work.jobs.append(job)
            work.jobs.removeFirst(max(0, work.jobs.count - Self.remembered))
            work.task = Task { [self] in await run(job.id, chosen) }
            return job
        }
    }

    /// The run of that name; nil if there was none, or so many since.
    public func job(_ id: String) -> Job? { work.withLock { $0.jobs.last { $0.id == id } } }

    /// Those remembered, newest first.
    public var all: [Job] { work.withLock { $0.jobs.reversed() } }

    /// Ends a run after the epoch in hand; nothing is published then. A run that has ended stays as it is.
    /// - Returns: the run; nil if there is none of that name.
    public func cancel(_ id: String) -> Job? {
        work.withLock { work in
            guard let job = work.jobs.last(where: { $0.id == id }) else { return nil }
            if job.state == .running { work.task?.cancel() }
            return job
        }
    }

    private func run(_ id: String, _ configuration: TrainingConfiguration) async {
        do {
            let manifest = try await BlockingWork.run("trainer", priority: .low) { [self] flag in
                let events = try InteractionLog.read(from: store, maxBadRows: configuration.maxBadRows)
                return try TrainingRun(configuration: configuration, registry: registry).run(events) { progress in
                    try flag.check()
                    note(progress, of: id)
                }
            }
            update(id) {
                $0.state = .done
                $0.model = manifest.id
                $0.verdict = manifest.gate
            }
            Self.log.info("trained", ["model": manifest.id, "verdict": manifest.gate.outcome.rawValue])
        } catch is CancellationError {
            update(id) { $0.state = .cancelled }
        } catch {
            Self.log.error("training failed", ["run": id, "error": "\(error)"])
            let fault = error as? any Fault
            update(id) {
                $0.state = .failed
                $0.failure = (
                    fault?.code ?? "internal-error", fault?.message ?? "The training failed.", fault?.advice ?? ""
                )
            }
        }
        update(id) { $0.endedAt = .now }
    }

    private func note(_ progress: TrainingProgress, of id: String) {
        update(id) { job in
            switch progress {
            case .fitting(let fit, _, _, _):
                job.phase = fit.rawValue
                (job.epoch, job.epochs) = (0, 0)
            case .epoch(let fit, let report, let of):
                job.phase = fit.rawValue
                (job.epoch, job.epochs) = (report.epoch, of)
            case .measured: job.phase = "measuring"
            case .published: job.phase = "publishing"
            default: break
            }
        }
    }

    private func update(_ id: String, _ change: (inout Job) -> Void) {
        work.withLock { work in
            if let place = work.jobs.lastIndex(where: { $0.id == id }) { change(&work.jobs[place]) }
        }
    }
}
