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
        self.init(configuration, hooks: hooks) { try Self.sink(of: $0, configuration) }
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
        self.init(configuration, hooks: hooks) { contract in
            let table = try Self.sink(of: contract, configuration)
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

    /// The table of the store; what persons allow goes into the state.
    private static func sink(
        of contract: TableContract, _ configuration: IngestConfiguration
    ) throws -> any EventSink {
        if contract.name == ConsentTable.contract.name, let state = configuration.consents { return ConsentSink(state) }
        return try DeltaSink(
            configuration.store, contract, history: configuration.history,
            pseudonymKey: configuration.pseudonymKey)
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
            var progress = IngestProgress()
            var stall: Stall?
            while true {
                do {
                    return try work(from: &progress)
                } catch let error as IngestError {
                    // A client can go on asking a broker that no longer leads, for good; a new one asks who does. Where that
                    // brings nothing either, the trouble is elsewhere.
                    guard let found = Stall(error, progress), found.place != stall?.place || found.next != stall?.next,
                        !isStopped.load(ordering: .acquiring)
                    else { throw error }
                    stall = found
                    Self.log.warning(
                        "a partition has messages and gives none; a new client is taken",
                        ["partition": "\(found.place)", "next": found.next])
                } catch let error as KafkaError where error.category == .unavailable {
                    // The new client did not even begin: what was wrong before says more.
                    guard let stall, stall.messages == progress.messages else { throw error }
                    throw stall.error
                }
            }
        }
    }

    /// Where nothing came, and how many messages had come by then.
    private struct Stall {
        let error: IngestError
        let place: TopicPartition
        let next: Int64
        let messages: Int

        /// nil for any other error.
        init?(_ error: IngestError, _ progress: IngestProgress) {
            guard case .partitionStalled(let topic, let partition, let next, _, _) = error else { return nil }
            self.error = error
            place = TopicPartition(topic, partition)
            self.next = next
            messages = progress.messages
        }
    }

    /// With a client and sinks of its own, which are gone when it returns.
    /// - Parameter progress: what runs before this one did, and then what all have done.
    private func work(from progress: inout IngestProgress) throws -> IngestProgress {
        let run = try IngestRun(configuration, hooks: hooks, openSink: openSink)
        run.isHurried = { [self] in isHurried.load(ordering: .acquiring) }
        run.goOn(from: progress)
        defer { progress = run.progress }
        return try run.work { [self] in isStopped.load(ordering: .acquiring) }
    }

    private static let log = Log("ingest")
}
