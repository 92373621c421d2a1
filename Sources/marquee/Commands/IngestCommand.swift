import Domain
import EventIngest
import Operations
import Synchronization

/// `marquee ingest`
enum IngestCommand {
    static let command: Command = Command(
        path: ["ingest"], summary: "Move events and films from Kafka into the store, each exactly once.",
        details: """
            Reads the topics movie-views, movie-likes, movie-reviews and movies into the Delta tables events and movies.
            What cannot be decoded goes, whole and with its reason, to the table dead_letters. The offsets are part of
            each commit: after a crash at any instant the next run goes on where the tables say. Runs until it is
            interrupted, and stores what it has before it ends.
            """,
        options: [
            Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.store.spec, Options.untilEnd.spec,
            Options.group.spec, Options.commitRows.spec, Options.commitBytes.spec, Options.commitInterval.spec,
            Options.createTopics.spec, Options.replication.spec, Options.onDataLoss.spec,
            Options.deadLetterTopic.spec, Options.cluster.spec, Options.metricsPort.spec, Options.metricsHost.spec,
            Options.reportEvery.spec,
            Options.eventFormat.spec, Options.schemaRegistry.spec, Options.schemaRegistryUser.spec,
            Options.schemaRegistryPassword.spec, Options.duplicateWindow.spec,
        ],
        required: ["store"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "ingest --bootstrap-servers localhost:9092 --store data", meaning: "Goes on until Ctrl-C."),
            .init(
                line: "ingest --bootstrap-servers localhost:9092 --store data --until-end",
                meaning: "Stores what is there now and ends, for scripts."),
            .init(
                line: "ingest --kafka-config client.properties --store data --group eu-1 --metrics-port 9400",
                meaning: "One of several that share the topics of a cluster, as its provider describes it."),
            .init(
                line:
                    "ingest --bootstrap-servers localhost:9092 --store data --commit-interval 30s --commit-bytes 512M",
                meaning: "Fewer, larger files, for rows that may be half a minute late."),
            .init(
                line: """
                    ingest --bootstrap-servers localhost:9092 --store data --format avro \
                    --schema-registry http://localhost:8081
                    """, meaning: "Events in Avro, read by the schemas they were written with."),
        ]
    ) { invocation in
        let store = try invocation.value(Options.store)
        let window = try invocation.value(Options.duplicateWindow)
        let routes = try await BlockingWork.run("routes") { _ in
            let format = try Kafka.registry(invocation).map { EventFormat.avro($0) } ?? .json
            return try Kafka.routes(store: store, format: format, duplicateWindow: window)
        }
        var configuration = IngestConfiguration(
            store: store, kafka: try Kafka.properties(invocation), routes: routes)
        configuration.group = Kafka.ingestGroup
        configuration.untilEnd = try invocation.value(Options.untilEnd)
        if let group = invocation.optional(Options.group) {
            configuration.group = group
            configuration.sharing = .group
        }
        configuration.commit = CommitPolicy(
            rows: try invocation.value(Options.commitRows), bytes: try invocation.value(Options.commitBytes),
            age: try invocation.value(Options.commitInterval))
        configuration.createTopics = invocation.optional(Options.createTopics)
        configuration.replication = invocation.optional(Options.replication)
        configuration.onDataLoss = try invocation.value(Options.onDataLoss)
        configuration.deadLetterTopic = invocation.optional(Options.deadLetterTopic)
        configuration.cluster = invocation.optional(Options.cluster)

        // A bar for whoever waits and watches, log lines for whoever reads them later.
        let isWatched = StandardError.isTerminal || configuration.untilEnd
        let bar = ProgressBar("ingest", total: nil, unit: "rows")
        let service = IngestService(
            configuration, reportEvery: isWatched ? nil : .seconds(try invocation.value(Options.reportEvery))
        ) { progress in
            guard isWatched else { return }
            bar.update(progress.rows, note: "\(Figure.count(Int(progress.lag))) behind")
        }
        var group = ServiceGroup()
        if let port = invocation.optional(Options.metricsPort) {
            group.add(try MetricsService(host: try invocation.value(Options.metricsHost), port: port))
        }
        group.add(service)
        let outcome = try await group.run()
        bar.finish()
        StandardOutput.write(line: service.summary)
        if configuration.untilEnd, case .stopped = outcome { try Task.checkCancellation() }
    }
}

/// The ingester as a service, with a log line for each trouble and, if asked, for each while.
final class IngestService: Service {
    let name = "ingest"
    private let ingester: Ingester
    private let latest: LatestProgress

    /// The newest figures; written by the ingester's thread, read by others.
    private final class LatestProgress: Sendable {
        let value = Mutex(IngestProgress())
        let logged = Mutex((at: ContinuousClock.now, rows: 0))
    }

    /// - Parameters:
    ///   - reportEvery: how often a line tells the figures; nil for never.
    ///   - onProgress: about five times a second, on the ingester's thread.
    init(
        _ configuration: IngestConfiguration, reportEvery: Duration? = nil,
        onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) {
        let latest = LatestProgress()
        let log = Log("ingest")
        let hooks = Ingester.Hooks(
            onProgress: { progress in
                let before = latest.value.withLock { value in
                    defer { value = progress }
                    return value
                }
                if let trouble = progress.trouble, trouble != before.trouble {
                    log.warning("going on after trouble", ["trouble": trouble])
                }
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
            }, kafka: Kafka.observer)
        self.latest = latest
        ingester = Ingester(configuration, hooks: hooks)
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
                "rows": progress.rows, "rows_per_second": Int(Double(span.rows) / span.seconds), "lag": progress.lag,
                "rejected": progress.rejectedCount, "partitions": progress.partitions,
                "commit_seconds": progress.commitSeconds,
            ])
    }

    var progress: IngestProgress { latest.value.withLock { $0 } }

    func run() async throws {
        let progress = try await ingester.run()
        latest.value.withLock { $0 = progress }
    }

    /// One line on what was stored.
    var summary: String {
        let progress = progress
        var text = """
            stored \(Figure.count(progress.rows)) rows in \(Figure.seconds(progress.seconds)) \
            (\(Figure.count(Int(progress.rowsPerSecond)))/s), \(Figure.count(progress.commits)) commits, \
            \(Figure.count(progress.rejectedCount)) dead letters
            """
        let reasons = progress.rejected.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.count($0.value))" }
        if !reasons.isEmpty { text += " (\(reasons.joined(separator: ", ")))" }
        return text
    }
}
