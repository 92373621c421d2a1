import Columnar

extension TableContract {
    /// What could not become a row: the whole message, with the reason and where it came from.
    public static let deadLetters = TableContract(
        name: "dead_letters",
        schema: Schema([
            Field(DeadLetterColumn.topic, .string, nullable: false),
            Field(DeadLetterColumn.partition, .int32, nullable: false),
            Field(DeadLetterColumn.offset, .int64, nullable: false),
            Field(DeadLetterColumn.at, .timestamp, nullable: false),
            Field(DeadLetterColumn.reason, .string, nullable: false),
            Field(DeadLetterColumn.payload, .binary),
            Field(DeadLetterColumn.key, .binary),
        ]))
}

/// Columns of ``TableContract/deadLetters``.
public enum DeadLetterColumn {
    /// See ``OriginColumn/topic``.
    public static let topic = OriginColumn.topic
    /// See ``OriginColumn/partition``.
    public static let partition = OriginColumn.partition
    /// See ``OriginColumn/offset``.
    public static let offset = OriginColumn.offset
    /// When it was refused.
    public static let at = "at"
    /// A code, possibly followed by `: ` and an explanation.
    public static let reason = "reason"
    /// The message's bytes.
    public static let payload = "payload"
    /// The message's key, or null.
    public static let key = "key"
}
