public import Domain
import Foundation

/// What can stop a client of Kafka. Messages name the broker, topic or property; advice says what to do.
public enum KafkaError: Fault {
    /// librdkafka has no such property.
    case unknownProperty(name: String, suggestion: String?)
    /// librdkafka refused a property's value.
    case invalidProperty(name: String, reason: String)
    case unreadableProperties(path: String, line: Int?, reason: String)
    case brokerUnreachable(servers: String, detail: String)
    case authenticationRefused(servers: String, detail: String)
    case topicMissing(topic: String)
    case topicRefused(topic: String, reason: String)
    case deliveryFailed(count: Int, reason: String)
    /// What became of some messages is not known in time; they may arrive yet.
    case notAcknowledged(count: Int, seconds: Double)
    /// Clients of a producer died one after the other without having delivered anything.
    case producerLost(clients: Int, reason: String)
    case messageTooLarge(topic: String, bytes: Int)
    /// The file that tells others where the embedded broker is cannot be written.
    case unwritableBootstrapFile(path: String)
    /// A call to librdkafka failed in a way that has no case of its own.
    case failed(operation: String, reason: String)

    public var code: String {
        switch self {
        case .unknownProperty, .invalidProperty: "kafka-property-invalid"
        case .unreadableProperties: "kafka-properties-unreadable"
        case .brokerUnreachable: "broker-unreachable"
        case .authenticationRefused: "kafka-authentication-refused"
        case .topicMissing: "topic-missing"
        case .topicRefused: "topic-refused"
        case .deliveryFailed: "delivery-failed"
        case .notAcknowledged: "publish-timed-out"
        case .producerLost: "producer-lost"
        case .messageTooLarge: "message-too-large"
        case .unwritableBootstrapFile: "setting-invalid"
        case .failed: "kafka-error"
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
        case .deliveryFailed(let count, let reason): "\(count) messages were not delivered: \(reason)."
        case .notAcknowledged(let count, let seconds):
            "Kafka has not acknowledged \(count) \(count == 1 ? "event" : "events") within \(seconds.formatted()) s; they may be taken yet."
        case .producerLost(let clients, let reason):
            "Nothing can be sent: \(clients) Kafka producers in a row died before they delivered anything, the last of: \(reason)."
        case .messageTooLarge(let topic, let bytes):
            "A message of \(bytes) bytes for \(topic) is larger than the producer or the broker accepts."
        case .unwritableBootstrapFile(let path): "--bootstrap-file \(path) is not usable: cannot write there."
        case .failed(let operation, let reason): "Kafka failed at \(operation): \(reason)."
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
        case .deliveryFailed: "They were not stored; send them again."
        case .notAcknowledged: "Send them again with the same event_id: each is stored once."
        case .producerLost:
            "Look for the reason in the brokers' logs; the user may lack the right to idempotent writes."
        case .messageTooLarge: "Shorten it, or raise kafka.message.max.bytes and the topic's max.message.bytes."
        case .unwritableBootstrapFile, .failed: ""
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unknownProperty, .invalidProperty, .unreadableProperties, .unwritableBootstrapFile: .usage
        case .brokerUnreachable, .authenticationRefused, .deliveryFailed, .notAcknowledged, .producerLost, .failed:
            .unavailable
        case .topicMissing, .topicRefused: .notFound
        case .messageTooLarge: .badData
        }
    }
}
