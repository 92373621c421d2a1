/// The type of a column: the subset of Parquet's and Delta's types that an event platform needs.
public indirect enum ColumnType: Hashable, Sendable {
    case bool
    case int32
    case int64
    case float
    case double
    /// UTF-8 text.
    case string
    case binary
    /// Days since 1970-01-01.
    case date
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp
    /// Microseconds of a wall clock in no particular zone. Read only: others write it, Delta tables here do not.
    case localTimestamp
    case list(ColumnType, elementNullable: Bool)
    case map(key: ColumnType, value: ColumnType, valueNullable: Bool)
    case structure([Field])

    /// Whether values of this type lie in one flat column.
    public var isPrimitive: Bool {
        switch self {
        case .list, .map, .structure: false
        default: true
        }
    }
}

extension ColumnType: CustomStringConvertible {
    /// As Delta and Spark name types: `long`, `array<float>`, `struct<a:int>`.
    public var description: String {
        switch self {
        case .bool: "boolean"
        case .int32: "integer"
        case .int64: "long"
        case .float: "float"
        case .double: "double"
        case .string: "string"
        case .binary: "binary"
        case .date: "date"
        case .timestamp: "timestamp"
        case .localTimestamp: "timestamp_ntz"
        case .list(let element, _): "array<\(element)>"
        case .map(let key, let value, _): "map<\(key),\(value)>"
        case .structure(let fields): "struct<\(fields.map { "\($0.name):\($0.type)" }.joined(separator: ","))>"
        }
    }
}
