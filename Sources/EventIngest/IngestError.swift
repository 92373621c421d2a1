public import Domain

/// What can stop the ingestion room. Messages name the broker, topic or file; advice says what to do.
public enum IngestError: Fault {
    /// librdkafka has no such property.
    case unknownProperty(name: String, suggestion: String?)
    /// librdkafka refused a property's value.
    case invalidProperty(name: String, reason: String)
    case unreadableProperties(path: String, line: Int?, reason: String)
    case brokerUnreachable(servers: String, detail: String)
    case authenticationRefused(servers: String, detail: String)
    case topicMissing(topic: String)
    case topicRefused(topic: String, reason: String)
    /// The broker no longer has `expected`, or never had it: what it has is `available`.
    case dataLoss(topic: String, partition: Int32, expected: Int64, available: Range<Int64>)
    /// Someone else moved this partition's offset in the table while we were reading it.
    case anotherIngester(table: String, detail: String)
    case deliveryFailed(count: Int, reason: String)
    /// Clients of a producer died one after the other without having delivered anything.
    case producerLost(clients: Int, reason: String)
    case messageTooLarge(topic: String, bytes: Int)
    /// A call to librdkafka failed in a way that has no case of its own.
    case kafka(operation: String, reason: String)
    case stuckCommit(table: String, attempts: Int)
    case unreadableImport(path: String, reason: String)
    case emptyCatalog
    case invalidSetting(name: String, reason: String)
    /// The registry does not answer, or not as a registry would.
    case registryFailed(url: String, detail: String)
    case registryRefused(url: String, detail: String)
    /// The subject has a schema that the event's cannot follow.
    case schemaIncompatible(subject: String, reason: String)

    public var code: String {
        switch self {
        case .unknownProperty, .invalidProperty: "kafka-property-invalid"
        case .unreadableProperties: "kafka-properties-unreadable"
        case .brokerUnreachable: "broker-unreachable"
        case .authenticationRefused: "kafka-authentication-refused"
        case .topicMissing: "topic-missing"
        case .topicRefused: "topic-refused"
        case .dataLoss: "kafka-data-loss"
        case .anotherIngester: "another-ingester"
        case .deliveryFailed: "delivery-failed"
        case .producerLost: "producer-lost"
        case .messageTooLarge: "message-too-large"
        case .kafka: "kafka-error"
        case .stuckCommit: "commit-stuck"
        case .unreadableImport: "import-unreadable"
        case .emptyCatalog: "catalog-empty"
        case .invalidSetting: "setting-invalid"
        case .registryFailed: "schema-registry-failed"
        case .registryRefused: "schema-registry-refused"
        case .schemaIncompatible: "schema-incompatible"
        }
    }

    public var message: String {
        switch self {
        case .unknownProperty(let name, _): "There is no Kafka property '\(name)'."
        case .invalidProperty(let name, let reason): "The Kafka property \(name) is not usable: \(reason)."
        case .unreadableProperties(let path, let line, let reason):
            "Cannot read Kafka properties from \(path)\(line.map { " (line \($0))" } ?? ""): \(reason)."
        case .brokerUnreachable(let servers, let detail): "No Kafka broker answers at \(servers): \(detail)."
        case .authenticationRefused(let servers, let detail):
            "The Kafka broker at \(servers) refused the credentials: \(detail)."
        case .topicMissing(let topic): "The topic \(topic) does not exist."
        case .topicRefused(let topic, let reason): "The topic \(topic) cannot be used: \(reason)."
        case .dataLoss(let topic, let partition, let expected, let available):
            """
            \(topic)[\(partition)] should continue at offset \(expected), but the broker has \
            \(available.lowerBound)..<\(available.upperBound): \(Self.lost(expected, available)).
            """
        case .anotherIngester(let table, let detail): "Another ingester writes to the table \(table): \(detail)."
        case .deliveryFailed(let count, let reason): "\(count) messages were not delivered: \(reason)."
        case .producerLost(let clients, let reason):
            "Nothing can be sent: \(clients) Kafka producers in a row died before they delivered anything, the last of: \(reason)."
        case .messageTooLarge(let topic, let bytes):
            "A message of \(bytes) bytes for \(topic) is larger than the producer or the broker accepts."
        case .kafka(let operation, let reason): "Kafka failed at \(operation): \(reason)."
        case .stuckCommit(let table, let attempts): "The commit to \(table) lost \(attempts) races in a row."
        case .unreadableImport(let path, let reason): "Cannot import \(path): \(reason)."
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
        case .unknownProperty(let name, let suggestion):
            if name.hasPrefix("ssl.truststore.") || name.hasPrefix("ssl.keystore.type") {
                "librdkafka reads PEM, not Java's key stores: name the CA's file with ssl.ca.location."
            } else if let suggestion {
                "Did you mean '\(suggestion)'?"
            } else {
                "The names are librdkafka's; see its CONFIGURATION.md."
            }
        case .invalidProperty:
            "The names and values are librdkafka's; see its CONFIGURATION.md."
        case .unreadableProperties: "Each line is name=value; # starts a comment."
        case .brokerUnreachable: "Check --bootstrap-servers; `marquee broker` starts an embedded one."
        case .authenticationRefused: "Check sasl.mechanisms, sasl.username, sasl.password and security.protocol."
        case .topicMissing: "Create it, or pass --create-topics."
        case .topicRefused: "Check the name and the access rights."
        case .dataLoss: "Nothing was skipped. To go on without the lost messages pass --on-data-loss continue."
        case .anotherIngester: "Stop one of them, or give both the same --group to share the partitions."
        case .deliveryFailed: "They were not stored; send them again."
        case .producerLost:
            "Look for the reason in the brokers' logs; the user may lack the right to idempotent writes."
        case .messageTooLarge: "Shorten it, or raise kafka.message.max.bytes and the topic's max.message.bytes."
        case .kafka: ""
        case .stuckCommit: "See who else writes to the table with `marquee store log`."
        case .unreadableImport: "docs/importing.md lists the layouts that are understood."
        case .emptyCatalog: "Give a catalogue with --catalog FILE."
        case .invalidSetting: ""
        case .registryFailed: "Check --schema-registry; nothing was skipped, the next run goes on at the same place."
        case .registryRefused:
            "Check --schema-registry-user and --schema-registry-password, or basic.auth.user.info in --kafka-config."
        case .schemaIncompatible: "Use another topic, or lower the subject's compatibility level at the registry."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unknownProperty, .invalidProperty, .unreadableProperties, .invalidSetting, .emptyCatalog: .usage
        case .brokerUnreachable, .authenticationRefused, .deliveryFailed, .producerLost, .kafka, .stuckCommit:
            .unavailable
        case .registryFailed, .registryRefused: .unavailable
        case .topicMissing, .topicRefused: .notFound
        case .dataLoss, .unreadableImport, .messageTooLarge, .schemaIncompatible: .badData
        case .anotherIngester: .unavailable
        }
    }

    private static func lost(_ expected: Int64, _ available: Range<Int64>) -> String {
        if expected < available.lowerBound { return "\(available.lowerBound - expected) messages are gone" }
        return "the log is \(expected - available.upperBound) messages shorter than what was already stored"
    }
}
