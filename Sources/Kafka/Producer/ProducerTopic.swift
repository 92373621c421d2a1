import CRdKafka
import Synchronization

/// A topic that a producer's client sends to.
///
/// Handles must be destroyed before the client, so each keeps it alive.
/// Sendable unchecked: an `rd_kafka_topic_t` may be used from any thread, and what changes here is atomic.
final class ProducerTopic: @unchecked Sendable {
    let name: String
    let handle: OpaquePointer
    let client: KafkaClient
    /// Whether librdkafka has taken a message for it, so that it was there, or was not looked for yet.
    let isKnown: Atomic<Bool>

    /// - Throws: ``KafkaError/topicRefused(topic:reason:)``.
    init(_ name: String, of client: KafkaClient, isKnown: Bool = false) throws {
        guard let handle = rd_kafka_topic_new(client.handle, name, nil) else {
            throw KafkaError.topicRefused(topic: name, reason: describe(rd_kafka_last_error()))
        }
        self.name = name
        self.handle = handle
        self.client = client
        self.isKnown = Atomic(isKnown)
    }

    deinit { rd_kafka_topic_destroy(handle) }

    /// Hands one message to librdkafka. If that refuses it, it has taken nothing.
    func produce(
        _ payload: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer?, timestamp: Int64,
        headers: [(name: String, value: [UInt8])], _ tag: MessageTag
    ) -> rd_kafka_resp_err_t {
        var attributes: OpaquePointer?
        if !headers.isEmpty {
            attributes = rd_kafka_headers_new(headers.count)
            for header in headers {
                rd_kafka_header_add(
                    attributes, header.name, header.name.utf8.count, header.value, header.value.count)
            }
        }
        let opaque = tag.opaque()
        let code = marquee_produce(
            client.handle, handle, RD_KAFKA_PARTITION_UA, key?.baseAddress, key?.count ?? 0,
            payload.baseAddress, payload.count, timestamp, attributes, opaque)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            if let attributes { rd_kafka_headers_destroy(attributes) }
            _ = MessageTag(taking: opaque)
        }
        return code
    }

    /// Hands over a message that another client could not send.
    func produce(_ message: StrandedMessage) -> rd_kafka_resp_err_t {
        func lend<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
            bytes.map { $0.withUnsafeBytes(body) } ?? body(nil)
        }
        return lend(message.payload) { payload in
            lend(message.key) { key in
                produce(
                    payload ?? UnsafeRawBufferPointer(start: nil, count: 0), key: key, timestamp: message.timestamp,
                    headers: message.headers, MessageTag(message.number, message.delivery))
            }
        }
    }

    /// Whether a refusal is one that passes by itself.
    func passes(_ code: rd_kafka_resp_err_t) -> Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: true
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            // Of a topic that never was there, what was taken before has failed.
            isKnown.load(ordering: .relaxed) && client.context.deliveries.failures.count == 0
        default: false
        }
    }
}
