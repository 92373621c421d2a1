import Domain
import Operations

/// What an ingester shows to Prometheus; the names are listed in docs/ingestion.md. One thread uses it.
struct IngestMetrics {
    private let metrics: Metrics
    private let messages: Counter
    private let bytes: Counter
    private let lag: Gauge
    private let isUp: Gauge
    private let stalled: Gauge
    private let heldBack: Gauge
    private let partitions: Gauge
    private let pendingRows: Gauge
    private let pendingBytes: Gauge
    private let delay: Histogram
    private var rejected: [String: Counter] = [:]
    private var partitionLags: [TopicPartition: Gauge] = [:]
    private var sinks: [String: Sink] = [:]
    private var reported = (messages: 0, bytes: 0)

    private struct Sink {
        let rows: Counter
        let commits: Counter
        let seconds: Histogram
    }

    init(_ metrics: Metrics) {
        self.metrics = metrics
        messages = metrics.counter("marquee_ingest_messages_total", help: "Messages read, rejected ones included.")
        bytes = metrics.counter("marquee_ingest_bytes_total", help: "Bytes of the payloads read.")
        lag = metrics.gauge(
            "marquee_ingest_lag",
            help: "Messages at the broker that are not committed yet; NaN while no broker answers.")
        isUp = metrics.gauge(
            "marquee_kafka_up", help: "1 while a broker answers.", labels: ["client": "ingest"])
        stalled = metrics.gauge(
            "marquee_ingest_stalled_partitions", help: "Partitions that have messages and gave none for a minute.")
        heldBack = metrics.gauge(
            "marquee_ingest_held_back", help: "Offsets behind transactions that have been open for long.")
        partitions = metrics.gauge("marquee_ingest_partitions", help: "Partitions this ingester reads.")
        pendingRows = metrics.gauge("marquee_ingest_pending_rows", help: "Rows collected for the next commit.")
        pendingBytes = metrics.gauge("marquee_ingest_pending_bytes", help: "Memory these rows take.")
        delay = metrics.histogram(
            "marquee_ingest_delay_seconds",
            help: "From the reading of a commit's oldest message to the end of the commit.")
    }

    mutating func committed(_ sink: String, rows: Int, seconds: Double) {
        if sinks[sink] == nil {
            sinks[sink] = Sink(
                rows: metrics.counter(
                    "marquee_ingest_rows_total", help: "Rows committed, dead letters included.",
                    labels: ["table": sink]),
                commits: metrics.counter(
                    "marquee_ingest_commits_total", help: "Commits made.", labels: ["table": sink]),
                seconds: metrics.histogram(
                    "marquee_ingest_commit_seconds", help: "How long a commit took.", labels: ["table": sink]))
        }
        guard let own = sinks[sink] else { return }
        own.rows.increment(by: rows)
        own.commits.increment()
        own.seconds.observe(seconds)
    }

    func committed(after seconds: Double) { delay.observe(seconds) }

    mutating func rejected(_ reason: String) {
        let counter =
            rejected[reason]
            ?? metrics.counter(
                "marquee_ingest_rejected_total", help: "Messages that are no rows, by reason.",
                labels: ["reason": reason])
        rejected[reason] = counter
        counter.increment()
    }

    /// The figures of the moment.
    mutating func show(_ progress: IngestProgress, pending: (rows: Int, bytes: Int), lags: [TopicPartition: Int64]) {
        messages.increment(by: progress.messages - reported.messages)
        bytes.increment(by: progress.payloadBytes - reported.bytes)
        reported = (progress.messages, progress.payloadBytes)
        lag.set(progress.lag.map(Double.init) ?? .nan)
        isUp.set(progress.outage == nil ? 1 : 0)
        stalled.set(Double(progress.stalledPartitions))
        heldBack.set(Double(progress.heldBack.values.reduce(0) { $0 + $1.count }))
        partitions.set(Double(progress.partitions))
        pendingRows.set(Double(pending.rows))
        pendingBytes.set(Double(pending.bytes))
        for (place, value) in lags {
            if partitionLags[place] == nil {
                partitionLags[place] = metrics.gauge(
                    "marquee_ingest_partition_lag", help: "Messages of a partition that are not committed yet.",
                    labels: ["topic": place.topic, "partition": String(place.partition)])
            }
            partitionLags[place]?.set(progress.lag == nil ? .nan : Double(value))
        }
        // Somebody else counts these now.
        for (place, gauge) in partitionLags where lags[place] == nil { gauge.set(0) }
    }
}
