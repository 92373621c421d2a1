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
    /// Exact numbers of `precision` digits, 1…38, of which `scale` stand behind the point. Read only, as they are.
    case decimal(precision: Int, scale: Int)
    case list(ColumnType, elementNullable: Bool)
    case map(key: ColumnType, value: ColumnType, valueNullable: Bool)
    case structure([Field])

    var isDecimal: Bool { if case .decimal = self { true } else { false } }

    /// Whether it is one, or has one inside.
    var hasDecimals: Bool {
        switch self {
        case .decimal: true
        case .list(let element, _): element.hasDecimals
        case .map(let key, let value, _): key.hasDecimals || value.hasDecimals
        case .structure(let fields): fields.contains { $0.type.hasDecimals }
        default: false
        }
    }

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
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .list(let element, _): "array<\(element)>"
        case .map(let key, let value, _): "map<\(key),\(value)>"
        case .structure(let fields): "struct<\(fields.map { "\($0.name):\($0.type)" }.joined(separator: ","))>"
        }
    }
}
