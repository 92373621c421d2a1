public import Domain
public import Kafka
import Operations

/// Publishes events and impressions to their topics and waits until the cluster has them. Each arrives once; where librdkafka's client dies
/// meanwhile and another takes over (``KafkaProducer``), at least once, with the same identifier.
public final class KafkaEventPublisher: EventPublisher, ImpressionPublisher {
    private let producer: KafkaProducer
    private let servers: String
    private let encoding: EventEncoding
    private let timeout: Double

    /// - Parameters:
    ///   - timeout: seconds after which ``publish(_:)`` no longer waits. librdkafka goes on trying for ten seconds at
    ///     least: to take back what is on its way would cost an idempotent producer its order.
    ///   - encoding: how the messages are written.
    /// - Throws: ``KafkaError/invalidProperty(name:reason:)``.
    public init(
        properties: KafkaProperties, timeout: Double = 2, encoding: EventEncoding = .json,
        observer: KafkaObserver = KafkaObserver()
    ) throws {
        self.encoding = encoding
        self.timeout = timeout
        let defaults = KafkaProperties([
            "delivery.timeout.ms": "\(Int(max(timeout, 10) * 1000))", "linger.ms": "5",
        ])
        var effective = defaults.merging(properties)
        // Whoever publishes waits for the report of each message.
        effective["delivery.report.only.error"] = "false"
        producer = try KafkaProducer(properties: effective, observer: observer)
        servers = properties.bootstrapServers
    }

    /// - Throws: ``KafkaError/notAcknowledged(count:seconds:)``, ``KafkaError/deliveryFailed(count:reason:)``.
    public func publish(_ events: [Event]) async throws {
        try await publish(events) { [encoding] event, bytes in
            encoding.append(event, to: &bytes)
            return (key: event.userID, topic: event.kind.topic)
        }
    }

    /// Impressions are JSON, whatever events are.
    /// - Throws: as ``publish(_:)-([Event])``.
    public func publish(_ impressions: [Impression]) async throws {
        try await publish(impressions) { impression, bytes in
            ImpressionEncoder.append(impression, to: &bytes)
            // One user's in order; those of nobody by the list, so that a second try meets the first.
            return (key: impression.userID ?? impression.recommendationID, topic: Topics.impressions)
        }
    }

    /// - Parameter write: appends the message of one of them, and says where it goes.
    private func publish<Item: Sendable>(
        _ items: [Item], _ write: @escaping @Sendable (Item, inout [UInt8]) -> (key: String, topic: String)
    ) async throws {
        guard !items.isEmpty else { return }

        // Sending may wait for room in the queue, so it does not happen on the cooperative pool.
        let delivery = Delivery(messages: items.count)
        SystemThread.start("publish") { [producer, timeout] in
            var bytes: [UInt8] = []
            for (position, item) in items.enumerated() {
                bytes.removeAll(keepingCapacity: true)
                var (key, topic) = write(item, &bytes)
                do {
                    try bytes.withUnsafeBytes { payload in
                        try key.withUTF8 { key in
                            try producer.send(
                                payload, key: UnsafeRawBufferPointer(key), topic: topic, timestamp: 0,
                                headers: [], patience: timeout, delivery)
                        }
                    }
                } catch {
                    // What was not accepted will not be reported on by librdkafka.
                    for _ in position..<items.count { delivery.reported(failure: "\(error)") }
                    return
                }
            }
        }
        guard let outcome = await delivery.outcome(within: timeout) else {
            throw KafkaError.notAcknowledged(count: items.count, seconds: timeout)
        }
        if outcome.failed > 0 {
            throw KafkaError.deliveryFailed(count: outcome.failed, reason: outcome.reason ?? "unknown")
        }
    }

    /// Waits for what is still on its way. Blocks.
    public func close(timeout: Double = 5) throws { try producer.flush(timeout: timeout) }
}
