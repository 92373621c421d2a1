import Columnar
import Domain
import Kafka
import Store

/// Rejected messages between two commits.
struct DeadLetterBuffer {
    private var topic = BytesColumn()
    private var partition = PrimitiveColumn<Int32>()
    private var offset = PrimitiveColumn<Int64>()
    private var at = PrimitiveColumn<Int64>()
    private var reason = BytesColumn()
    private var payload = BytesColumn()
    private var key = BytesColumn()

    var count: Int { offset.count }
    var byteCount: Int { payload.bytes.count + key.bytes.count + count * 80 }

    /// - Parameter kept: what is kept of the message's bytes and of its key.
    mutating func append(
        _ message: KafkaMessage, keeping kept: (payload: [UInt8], key: [UInt8]), topic name: String,
        reason why: String, at now: Timestamp
    ) {
        topic.append(name)
        partition.append(message.partition)
        offset.append(message.offset)
        at.append(now.microseconds)
        reason.append(why)
        payload.append(kept.payload)
        if kept.key.isEmpty { key.appendNull() } else { key.append(kept.key) }
    }

    func batch() throws -> RecordBatch {
        try RecordBatch(
            schema: TableContract.deadLetters.schema,
            columns: [
                .string(topic), .int32(partition), .int64(offset), .timestamp(at), .string(reason), .binary(payload),
                .binary(key),
            ])
    }
}
