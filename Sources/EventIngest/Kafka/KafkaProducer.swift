import CRdKafka
import Synchronization

/// Sends messages. Idempotent and acknowledged by all in-sync replicas unless the properties say otherwise.
///
/// Any thread may send. A thread of the producer's own serves the delivery reports until it is closed or released.
public final class KafkaProducer: Sendable {
    private let client: KafkaClient
    private let topics = Mutex<[String: Topic]>([:])
    private let stopping: StopFlag
    /// Messages that librdkafka has taken.
    private let accepted = Atomic<Int>(0)

    /// Handles must be destroyed before the client, so each keeps it alive.
    /// Sendable unchecked: an `rd_kafka_topic_t` may be used from any thread, and what changes here is atomic.
    private final class Topic: @unchecked Sendable {
        let handle: OpaquePointer
        /// Whether librdkafka has taken a message for it, so that it was there, or was not looked for yet.
        let isKnown = Atomic<Bool>(false)
        private let client: KafkaClient

        init(_ name: String, of client: KafkaClient) throws {
            guard let handle = rd_kafka_topic_new(client.handle, name, nil) else {
                throw IngestError.topicRefused(topic: name, reason: describe(rd_kafka_last_error()))
            }
            self.handle = handle
            self.client = client
        }

        deinit { rd_kafka_topic_destroy(handle) }
    }

    private final class StopFlag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    /// What has become of the messages sent so far.
    public struct Counts: Sendable, Equatable {
        public var delivered: Int
        public var failed: Int
        /// Accepted but not yet reported on.
        public var queued: Int
        public var firstFailure: String?
    }

    /// - Throws: ``IngestError/invalidProperty(name:reason:)``. No connection is made yet.
    public init(properties: KafkaProperties, observer: KafkaObserver = KafkaObserver()) throws {
        var effective = KafkaProperties([
            "enable.idempotence": "true", "linger.ms": "20", "compression.type": "lz4",
            // The partitioner of the Java clients: a user's events meet in one partition whoever sends them.
            "partitioner": "murmur2_random",
            // A message that has arrived is counted by its absence from the queue: see counts.
            "delivery.report.only.error": "true",
            // A topic that a starting broker did not name is looked for again after this, not after five minutes.
            "topic.metadata.refresh.interval.ms": "10000",
        ])
        effective = effective.merging(properties)
        client = try KafkaClient(RD_KAFKA_PRODUCER, effective, observer: observer)
        stopping = StopFlag()
        BlockingThread.start(named: "kafka-delivery") { [client, stopping] in
            while !stopping.isSet.load(ordering: .acquiring) { rd_kafka_poll(client.handle, 100) }
        }
    }

    deinit { stopping.isSet.store(true, ordering: .releasing) }

    /// Hands one message to librdkafka, which sends it in the background. While its queue is full this waits: that is
    /// the back-pressure. It also waits for a topic that was there before: a broker that has just started may not know it
    /// yet. Blocks, so do not call it from a task.
    /// - Parameter timestamp: milliseconds since 1970, or 0 for now.
    /// - Throws: ``IngestError/messageTooLarge(topic:bytes:)``, ``IngestError/deliveryFailed(count:reason:)`` if the
    ///   queue stays full for `patience` seconds.
    public func send(
        _ payload: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer? = nil, topic: String, timestamp: Int64 = 0,
        headers: [(name: String, value: [UInt8])] = [], patience: Double = 60
    ) throws {
        try send(payload, key: key, topic: topic, timestamp: timestamp, headers: headers, patience: patience, nil)
    }

    public func send(_ payload: [UInt8], key: String? = nil, topic: String, timestamp: Int64 = 0) throws {
        try payload.withUnsafeBytes { payload in
            guard var key else { return try send(payload, topic: topic, timestamp: timestamp) }
            try key.withUTF8 { try send(payload, key: UnsafeRawBufferPointer($0), topic: topic, timestamp: timestamp) }
        }
    }

    func send(
        _ payload: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer?, topic: String, timestamp: Int64,
        headers: [(name: String, value: [UInt8])], patience: Double, _ delivery: Delivery?
    ) throws {
        let known = try handle(of: topic)
        var attributes: OpaquePointer?
        if !headers.isEmpty {
            attributes = rd_kafka_headers_new(headers.count)
            for header in headers {
                rd_kafka_header_add(
                    attributes, header.name, header.name.utf8.count, header.value, header.value.count)
            }
        }
        let own = delivery.map { Unmanaged.passRetained($0) }
        let start = ContinuousClock.now
        while true {
            let code = marquee_produce(
                client.handle, known.handle, RD_KAFKA_PARTITION_UA, key?.baseAddress, key?.count ?? 0,
                payload.baseAddress, payload.count, timestamp, attributes, own?.toOpaque())
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                took(1, known)
                return
            }
            if passes(code, known), ContinuousClock.now - start < .seconds(patience) {
                rd_kafka_poll(client.handle, 20)
                continue
            }
            // Refused: librdkafka took neither the headers nor the opaque.
            if let attributes { rd_kafka_headers_destroy(attributes) }
            own?.release()
            throw refusal(code, topic, bytes: payload.count, messages: 1, patience)
        }
    }

    /// Hands over the messages of a batch, in their order; otherwise as one message is sent.
    /// - Throws: as for one message. What was not refused is sent.
    public func send(_ batch: MessageBatch, topic: String, patience: Double = 60) throws {
        guard batch.count > 0 else { return }
        let known = try handle(of: topic)
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
                    messages.initializeElement(at: i, to: message)
                    place += length.key + length.payload
                }
                try send(messages, known, topic, patience)
            }
        }
    }

    private func send(
        _ messages: UnsafeMutableBufferPointer<rd_kafka_message_t>, _ known: Topic, _ topic: String,
        _ patience: Double
    ) throws {
        var left = messages.count
        var start: ContinuousClock.Instant?
        while true {
            let taken = rd_kafka_produce_batch(
                known.handle, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, messages.baseAddress, Int32(left))
            took(Int(taken), known)
            start = taken > 0 ? ContinuousClock.now : start ?? ContinuousClock.now
            // Those that were refused move to the front, in their order. Once the queue is full all that follow are refused
            // as well, so the whole order stays.
            var refused = 0
            for i in 0..<left where messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR {
                messages[refused] = messages[i]
                refused += 1
            }
            left = refused
            guard let first = messages[..<left].first else { return }
            if let last = messages[..<left].first(where: { !passes($0.err, known) }) {
                throw refusal(last.err, topic, bytes: last.len, messages: left, patience)
            }
            guard ContinuousClock.now - start! < .seconds(patience) else {
                throw refusal(first.err, topic, bytes: first.len, messages: left, patience)
            }
            rd_kafka_poll(client.handle, 20)
        }
    }

    private func took(_ count: Int, _ topic: Topic) {
        guard count > 0 else { return }
        accepted.add(count, ordering: .relaxed)
        topic.isKnown.store(true, ordering: .relaxed)
    }

    /// Whether a refusal is one that passes by itself.
    private func passes(_ code: rd_kafka_resp_err_t, _ topic: Topic) -> Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: true
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            // Of a topic that never was there, what was taken before has failed.
            topic.isKnown.load(ordering: .relaxed) && client.context.failures.withLock { $0.count } == 0
        default: false
        }
    }

    private func refusal(
        _ code: rd_kafka_resp_err_t, _ topic: String, bytes: Int, messages: Int, _ patience: Double
    ) -> IngestError {
        switch code {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: .messageTooLarge(topic: topic, bytes: bytes)
        case RD_KAFKA_RESP_ERR__QUEUE_FULL:
            .deliveryFailed(count: messages, reason: "the send queue stayed full for \(Int(patience)) seconds")
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: .topicMissing(topic: topic)
        default: client.failure(code, at: "sending to \(topic)")
        }
    }

    /// Waits until everything sent is acknowledged or has failed. Blocks.
    /// - Throws: ``IngestError/deliveryFailed(count:reason:)`` if anything failed since the producer was made, or is
    ///   still on its way when `timeout` seconds have passed.
    public func flush(timeout: Double = 60) throws {
        let code = rd_kafka_flush(client.handle, Int32(timeout * 1000))
        let counts = counts
        if counts.failed > 0 {
            throw IngestError.deliveryFailed(count: counts.failed, reason: counts.firstFailure ?? "unknown")
        }
        if code == RD_KAFKA_RESP_ERR__TIMED_OUT {
            if case .authenticationRefused = client.failure(code, at: "flush") {
                throw client.failure(code, at: "flush")
            }
            let reason = client.context.lastFailure.withLock { $0?.reason }
            throw IngestError.deliveryFailed(
                count: counts.queued, reason: reason ?? "not acknowledged within \(Int(timeout)) seconds")
        }
        try client.check(code, "flush")
    }

    public var counts: Counts {
        // In this order nothing passes for delivered that is not: what is accepted meanwhile is not counted yet, and a
        // failure leaves the queue only after it was reported.
        let accepted = accepted.load(ordering: .sequentiallyConsistent)
        let queued = Int(rd_kafka_outq_len(client.handle))
        let failures = client.context.failures.withLock { $0 }
        return Counts(
            delivered: max(0, accepted - queued - failures.count), failed: failures.count, queued: queued,
            firstFailure: failures.first)
    }

    private func handle(of topic: String) throws -> Topic {
        try topics.withLock { topics in
            if let known = topics[topic] { return known }
            let made = try Topic(topic, of: client)
            topics[topic] = made
            return made
        }
    }

    var kafka: KafkaClient { client }
}
