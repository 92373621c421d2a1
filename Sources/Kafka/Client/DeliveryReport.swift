import CRdKafka
import Synchronization

/// Delivery reports run inside `rd_kafka_poll` and `rd_kafka_flush`; with `delivery.report.only.error` those of failures
/// alone. Every accepted message is reported exactly once, so that its tag is taken exactly once. What a client reports as
/// failed only because it died is kept for its successor.
let deliveryReport:
    @convention(c) (OpaquePointer?, UnsafePointer<rd_kafka_message_t>?, UnsafeMutableRawPointer?) -> Void = {
        handle, message, opaque in
        guard let handle, let message, let opaque else { return }
        let context = Unmanaged<KafkaClient.Context>.fromOpaque(opaque).takeUnretainedValue()
        let tag = MessageTag(taking: message.pointee._private)
        let code = message.pointee.err
        if code == RD_KAFKA_RESP_ERR_NO_ERROR {
            tag.delivery?.reported(failure: nil)
        } else if !context.closing.load(ordering: .acquiring), wasStranded(message, of: handle) {
            context.deliveries.strand(StrandedMessage(message, tag))
        } else {
            context.deliveries.failed(describe(code), tag.delivery)
        }
    }

/// Whether a failure says something of the client alone, which has died, and nothing of the message.
private func wasStranded(_ message: UnsafePointer<rd_kafka_message_t>, of handle: OpaquePointer) -> Bool {
    let fatal = rd_kafka_fatal_error(handle, nil, 0)
    guard fatal != RD_KAFKA_RESP_ERR_NO_ERROR,
        rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_PERSISTED
    else { return false }
    return switch message.pointee.err {
    case fatal, RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
        RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, RD_KAFKA_RESP_ERR__INCONSISTENT,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
        // In flight when it died, and not tried again because it is dead.
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT:
        true
    default: false
    }
}
