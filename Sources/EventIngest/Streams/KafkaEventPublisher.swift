public import Domain
public import Kafka
import Operations

/// Publishes events to their topics and waits until the cluster has them. Each arrives once; where librdkafka's client dies
/// meanwhile and another takes over (``KafkaProducer``), at least once, with the same `event_id`.
public final class KafkaEventPublisher: EventPublisher {
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
        guard !events.isEmpty else { return }

        // Sending may wait for room in the queue, so it does not happen on the cooperative pool.
        let delivery = Delivery(messages: events.count)
        SystemThread.start("publish") { [producer, encoding, timeout] in
            var bytes: [UInt8] = []
            for (position, event) in events.enumerated() {
                bytes.removeAll(keepingCapacity: true)
                encoding.append(event, to: &bytes)
                var user = event.userID
                do {
                    try bytes.withUnsafeBytes { payload in
                        try user.withUTF8 { key in
                            try producer.send(
                                payload, key: UnsafeRawBufferPointer(key), topic: event.kind.topic, timestamp: 0,
                                headers: [], patience: timeout, delivery)
                        }
                    }
                } catch {
                    // What was not accepted will not be reported on by librdkafka.
                    for _ in position..<events.count { delivery.reported(failure: "\(error)") }
                    return
                }
            }
        }
        guard let outcome = await delivery.outcome(within: timeout) else {
            throw KafkaError.notAcknowledged(count: events.count, seconds: timeout)
        }
        if outcome.failed > 0 {
            throw KafkaError.deliveryFailed(count: outcome.failed, reason: outcome.reason ?? "unknown")
        }
    }

    /// Waits for what is still on its way. Blocks.
    public func close(timeout: Double = 5) throws { try producer.flush(timeout: timeout) }
}
