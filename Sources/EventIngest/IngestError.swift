public import Domain

/// What can stop the ingestion room, beside what stops a client of Kafka. Messages name the table, file or registry; advice
/// says what to do.
public enum IngestError: Fault {
    /// The broker no longer has `expected`, or never had it: what it has is `available`.
    case dataLoss(topic: String, partition: Int32, expected: Int64, available: Range<Int64>)
    /// The partition's log is another one than the table was filled from: what lies at `offset` is not what was stored.
    case otherLog(topic: String, partition: Int32, stored: Int64, offset: Int64, available: Range<Int64>)
    /// The table has offsets of more partitions than the topic has.
    case partitionsLost(topic: String, stored: Int, available: Int)
    /// A partition has messages and gives none.
    case partitionStalled(topic: String, partition: Int32, next: Int64, end: Int64, seconds: Double)
    /// Someone else moved this partition's offset in the table while we were reading it.
    case anotherIngester(table: String, detail: String)
    /// A data set was read, and none of its lines is an event.
    case emptyImport(path: String, cause: String)
    /// Ratings were given on another scale than half a star to five.
    case foreignScale(path: String, seen: ClosedRange<Double>, outside: Int, total: Int)
    case emptyCatalog
    case invalidSetting(name: String, reason: String)
    /// The registry does not answer, or not as a registry would.
    case registryFailed(url: String, detail: String)
    case registryRefused(url: String, detail: String)
    /// The subject has a schema that the event's cannot follow.
    case schemaIncompatible(subject: String, reason: String)

    public var code: String {
        switch self {
        case .dataLoss, .otherLog, .partitionsLost: "kafka-data-loss"
        case .partitionStalled: "kafka-partition-stalled"
        case .anotherIngester: "another-ingester"
        case .emptyImport: "import-empty"
        case .foreignScale: "import-scale"
        case .emptyCatalog: "catalog-empty"
        case .invalidSetting: "setting-invalid"
        case .registryFailed: "schema-registry-failed"
        case .registryRefused: "schema-registry-refused"
        case .schemaIncompatible: "schema-incompatible"
        }
    }

    public var message: String {
        switch self {
        case .dataLoss(let topic, let partition, let expected, let available):
            """
            \(topic)[\(partition)] should continue at offset \(expected), but the broker has \
            \(available.lowerBound)..<\(available.upperBound): \(Self.lost(expected, available)).
            """
        case .otherLog(let topic, let partition, let stored, let offset, let available):
            """
            \(topic)[\(partition)] is another log than the one that was stored up to offset \(stored): offset \(offset) is \
            not the message that the table has. The topic was made anew, or the cluster restored. The broker has \
            \(available.lowerBound)..<\(available.upperBound).
            """
        case .partitionsLost(let topic, let stored, let available):
            """
            \(topic) has \(available) \(available == 1 ? "partition" : "partitions"), but \(stored) were stored: it was made \
            anew with fewer, or this is another cluster.
            """
        case .partitionStalled(let topic, let partition, let next, let end, let seconds):
            """
            \(topic)[\(partition)] has messages \(next)..<\(end) and has given none for \(Int(seconds)) seconds, nor after its \
            fetching was begun anew, by a new client too.
            """
        case .anotherIngester(let table, let detail): "Another ingester writes to the table \(table): \(detail)."
        case .emptyImport(let path, let cause): "Nothing of \(path) was stored: \(cause)."
        case .foreignScale(let path, let seen, let outside, let total):
            """
            Nothing of \(path) was stored: \(outside) of its \(total) ratings are no stars from 0.5 to 5; they go from \
            \(Self.text(seen.lowerBound)) to \(Self.text(seen.upperBound)).
            """
        case .emptyCatalog: "The catalogue has no films to simulate with."
        case .invalidSetting(let name, let reason): "\(name) is not usable: \(reason)."
        case .registryFailed(let url, let detail): "The schema registry at \(url) cannot be used: \(detail)."
        case .registryRefused(let url, let detail): "The schema registry at \(url) refused the credentials: \(detail)."
        case .schemaIncompatible(let subject, let reason):
            "The schema of events is not compatible with the subject \(subject): \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .dataLoss: "Nothing was skipped. To go on without the lost messages pass --on-data-loss continue."
        case .otherLog, .partitionsLost:
            "Nothing was skipped. To read what is there now from its beginning pass --on-data-loss continue."
        case .partitionStalled: "Nothing was skipped; look at the partition's leader, then start it again."
        case .anotherIngester: "Stop one of them, or give both the same --group to share the partitions."
        case .emptyImport: "docs/importing.md lists the layouts that are understood."
        case .foreignScale(_, let seen, _, _):
            "Say what they were given on with --scale \(RatingScale(seen: seen)); --scale 0.5..5 refuses those lines alone."
        case .emptyCatalog: "Give a catalogue with --catalog FILE."
        case .invalidSetting: ""
        case .registryFailed: "Check --schema-registry; nothing was skipped, the next run goes on at the same place."
        case .registryRefused:
            "Check --schema-registry-user and MARQUEE_SCHEMA_REGISTRY_PASSWORD, or basic.auth.user.info in --kafka-config."
        case .schemaIncompatible: "Use another topic, or lower the subject's compatibility level at the registry."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .invalidSetting, .emptyCatalog: .usage
        case .registryFailed, .registryRefused, .anotherIngester, .partitionStalled: .unavailable
        case .dataLoss, .otherLog, .partitionsLost, .emptyImport, .foreignScale, .schemaIncompatible: .badData
        }
    }

    private static func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }

    private static func lost(_ expected: Int64, _ available: Range<Int64>) -> String {
        if expected < available.lowerBound { return "\(available.lowerBound - expected) messages are gone" }
        return "the log is \(expected - available.upperBound) messages shorter than what was already stored"
    }
}
