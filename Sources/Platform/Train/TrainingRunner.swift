internal import Delivery
internal import Domain
internal import Foundation
internal import Operations
internal import Store
internal import Synchronization
internal import Trainer

/// Carries out one training run: under the lease of its registry, written down from begin to end, and told to webhooks.
struct TrainingRunner: Sendable {
    let store: EventStore
    let registry: ModelRegistry
    let ledger: TrainingLedger
    let webhooks: WebhookSender?
    /// What incoming data must be like; nil if nothing is asked for.
    private let quality: Expectations?
    /// Which kept events a run begins with; nil reads the whole table.
    private let since: EventStart?
    private let state: StateDatabase
    private static let log = Log("trainer")

    init(
        store: EventStore, registry: ModelRegistry, state: StateDatabase, webhooks: WebhookSender? = nil,
        quality: Expectations? = nil, since: EventStart? = nil
    ) {
        self.quality = quality
        self.since = since
        self.store = store
        self.registry = registry
        self.webhooks = webhooks
        self.state = state
        ledger = TrainingLedger(registry, state)
    }

    /// A run that has its lease and is written down.
    struct Begun: Sendable {
        let record: TrainingRecord
        fileprivate let lease: Lease
    }

    enum Start: Sendable {
        case begun(Begun)
        case busy(Leases.Holder)
        /// A run of the same key is there.
        case known(TrainingRecord, request: SHA256Digest?)
    }

    /// Takes the lease and writes the run down. Blocks.
    func begin(_ cause: RunPlan.Cause, key: String? = nil, request: SHA256Digest? = nil) throws -> Start {
        if let key, let (record, request) = try ledger.run(key: key) { return .known(record, request: request) }
        switch try ledger.leases.take(ledger.job) {
        case .held(let holder): return .busy(holder)
        case .taken(let lease):
            do {
                // Those that died without a word end here.
                for var run in try ledger.runs() where run.state == .failed && run.endedAt == nil {
                    run.endedAt = .now
                    try ledger.note(run)
                }
                let record = TrainingRecord(
                    id: UUID().uuidString.lowercased(), cause: cause, startedAt: .now, lease: lease.id)
                if try ledger.begin(record, key: key, request: request) {
                    return .begun(Begun(record: record, lease: lease))
                }
                lease.release()
                guard let key, let (known, request) = try ledger.run(key: key) else { return .busy(try holder()) }
                return .known(known, request: request)
            } catch {
                lease.release()
                throw error
            }
        }
    }

    private func holder() throws -> Leases.Holder {
        guard let holder = try ledger.leases.holder(of: ledger.job) else { throw CancellationError() }
        return holder
    }

    /// Trains, in a thread of its own, until it is done or the task is cancelled.
    /// - Parameter onProgress: called on the thread that trains.
    /// - Returns: what was made; its verdict says so if it was there before.
    func run(
        _ begun: Begun, _ configuration: TrainingConfiguration, warmStart: String? = nil,
        priority: SystemThread.Priority = .inherited,
        onProgress: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
    ) async throws -> Manifest {
        let notes = Notes(begun.record, ledger)
        let training = Task {
            try await BlockingWork.run("trainer", priority: priority) { flag in
                try train(configuration, warmStart, notes) { progress in
                    try flag.check()
                    onProgress(progress)
                }
            }
        }
        let beating = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: Leases.rhythm)
                // A state that is busy just now is no reason to end a run.
                let isOurs = (try? await BlockingWork.run("lease") { _ in try begun.lease.beat() }) ?? true
                guard !isOurs else { continue }
                Self.log.error("another process has taken this run for dead; it is ended", ["run": begun.record.id])
                training.cancel()
            }
        }
        defer { beating.cancel() }
        let result = await withTaskCancellation(of: training)
        let record = try await BlockingWork.run("trainer") { [webhooks] _ in
            defer { begun.lease.release() }
            let record = notes.end(result)
            let manifest = try? result.get()
            if manifest?.gate.finding != .alreadyPublished {
                TrainingNotice(record: record, manifest: manifest).post(to: webhooks)
            }
            return record
        }
        switch result {
        case .success(let manifest):
            let verdict = manifest.gate
            Self.log.info(
                "trained",
                [
                    "run": record.id, "cause": record.causeName, "model": manifest.id,
                    "verdict": verdict.outcome.rawValue, "finding": verdict.finding?.rawValue ?? "",
                    "reason": verdict.reason,
                ])
            if let drift = manifest.drift { DriftMetrics.show(drift) }
            TrainingMetrics.count(verdict.outcome.rawValue, verdict.finding?.rawValue ?? "none")
        case .failure(let error) where error is CancellationError:
            Self.log.info("the training was stopped; nothing is published", ["run": record.id])
        case .failure(let error):
            Self.log.error(
                "training failed; the model in service stays", ["run": record.id, "error": "\(error)"])
            TrainingMetrics.count("failed", record.failure?.code ?? "")
        }
        return try result.get()
    }

    /// The task's result; if this one is cancelled, so is that.
    private func withTaskCancellation(of task: Task<Manifest, any Error>) async -> Result<Manifest, any Error> {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await BlockingWork.untilCancelled()
                // The group is cancelled in the end, too: a task that is over is not hurt by it.
                task.cancel()
            }
            let result = await task.result
            group.cancelAll()
            return result
        }
    }

    private func train(
        _ configuration: TrainingConfiguration, _ warmStart: String?, _ notes: Notes,
        _ onProgress: (TrainingProgress) throws -> Void
    ) throws -> Manifest {
        try quality.map { try QualityCheck.require($0, of: store, telling: webhooks) }
        let choices = try PersonalRegister(state).table()
        let events =
            if let since {
                try InteractionLog.read(
                    from: store, since: since, in: registry, maxBadRows: configuration.maxBadRows, choices: choices)
            } else {
                try InteractionLog.read(from: store, maxBadRows: configuration.maxBadRows, choices: choices)
            }
        if case .whole(let reason)? = events.reading { Self.log.info("reads all events", ["reason": reason]) }
        notes.update { $0.dataVersion = events.version }
        var configuration = configuration
        configuration.content = try FilmContent.read(from: store)
        if let warmStart {
            do {
                let start = try registry.open(registry.find(warmStart))
                if start.hasLearned(against: choices) {
                    Self.log.info("begins anew: the model learned from persons who object", ["model": start.id])
                } else {
                    configuration.warmStart = start
                }
            } catch TrainerError.noPromotedModel, TrainerError.registryNotFound {
                Self.log.info("no model to begin with", ["warm_start": warmStart])
            }
        }
        return try TrainingRun(configuration: configuration, registry: registry).run(events) { progress in
            try onProgress(progress)
            notes.note(progress)
        }
    }

    /// What is written down of a run, twice a second at most: each time is a synced transaction.
    private final class Notes: Sendable {
        private let ledger: TrainingLedger
        private let state: Mutex<(record: TrainingRecord, written: ContinuousClock.Instant?)>

        init(_ record: TrainingRecord, _ ledger: TrainingLedger) {
            self.ledger = ledger
            state = Mutex((record, nil))
        }

        func note(_ progress: TrainingProgress) {
            update { record in
                switch progress {
                case .fitting(let fit, _, _, _):
                    record.phase = fit.rawValue
                    (record.epoch, record.epochs) = (0, 0)
                case .epoch(let fit, let report, let of):
                    record.phase = fit.rawValue
                    (record.epoch, record.epochs) = (report.epoch, of)
                case .measured: record.phase = "measuring"
                case .published: record.phase = "publishing"
                default: break
                }
            }
        }

        func update(_ change: (inout TrainingRecord) -> Void) {
            let due = state.withLock { state -> TrainingRecord? in
                change(&state.record)
                let now = ContinuousClock.now
                if let written = state.written, now - written < .milliseconds(500) { return nil }
                state.written = now
                return state.record
            }
            if let due { write(due) }
        }

        func end(_ result: Result<Manifest, any Error>) -> TrainingRecord {
            let record = state.withLock { state -> TrainingRecord in
                state.record.endedAt = .now
                switch result {
                case .success(let manifest):
                    state.record.state = .done
                    state.record.model = manifest.id
                    state.record.verdict = manifest.gate
                case .failure(let error) where error is CancellationError: state.record.state = .cancelled
                case .failure(let error):
                    state.record.state = .failed
                    let fault = error as? any Fault
                    state.record.failure = .init(
                        code: fault?.code ?? "internal-error", message: fault?.message ?? "The training failed.",
                        advice: fault?.advice ?? "")
                }
                return state.record
            }
            write(record)
            return record
        }

        private func write(_ record: TrainingRecord) {
            do {
                try ledger.note(record)
            } catch {
                TrainingRunner.log.warning("a run could not be written down", ["run": record.id, "why": "\(error)"])
            }
        }
    }
}
