import Domain

/// The text of a partition column's value in the log. Delta protocol, "Partition value serialization".
enum PartitionValue {
    /// Whether a table may be partitioned by columns of this type.
    static func supports(_ type: ColumnType) -> Bool {
        switch type {
        case .bool, .int32, .int64, .string, .date, .timestamp: true
        default: false
        }
    }

    /// Nil for null, and for the empty string, which the log cannot tell from it.
    static func text(of value: Value) -> String? {
        switch value {
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .string(let value): value.isEmpty ? nil : value
        case .date(let value): value.description
        case .timestamp(let value): value.description
        default: nil
        }
    }

    /// - Throws: ``ColumnarError`` if the text is no value of the type.
    static func value(of text: String?, type: ColumnType, column: String, file: String) throws -> Value {
        guard let text, !text.isEmpty else { return .null }
        let value: Value? =
            switch type {
            case .bool: Bool(text).map { .bool($0) }
            case .int32: Int32(text).map { .int(Int64($0)) }
            case .int64: Int64(text).map { .int($0) }
            case .float: Float(text).map { .float($0) }
            case .double: Double(text).map { .double($0) }
            case .string: .string(text)
            case .date: CalendarDate(text).map { .date($0) }
            case .timestamp: timestamp(text).map { .timestamp($0) }
            case .localTimestamp: timestamp(text).map { .localTimestamp($0) }
            default: throw ColumnarError.unsupported(file: file, feature: "partitioning by \(type) (\(column))")
            }
        guard let value else {
            throw ColumnarError.malformed(file: file, reason: "'\(text)' is no \(type) (partition column \(column))")
        }
        return value
    }

    /// Spark writes `2026-11-21 08:00:00.5`, others RFC 3339.
    private static func timestamp(_ text: String) -> Timestamp? { Timestamp(text) ?? Timestamp(text + "Z") }
}
