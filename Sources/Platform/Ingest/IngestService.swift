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

    /// - Parameters:
    ///   - reportEvery: how often a line tells the figures; nil for never.
    ///   - onProgress: about five times a second, on the ingester's thread.
    ///   - openSink: see `Ingester`; nil for the tables of the store.
    public init(
        _ configuration: IngestConfiguration, name: String = "ingest", reportEvery: Duration? = nil,
        onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in },
        openSink: (@Sendable (TableContract) throws -> any EventSink)? = nil
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
        if let openSink {
            ingester = Ingester(configuration, hooks: hooks, openSink: openSink)
        } else {
            ingester = Ingester(configuration, hooks: hooks)
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
        let progress = try await ingester.run()
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
