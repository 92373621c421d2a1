import CRdKafka
import Domain
import Foundation
import Synchronization

/// Sends messages. Idempotent and acknowledged by all in-sync replicas unless the properties say otherwise.
///
/// Any thread may send. A thread of the producer's own serves the delivery reports until it is released; what is still
/// queued then fails.
///
/// A message arrives once, in the order of sending in its partition. If librdkafka meets a fatal error, after which its
/// client does nothing any more, a new client takes over, and what the old one did not deliver for sure is sent again, in
/// its order, before anything else: across a fatal error messages arrive at least once. The observer hears of it
/// (``KafkaObserver/takeover``). Only where client after client dies without having delivered anything sending ends with
/// ``KafkaError/producerLost(clients:reason:)``; whoever sends half a minute later begins anew.
public final class KafkaProducer: Sendable {
    private let succession: ProducerSuccession

    /// What has become of the messages sent so far.
    public struct Counts: Sendable, Equatable {
        public var delivered: Int
        public var failed: Int
        /// Accepted but not yet reported on.
        public var queued: Int
        public var firstFailure: String?
        /// How often a message was sent again by the next client after one died: as many copies may have arrived, at most.
        public var sentAgain = 0
    }

    /// - Throws: ``KafkaError/invalidProperty(name:reason:)``. No connection is made yet.
    public convenience init(properties: KafkaProperties, observer: KafkaObserver = KafkaObserver()) throws {
        try self.init(properties: properties, observer: observer, limits: ProducerSuccession.Limits())
    }

    init(properties: KafkaProperties, observer: KafkaObserver, limits: ProducerSuccession.Limits) throws {
        let defaults = KafkaProperties([
            "enable.idempotence": "true", "linger.ms": "20", "compression.type": "lz4",
            // The partitioner of the Java clients: a user's events meet in one partition whoever sends them.
            "partitioner": "murmur2_random",
            // A message that has arrived is counted by its absence from the queue: see counts.
            "delivery.report.only.error": "true",
            // A topic that a starting broker did not name is looked for again after this, not after five minutes.
            "topic.metadata.refresh.interval.ms": "10000",
        ])
        succession = try ProducerSuccession(defaults.merging(properties), observer: observer, limits: limits)
        SystemThread.start("kafka-delivery") { [succession] in
            while !succession.isStopping { succession.serve() }
            succession.close()
        }
    }

    deinit { succession.stop() }

    /// Hands one message to librdkafka, which sends it in the background. While its queue is full this waits: that is
    /// the back-pressure. It also waits for a topic that was there before: a broker that has just started may not know it
    /// yet. Blocks, so do not call it from a task.
    /// - Parameter timestamp: milliseconds since 1970, or 0 for now.
    /// - Throws: ``KafkaError/messageTooLarge(topic:bytes:)``, ``KafkaError/deliveryFailed(count:reason:)`` if the
    ///   queue stays full for `patience` seconds, ``KafkaError/producerLost(clients:reason:)``.
    public func send(
        _ payload: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer? = nil, topic: String, timestamp: Int64 = 0,
        headers: [(name: String, value: [UInt8])] = [], patience: Double = 60
    ) throws {
        try send(payload, key: key, topic: topic, timestamp: timestamp, headers: headers, patience: patience, nil)
    }

    /// The same for bytes of our own.
    public func send(_ payload: [UInt8], key: String? = nil, topic: String, timestamp: Int64 = 0) throws {
        try payload.withUnsafeBytes { payload in
            guard var key else { return try send(payload, topic: topic, timestamp: timestamp) }
            try key.withUTF8 { try send(payload, key: UnsafeRawBufferPointer($0), topic: topic, timestamp: timestamp) }
        }
    }

    /// The same, whose report `delivery` waits for.
    package func send(
        _ payload: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer?, topic: String, timestamp: Int64,
        headers: [(name: String, value: [UInt8])], patience: Double, _ delivery: Delivery?
    ) throws {
        var known = try succession.topic(topic)
        let tag = MessageTag(succession.numbers(1), delivery)
        let start = ContinuousClock.now
        while true {
            let code = known.produce(payload, key: key, timestamp: timestamp, headers: headers, tag)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                if known.client.isDead { try? succession.replace(known.client) }
                return succession.took(1, known)
            }
            if known.client.isDead {
                known = try successor(of: known)
            } else if known.passes(code), ContinuousClock.now - start < .seconds(patience) {
                rd_kafka_poll(known.client.handle, 20)
            } else {
                throw refusal(code, known, bytes: payload.count, messages: 1, patience)
            }
        }
    }

    /// Hands over the messages of a batch, in their order; otherwise as one message is sent.
    /// - Throws: as for one message. What was not refused is sent.
    public func send(_ batch: MessageBatch, topic: String, patience: Double = 60) throws {
        guard batch.count > 0 else { return }
        let known = try succession.topic(topic)
        let number = succession.numbers(batch.count)
        try batch.bytes.withUnsafeBytes { bytes in
            try withUnsafeTemporaryAllocation(of: rd_kafka_message_t.self, capacity: batch.count) { messages in
                var place = bytes.baseAddress!
                for (i, length) in batch.lengths.enumerated() {
                    var message = rd_kafka_message_t()
                    // Neither is written to: librdkafka copies both.
                    message.key = UnsafeMutableRawPointer(mutating: place)
                    message.key_len = length.key
                    message.payload = message.key + length.key
                    message.len = length.payload
                    message._private = MessageTag(number + i).opaque()
                    messages.initializeElement(at: i, to: message)
                    place += length.key + length.payload
                }
                try send(messages, known, patience)
            }
        }
    }

    private func send(
        _ messages: UnsafeMutableBufferPointer<rd_kafka_message_t>, _ topic: ProducerTopic, _ patience: Double
    ) throws {
        var known = topic
        var left = messages.count
        var start: ContinuousClock.Instant?
        while true {
            let taken = rd_kafka_produce_batch(
                known.handle, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, messages.baseAddress, Int32(left))
            if taken > 0, known.client.isDead { try? succession.replace(known.client) }
            succession.took(Int(taken), known)
            start = taken > 0 ? ContinuousClock.now : start ?? ContinuousClock.now
            // Those that were refused move to the front, in their order. Once the queue is full, or the client dead, all that
            // follow are refused as well, so the whole order stays.
            var refused = 0
            for i in 0..<left where messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR {
                messages[refused] = messages[i]
                refused += 1
            }
            left = refused
            guard let first = messages[..<left].first else { return }
            if known.client.isDead {
                known = try successor(of: known)
                continue
            }
            if let last = messages[..<left].first(where: { !known.passes($0.err) }) {
                throw refusal(last.err, known, bytes: last.len, messages: left, patience)
            }
            guard ContinuousClock.now - start! < .seconds(patience) else {
                throw refusal(first.err, known, bytes: first.len, messages: left, patience)
            }
            rd_kafka_poll(known.client.handle, 20)
        }
    }

    /// The same topic of the client that takes over, once that has what the dead one left.
    private func successor(of topic: ProducerTopic) throws -> ProducerTopic {
        try succession.replace(topic.client)
        return try succession.topic(topic.name)
    }

    private func refusal(
        _ code: rd_kafka_resp_err_t, _ topic: ProducerTopic, bytes: Int, messages: Int, _ patience: Double
    ) -> KafkaError {
        switch code {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: .messageTooLarge(topic: topic.name, bytes: bytes)
        case RD_KAFKA_RESP_ERR__QUEUE_FULL:
            .deliveryFailed(count: messages, reason: "the send queue stayed full for \(Int(patience)) seconds")
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: .topicMissing(topic: topic.name)
        default: topic.client.failure(code, at: "sending to \(topic.name)")
        }
    }

    /// Waits until everything sent is acknowledged or has failed. Blocks.
    /// - Throws: ``KafkaError/deliveryFailed(count:reason:)`` if anything failed since the producer was made, or is
    ///   still on its way when `timeout` seconds have passed; ``KafkaError/producerLost(clients:reason:)``.
    public func flush(timeout: Double = 60) throws {
        let end = ContinuousClock.now + .seconds(timeout)
        while true {
            let client = succession.client
            let remaining = max(0, (end - ContinuousClock.now).inSeconds)
            let code = rd_kafka_flush(client.handle, Int32(remaining * 1000))
            if client.isDead {
                // What it left is on its way again.
                try succession.replace(client)
                if code == RD_KAFKA_RESP_ERR_NO_ERROR || remaining > 0 { continue }
            }
            return try conclude(code, client, timeout)
        }
    }

    private func conclude(_ code: rd_kafka_resp_err_t, _ client: KafkaClient, _ timeout: Double) throws {
        let counts = counts
        if counts.failed > 0 {
            throw KafkaError.deliveryFailed(count: counts.failed, reason: counts.firstFailure ?? "unknown")
        }
        if code == RD_KAFKA_RESP_ERR__TIMED_OUT {
            if case .authenticationRefused = client.failure(code, at: "flush") {
                throw client.failure(code, at: "flush")
            }
            let reason = client.context.lastFailure.withLock { $0?.reason }
            throw KafkaError.deliveryFailed(
                count: counts.queued, reason: reason ?? "not acknowledged within \(Int(timeout)) seconds")
        }
        try client.check(code, "flush")
    }

    /// What has become of the messages sent so far, at this moment.
    public var counts: Counts {
        // In this order nothing passes for delivered that is not: what is accepted meanwhile is not counted yet, and a
        // failure leaves the queue only after it was reported.
        let accepted = succession.accepted.load(ordering: .sequentiallyConsistent)
        let queued = succession.queued
        let failures = succession.deliveries.failures
        return Counts(
            delivered: max(0, accepted - queued - failures.count), failed: failures.count, queued: queued,
            firstFailure: failures.first, sentAgain: succession.deliveries.takenCount)
    }

    /// Has librdkafka raise a fatal error, as a rehearsal.
    func raiseFatalError(_ reason: String) {
        let client = succession.client
        withExtendedLifetime(client) {
            _ = rd_kafka_test_fatal_error(client.handle, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, reason)
        }
    }
}
