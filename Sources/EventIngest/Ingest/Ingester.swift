import Columnar
import Domain
public import Kafka
public import Operations
public import Store
import Synchronization

/// Moves messages from Kafka into tables, each exactly once.
///
/// The offsets of the messages are part of the commit that stores their rows, so a crash at any instant leaves both or
/// neither; on every start and every change of partitions reading goes on where the tables say, whatever the broker
/// believes. A commit is valid only if the offsets it moves are still where this ingester last saw them: an ingester
/// that lost a partition without noticing cannot store anything of it again.
///
/// Rejected messages go to the dead-letter table first, under offsets of their own: if the crash comes between the two
/// commits, they are recognised by their offsets and neither stored twice nor judged again.
public final class Ingester: Sendable {
    /// Who hears of what an ingester does.
    public struct Hooks: Sendable {
        /// About five times a second and at the end, on the ingester's thread.
        public var onProgress: (@Sendable (IngestProgress) -> Void)?
        public var onCommit: (@Sendable (IngestCommit) -> Void)?
        public var kafka = KafkaObserver()
        /// Where the ingester's figures and the client's go.
        public var metrics = Metrics.shared

        public init(
            onProgress: (@Sendable (IngestProgress) -> Void)? = nil,
            onCommit: (@Sendable (IngestCommit) -> Void)? = nil,
            kafka: KafkaObserver = KafkaObserver(), metrics: Metrics = .shared
        ) {
            self.onProgress = onProgress
            self.onCommit = onCommit
            self.kafka = kafka
            self.metrics = metrics
        }
    }

    private let configuration: IngestConfiguration
    private let hooks: Hooks
    private let openSink: @Sendable (TableContract) throws -> any EventSink
    private let isStopped = Atomic<Bool>(false)
    private let isHurried = Atomic<Bool>(false)

    /// With the tables of ``IngestConfiguration/store``, made where they are missing.
    public convenience init(_ configuration: IngestConfiguration, hooks: Hooks = Hooks()) {
        let (store, history) = (configuration.store, configuration.history)
        self.init(configuration, hooks: hooks) { try DeltaSink(store, $0, history: history) }
    }

    /// With the store's tables, whose rows also go to mirrors.
    ///
    /// A mirror is written before its table, and may be given rows again that it has: it must pass over those. While a
    /// mirror cannot be written its table is not written either.
    /// - Parameter openMirror: called as `openSink`; nil for a table without one.
    public convenience init(
        _ configuration: IngestConfiguration, hooks: Hooks = Hooks(),
        mirroring openMirror: @escaping @Sendable (TableContract) throws -> (any EventSink)?
    ) {
        let (store, history) = (configuration.store, configuration.history)
        self.init(configuration, hooks: hooks) { contract in
            let table = try DeltaSink(store, contract, history: history)
            return try openMirror(contract).map { MirroredSink(table, mirror: $0) } ?? table
        }
    }

    /// With sinks other than the store's tables.
    /// - Parameter openSink: called on the ingester's thread, once for each route and once for the dead letters.
    public init(
        _ configuration: IngestConfiguration, hooks: Hooks = Hooks(),
        openSink: @escaping @Sendable (TableContract) throws -> any EventSink
    ) {
        self.configuration = configuration
        self.hooks = hooks
        self.openSink = openSink
    }

    /// Makes ``run()`` store what it has and return.
    public func stop() { isStopped.store(true, ordering: .releasing) }

    /// Commits what was read as soon as the commit before is made, whatever the policy says of its age and size, until
    /// told otherwise: while somebody waits for the rows. Costs files.
    public func hurry(_ isHurried: Bool = true) { self.isHurried.store(isHurried, ordering: .releasing) }

    /// Runs on a thread of its own until stopped or cancelled, or, with ``IngestConfiguration/untilEnd``, until all is
    /// stored that was there at the start.
    /// - Throws: ``IngestError``, or what the tables throw. Nothing is lost: the next run goes on at the same place.
    @discardableResult
    public func run() async throws -> IngestProgress {
        try await BlockingWork.run("ingest", onCancel: stop) { [self] in
            let run = try IngestRun(configuration, hooks: hooks, openSink: openSink)
            run.isHurried = { [self] in isHurried.load(ordering: .acquiring) }
            return try run.work { isStopped.load(ordering: .acquiring) }
        }
    }
}
