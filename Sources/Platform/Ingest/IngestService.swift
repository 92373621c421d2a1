public import EventIngest
internal import Kafka
public import Operations
public import Store
internal import Synchronization

/// The ingester as a service, with a log line for each trouble and, if asked, for each while.
public final class IngestService: Service {
    public let name: String
    private let ingester: Ingester
    private let latest: LatestProgress
    private let log: Log

    /// The newest figures; written by the ingester's thread, read by others.
    private final class LatestProgress: Sendable {
        let value = Mutex(IngestProgress())
        let logged = Mutex((at: ContinuousClock.now, rows: 0))
    }

    /// Where rows go. What opens a sink is also given whether the service is to end: for what waits for a server.
    public enum Sinks: Sendable {
        /// Into the tables of the store.
        case tables
        /// There, and before that to a mirror of a table, where it has one.
        case mirrored(@Sendable (TableContract, @escaping @Sendable () -> Bool) throws -> (any EventSink)?)
        /// To other sinks alone.
        case only(@Sendable (TableContract, @escaping @Sendable () -> Bool) throws -> any EventSink)
    }

    private final class Stop: Sendable {
        let isAsked = Atomic<Bool>(false)
    }

    private let stop = Stop()

    /// - Parameters:
    ///   - reportEvery: how often a line tells the figures; nil for never.
    ///   - onProgress: about five times a second, on the ingester's thread.
    ///   - sinks: where rows go.
    public init(
        _ configuration: IngestConfiguration, name: String = "ingest", reportEvery: Duration? = nil,
        onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in },
        sinks: Sinks = .tables
    ) {
        let latest = LatestProgress()
        let log = Log(name)
        self.name = name
        self.log = log
        let hooks = Ingester.Hooks(
            onProgress: { progress in
                let before = latest.value.withLock { value in
                    defer { value = progress }
                    return value
                }
                if let trouble = progress.trouble, trouble != before.trouble {
                    log.warning("going on after trouble", ["trouble": trouble])
                }
                Self.tellOfTheCluster(progress, before, log)
                for note in progress.skipped.dropFirst(before.skipped.count) {
                    log.error("messages were lost at the broker and skipped", ["what": note])
                }
                if let reportEvery { Self.report(progress, every: reportEvery, latest, log) }
                onProgress(progress)
            },
            onCommit: { commit in
                log.debug(
                    "committed",
                    ["table": commit.table, "version": commit.version, "rows": commit.rows, "seconds": commit.seconds])
            }, kafka: .logging)
        self.latest = latest
        let isStopping: @Sendable () -> Bool = { [stop] in stop.isAsked.load(ordering: .acquiring) }
        switch sinks {
        case .tables: ingester = Ingester(configuration, hooks: hooks)
        case .mirrored(let open):
            ingester = Ingester(configuration, hooks: hooks, mirroring: { try open($0, isStopping) })
        case .only(let open): ingester = Ingester(configuration, hooks: hooks) { try open($0, isStopping) }
        }
    }

    /// A line for each thing that goes away, and one when it is back.
    private static func tellOfTheCluster(_ progress: IngestProgress, _ before: IngestProgress, _ log: Log) {
        if let outage = progress.outage, before.outage == nil {
            log.error(
                "Kafka is away: nothing is read until it is back", ["since": "\(outage.since)", "why": outage.reason])
        } else if progress.outage == nil, let outage = before.outage {
            log.info("Kafka is back", ["away_since": "\(outage.since)"])
        }
        for (place, offsets) in progress.heldBack where before.heldBack[place] == nil {
            log.warning(
                "an open transaction holds messages back: they are read when it ends",
                ["partition": "\(place)", "from": offsets.lowerBound, "offsets": offsets.count])
        }
        for topic in progress.missingTopics.subtracting(before.missingTopics).sorted() {
            log.error("a topic does not exist any more: nothing is read of it until it is made again", ["topic": topic])
        }
        for topic in before.missingTopics.subtracting(progress.missingTopics).sorted() {
            log.info("the topic is there again", ["topic": topic])
        }
    }

    private static func report(_ progress: IngestProgress, every: Duration, _ latest: LatestProgress, _ log: Log) {
        let now = ContinuousClock.now
        let span = latest.logged.withLock { logged -> (seconds: Double, rows: Int)? in
            guard now - logged.at >= every else { return nil }
            defer { logged = (now, progress.rows) }
            return ((now - logged.at) / .seconds(1), progress.rows - logged.rows)
        }
        guard let span else { return }
        log.info(
            "progress",
            [
                "rows": progress.rows, "rows_per_second": Int(Double(span.rows) / span.seconds),
                "lag": progress.lag.map { "\($0)" } ?? "unknown",
                "rejected": progress.rejectedCount, "partitions": progress.partitions,
                "commit_seconds": progress.commitSeconds,
            ])
    }

    /// See `Ingester.hurry(_:)`.
    public func hurry(_ isHurried: Bool = true) { ingester.hurry(isHurried) }

    /// The newest figures.
    public var progress: IngestProgress { latest.value.withLock { $0 } }

    /// Ingests until cancelled, or to the end if the configuration asks for it; stores what it has before it ends.
    public func run() async throws {
        let progress = try await withThrowingTaskGroup(of: IngestProgress?.self) { group in
            group.addTask { [stop] in
                await BlockingWork.untilCancelled()
                stop.isAsked.store(true, ordering: .releasing)
                return nil
            }
            group.addTask { [ingester] in try await ingester.run() }
            // The ingester may end by itself; what waits for the cancellation does not.
            var progress = IngestProgress()
            while let end = try await group.next() {
                guard let end else { continue }
                progress = end
                group.cancelAll()
            }
            return progress
        }
        latest.value.withLock { $0 = progress }
        for (place, offsets) in progress.heldBack.sorted(by: { $0.key < $1.key }) {
            log.warning(
                "an open transaction holds messages back: they were not read",
                ["partition": "\(place)", "from": offsets.lowerBound, "offsets": offsets.count])
        }
    }

    /// Not ready while something is being retried: brokers or the disk do not take part.
    public var status: ServiceStatus {
        var status = ServiceStatus(of: name)
        status.obstacle = { [latest] in latest.value.withLock { $0.outage?.reason ?? $0.trouble } }
        return status
    }
}
