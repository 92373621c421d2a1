public import Operations
public import Store
internal import Synchronization
public import Trainer

/// Trains again and again: `marquee train --every 6h`.
///
/// A run that fails is logged and the next one comes at its time: a broken table or a full disk must not end the
/// schedule. When nothing new is in the table since the last run, there is no run. A graceful stop ends the training in
/// hand after its epoch; nothing is published then.
///
/// If the configuration asks for a search, the first run makes it, and the later ones, also those after a restart, take
/// what it found: a comparison from run to run is then one of data.
public final class RetrainingService: Service {
    public let name = "trainer"
    private let interval: Duration
    private let configuration: TrainingConfiguration
    private let registry: ModelRegistry
    private let store: EventStore
    private let warmStart: String?
    private let onProgress: @Sendable (TrainingProgress) -> Void
    private let log = Log("trainer")
    /// Version of the table at the end of the last run.
    private let lastVersion = Mutex<Int64?>(nil)

    /// - Parameters:
    ///   - interval: from the start of one run to the start of the next; a run that takes longer is followed at once.
    ///   - store: whose table of events is trained on.
    ///   - warmStart: the model to begin each run from, such as `current`; the first run of an empty registry begins with
    ///     random numbers.
    ///   - onProgress: called on the thread that trains.
    public init(
        every interval: Duration, store: EventStore, configuration: TrainingConfiguration, registry: ModelRegistry,
        warmStart: String? = nil, onProgress: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
    ) throws {
        guard interval >= .seconds(1) else {
            throw TrainerError.invalidSetting(name: "the interval", value: "\(interval)", allowed: "a second or more")
        }
        try configuration.validate()
        self.interval = interval
        self.store = store
        self.warmStart = warmStart
        var configuration = configuration
        configuration.search?.reusesEarlier = true
        self.configuration = configuration
        self.registry = registry
        self.onProgress = onProgress
    }

    public func run() async throws {
        let clock = ContinuousClock()
        var due = clock.now
        while !Task.isCancelled {
            do {
                try await BlockingWork.run("trainer") { flag in try self.trainOnce(flag) }
            } catch is CancellationError {
                return
            } catch {
                log.error("training failed; the next run comes at its time", ["error": "\(error)"])
            }
            due = max(due + interval, clock.now)
            try? await Task.sleep(until: due, clock: clock)
        }
    }

    private func trainOnce(_ flag: CancellationFlag) throws {
        let events = try InteractionLog.read(from: store, maxBadRows: configuration.maxBadRows)
        if let version = events.version, lastVersion.withLock({ $0 == version }) {
            log.info("nothing new to train on", ["version": version])
            return
        }
        var configuration = configuration
        if let warmStart {
            do {
                configuration.warmStart = try registry.open(registry.find(warmStart))
            } catch TrainerError.noPromotedModel, TrainerError.registryNotFound {
                log.info("no model to begin with", ["warm_start": warmStart])
            }
        }
        let manifest = try TrainingRun(configuration: configuration, registry: registry).run(events) { progress in
            try flag.check()
            onProgress(progress)
        }
        lastVersion.withLock { $0 = events.version }
        log.info(
            "trained",
            [
                "model": manifest.id, "verdict": manifest.gate.outcome.rawValue,
                "finding": manifest.gate.finding?.rawValue ?? "", "reason": manifest.gate.reason,
            ])
        count(manifest.gate)
    }

    /// The verdict as metrics.
    private func count(_ verdict: GateVerdict) {
        Metrics.shared.counter(
            "marquee_trainings_total", help: "Trainings that ended, by what the gate said.",
            labels: ["verdict": verdict.outcome.rawValue, "finding": verdict.finding?.rawValue ?? "none"]
        ).increment()
    }
}
