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

    mutating func append(_ message: KafkaMessage, topic name: String, reason why: String, at now: Timestamp) {
        topic.append(name)
        partition.append(message.partition)
        offset.append(message.offset)
        at.append(now.microseconds)
        reason.append(why)
        payload.append(utf8: message.payload.bindMemory(to: UInt8.self))
        if message.key.isEmpty { key.appendNull() } else { key.append(utf8: message.key.bindMemory(to: UInt8.self)) }
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
