public import Domain
public import Kafka
public import Operations
public import Store

/// What to do when the broker no longer has the messages at which the table goes on.
public enum DataLossPolicy: String, Sendable, CaseIterable {
    /// End with an error of the code `kafka-data-loss`; nothing is skipped.
    case stop
    /// Note it and go on with the oldest message the broker has.
    case `continue`
}

/// What an ingester reads, where it stores, and when it ends.
public struct IngestConfiguration: Sendable {
    /// How partitions are divided among ingesters.
    public enum Sharing: Sendable, Equatable {
        /// This one reads all partitions. A second one on the same table is refused by the table.
        case alone
        /// All ingesters of the group share them.
        case group
    }

    /// Which has the tables.
    public var store: EventStore
    public var kafka: KafkaProperties
    public var routes: [TopicRoute]
    public var sharing = Sharing.alone
    /// Under this name the broker hears how far we are, and ingesters share.
    public var group = "marquee-ingest"
    public var commit = CommitPolicy()
    /// End once everything is stored that was there at the start.
    public var untilEnd = false
    public var onDataLoss = DataLossPolicy.stop
    /// Rejected messages are also sent here, if set, at least once each.
    public var deadLetterTopic: String?
    /// Create missing topics with so many partitions; nil is to refuse them.
    public var createTopics: Int?
    /// Copies of each partition of created topics; nil is what the cluster does by default.
    public var replication: Int?
    /// Tells the key by which the routes put pseudonyms in the place of users' identifiers; nil where they do not. Tables
    /// of another key are refused.
    public var pseudonymKey: String?
    /// Where what persons allow goes, for the route of ``ConsentTable``.
    public var consents: StateDatabase?
    /// Stands for the cluster's own identifier in the table's offsets: for clusters that change theirs.
    public var cluster: String?
    /// Seconds for which older versions of tables stay readable that this ingester makes; nil is Delta's default, 30
    /// days of log and 7 days of files, which at a commit a second is hundreds of thousands of them.
    public var history: Int64? = 3600
    /// Seconds to wait for the broker at the start.
    public var patience = 15.0
    /// Seconds for which a log that ends before what is stored of it is looked at again, before that counts as a loss: a
    /// broker that wakes from a pause answers for a moment as the leader that it was.
    public var shorterLogPatience = 10.0
    /// Seconds that a partition may have messages and give none: then its fetching is begun anew, after as long again a
    /// new client is taken, once, and where that brings nothing either the run ends with ``IngestError/partitionStalled(topic:partition:next:end:seconds:)``.
    public var stallLimit = 60.0
    /// Seconds between two looks, while running, whether the logs are still the ones that were stored.
    public var inspectionInterval = 30.0
    /// Seconds that an open transaction may hold back what comes after it before that is reported.
    public var heldBackLimit = 30.0

    public init(store: EventStore, kafka: KafkaProperties, routes: [TopicRoute]) {
        self.store = store
        self.kafka = kafka
        self.routes = routes
    }
}

/// How far an ingester is.
public struct IngestProgress: Sendable {
    /// Messages read, rejected ones included.
    public var messages = 0
    /// Rows committed.
    public var rows = 0
    /// Rows that the sink had already, and did not store again.
    public var known = 0
    /// Messages in the dead letters by reason (without explanations).
    public var rejected: [String: Int] = [:]
    public var payloadBytes = 0
    public var commits = 0
    /// Messages at the broker that are not committed yet; nil while no broker says how many there are.
    public var lag: Int64?
    /// Since when no broker answers, and why.
    public var outage: (since: Timestamp, reason: String)?
    /// Topics that were there and are not any more.
    public var missingTopics: Set<String> = []
    /// Partitions that have messages and have given none for ``IngestConfiguration/stallLimit``.
    public var stalledPartitions = 0
    /// What open transactions hold back, at the end of a run of ``IngestConfiguration/untilEnd`` or for longer than
    /// ``IngestConfiguration/heldBackLimit``: offsets that can be read once those are committed or aborted.
    public var heldBack: [TopicPartition: Range<Int64>] = [:]
    public var partitions = 0
    public var seconds = 0.0
    /// How long the newest commit took.
    public var commitSeconds = 0.0
    /// The newest thing that went wrong and is being retried.
    public var trouble: String?
    /// What the broker had lost and was skipped, by ``DataLossPolicy/continue``.
    public var skipped: [String] = []

    /// Messages in the dead letters.
    public var rejectedCount: Int { rejected.values.reduce(0, +) }
    /// Rows committed a second, since the start.
    public var rowsPerSecond: Double { seconds > 0 ? Double(rows) / seconds : 0 }

    public init() {}
}

/// One commit of one table, for logs and metrics.
public struct IngestCommit: Sendable {
    public var table: String
    public var version: Int64
    public var rows: Int
    public var seconds: Double
}
