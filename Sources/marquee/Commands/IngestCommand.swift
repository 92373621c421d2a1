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
            Options.bootstrapServers.spec, Options.store.spec, Options.untilEnd.spec, Options.group.spec,
            Options.createTopics.spec, Options.onDataLoss.spec, Options.deadLetterTopic.spec, Options.cluster.spec,
        ],
        required: ["bootstrap-servers", "store"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "ingest --bootstrap-servers localhost:9092 --store data", meaning: "Goes on until Ctrl-C."),
            .init(
                line: "ingest --bootstrap-servers localhost:9092 --store data --until-end",
                meaning: "Stores what is there now and ends, for scripts."),
        ]
    ) { invocation in
        let store = try invocation.value(Options.store)
        let routes = try await BlockingWork.run("routes") { _ in try Kafka.routes(store: store) }
        var configuration = IngestConfiguration(
            store: store, kafka: try Kafka.properties(invocation), routes: routes)
        configuration.group = Kafka.ingestGroup
        configuration.untilEnd = try invocation.value(Options.untilEnd)
        if let group = invocation.optional(Options.group) {
            configuration.group = group
            configuration.sharing = .group
        }
        configuration.createTopics = invocation.optional(Options.createTopics)
        configuration.onDataLoss = try invocation.value(Options.onDataLoss)
        configuration.deadLetterTopic = invocation.optional(Options.deadLetterTopic)
        configuration.cluster = invocation.optional(Options.cluster)

        let bar = ProgressBar("ingest", total: nil, unit: "rows")
        let service = IngestService(configuration) { bar.update($0.rows, note: "\(Figure.count(Int($0.lag))) behind") }
        try await service.run()
        bar.finish()
        StandardOutput.write(line: service.summary)
        if configuration.untilEnd { try Task.checkCancellation() }
    }
}

/// The ingester as a service: with its figures, a log line for each trouble and each minute, and metrics.
final class IngestService: Service {
    let name = "ingest"
    private let ingester: Ingester
    private let latest: LatestProgress

    /// The newest figures; written by the ingester's thread, read by others.
    private final class LatestProgress: Sendable {
        let value = Mutex(IngestProgress())
    }

    /// - Parameter onProgress: about five times a second, on the ingester's thread.
    init(_ configuration: IngestConfiguration, onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }) {
        let latest = LatestProgress()
        let log = Log("ingest")
        let rows = Metrics.shared.counter("marquee_ingest_rows_total", help: "Rows committed.")
        let rejected = Metrics.shared.counter("marquee_ingest_rejected_total", help: "Messages in the dead letters.")
        let lag = Metrics.shared.gauge("marquee_ingest_lag", help: "Messages not committed yet.")
        let hooks = Ingester.Hooks(
            onProgress: { progress in
                let before = latest.value.withLock { value in
                    defer { value = progress }
                    return value
                }
                rows.increment(by: max(0, progress.rows - before.rows))
                rejected.increment(by: max(0, progress.rejectedCount - before.rejectedCount))
                lag.set(Double(progress.lag))
                if let trouble = progress.trouble, trouble != before.trouble {
                    log.warning("going on after trouble", ["trouble": trouble])
                }
                for note in progress.skipped.dropFirst(before.skipped.count) {
                    log.error("messages were lost at the broker and skipped", ["what": note])
                }
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
