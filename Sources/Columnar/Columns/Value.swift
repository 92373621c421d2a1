public import Domain

/// One value out of a column, for display, predicates and statistics. Loops over columns use the columns themselves.
public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    /// An `int32` or `int64`.
    case int(Int64)
    case float(Float)
    case double(Double)
    case string(String)
    case binary([UInt8])
    case date(CalendarDate)
    case timestamp(Timestamp)
    case localTimestamp(Timestamp)
    case decimal(DecimalNumber)
    case list([Value])
    case map([Entry])
    case structure([Member])

    /// One key of a map and what stands under it. Entries keep the order of the file.
    public struct Entry: Hashable, Sendable {
        public var key: Value
        public var value: Value

        /// A key with its value.
        public init(key: Value, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// One field of a struct; members keep the order of the schema, and a null field is a member, too.
    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: Value

        /// A member of a structure.
        public init(name: String, value: Value) {
            self.name = name
            self.value = value
        }
    }
}

extension Value {
    var isFloating: Bool {
        switch self {
        case .float, .double: true
        default: false
        }
    }
}

extension Column {
    /// The value of a row, by the type of the column.
    /// - Parameter type: needed for the field names of structs.
    public func value(at row: Int, type: ColumnType) -> Value {
        if isNull(at: row) { return .null }
        switch self {
        case .bool(let c): return .bool(c.values[row])
        case .int32(let c): return .int(Int64(c.values[row]))
        case .int64(let c): return .int(c.values[row])
        case .float(let c): return .float(c.values[row])
        case .double(let c): return .double(c.values[row])
        case .string(let c): return .string(String(decoding: c.bytes[c.range(of: row)], as: UTF8.self))
        case .binary(let c): return .binary(Array(c.bytes[c.range(of: row)]))
        case .date(let c): return .date(CalendarDate(days: c.values[row]))
        case .timestamp(let c): return .timestamp(Timestamp(microseconds: c.values[row]))
        case .localTimestamp(let c): return .localTimestamp(Timestamp(microseconds: c.values[row]))
        case .decimal(let c):
            guard case .decimal(_, let scale) = type else { return .null }
            return .decimal(DecimalNumber(unscaled: c.values[row], scale: scale))
        case .list(let c):
            guard case .list(let element, _) = type else { return .null }
            return .list(c.range(of: row).map { c.elements.value(at: $0, type: element) })
        case .map(let c):
            guard case .map(let key, let value, _) = type else { return .null }
            return .map(
                c.range(of: row).map {
                    .init(key: c.keys.value(at: $0, type: key), value: c.values.value(at: $0, type: value))
                })
        case .structure(let c):
            guard case .structure(let fields) = type else { return .null }
            return .structure(
                zip(fields, c.children).map { .init(name: $0.name, value: $1.value(at: row, type: $0.type)) })
        }
    }
}

extension RecordBatch {
    /// The value of a row in the column at that position. For display and comparison: it may allocate.
    /// - Precondition: both are in range.
    public func value(row: Int, column: Int) -> Value {
        columns[column].value(at: row, type: schema.fields[column].type)
    }
}
