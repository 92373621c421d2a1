public import Columnar
import Domain
import Kafka

/// The `dead_letters` table: what could not become a row, whole, with the reason and where it came from.
public enum DeadLetterTable {
    /// The names of its columns.
    public enum Name {
        public static let topic = "topic"
        public static let partition = "partition"
        public static let offset = "offset"
        public static let at = "at"
        public static let reason = "reason"
        public static let payload = "payload"
        public static let key = "key"
    }

    public static let schema = Schema(fields: [
        Field(Name.topic, .string, nullable: false),
        Field(Name.partition, .int32, nullable: false),
        Field(Name.offset, .int64, nullable: false),
        /// When it was refused.
        Field(Name.at, .timestamp, nullable: false),
        Field(Name.reason, .string, nullable: false),
        Field(Name.payload, .binary, nullable: true),
        Field(Name.key, .binary, nullable: true),
    ])
}

extension DeadLetterTable {
    static let sinkTable = SinkTable(name: Tables.deadLetters, schema: schema)
}

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
            schema: DeadLetterTable.schema,
            columns: [
                .string(topic), .int32(partition), .int64(offset), .timestamp(at), .string(reason), .binary(payload),
                .binary(key),
            ])
    }
}
