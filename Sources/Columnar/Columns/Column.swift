/// The rows of one column. The case is looked at once a column, never once a value.
public indirect enum Column: Sendable {
    case bool(PrimitiveColumn<Bool>)
    case int32(PrimitiveColumn<Int32>)
    case int64(PrimitiveColumn<Int64>)
    case float(PrimitiveColumn<Float>)
    case double(PrimitiveColumn<Double>)
    case string(BytesColumn)
    case binary(BytesColumn)
    /// Days since 1970-01-01.
    case date(PrimitiveColumn<Int32>)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(PrimitiveColumn<Int64>)
    case localTimestamp(PrimitiveColumn<Int64>)
    /// Unscaled; the column's type has the scale.
    case decimal(PrimitiveColumn<Int128>)
    case list(ListColumn)
    case map(MapColumn)
    case structure(StructColumn)

    /// Rows, nulls included. Of a nested column the outer rows.
    public var count: Int {
        switch self {
        case .bool(let c): c.count
        case .int32(let c), .date(let c): c.count
        case .int64(let c), .timestamp(let c), .localTimestamp(let c): c.count
        case .decimal(let c): c.count
        case .float(let c): c.count
        case .double(let c): c.count
        case .string(let c), .binary(let c): c.count
        case .list(let c): c.count
        case .map(let c): c.count
        case .structure(let c): c.count
        }
    }

    /// One entry a row, false where it is null; nil if no row is.
    public var validity: [Bool]? {
        switch self {
        case .bool(let c): c.validity
        case .int32(let c), .date(let c): c.validity
        case .int64(let c), .timestamp(let c), .localTimestamp(let c): c.validity
        case .decimal(let c): c.validity
        case .float(let c): c.validity
        case .double(let c): c.validity
        case .string(let c), .binary(let c): c.validity
        case .list(let c): c.validity
        case .map(let c): c.validity
        case .structure(let c): c.validity
        }
    }

    /// Rows that are null. Of a nested column the outer rows alone. O(rows) if there is a validity, else O(1).
    public var nullCount: Int {
        guard let validity else { return 0 }
        var nulls = 0
        for valid in validity where !valid { nulls += 1 }
        return nulls
    }

    /// Whether a row is null. Loops over rows take the ``validity`` once: here the case is looked at each time.
    public func isNull(at row: Int) -> Bool { validity.map { !$0[row] } ?? false }
}

/// Typed access to the payload, nil if the column is of another type.
extension Column {
    /// Of a `bool` column.
    public var bools: PrimitiveColumn<Bool>? { if case .bool(let c) = self { c } else { nil } }
    /// Of an `int32` or `date` column.
    public var int32s: PrimitiveColumn<Int32>? {
        switch self {
        case .int32(let c), .date(let c): c
        default: nil
        }
    }
    /// Of an `int64` or `timestamp` column.
    public var int64s: PrimitiveColumn<Int64>? {
        switch self {
        case .int64(let c), .timestamp(let c), .localTimestamp(let c): c
        default: nil
        }
    }

    /// Of a `float` column.
    public var floats: PrimitiveColumn<Float>? { if case .float(let c) = self { c } else { nil } }
    /// Of a `double` column.
    public var doubles: PrimitiveColumn<Double>? { if case .double(let c) = self { c } else { nil } }
    /// Of a `string` or `binary` column.
    public var byteStrings: BytesColumn? {
        switch self {
        case .string(let c), .binary(let c): c
        default: nil
        }
    }
    /// Unscaled numbers; the column's type has the scale.
    public var decimals: PrimitiveColumn<Int128>? { if case .decimal(let c) = self { c } else { nil } }
    /// Of a `list` column.
    public var lists: ListColumn? { if case .list(let c) = self { c } else { nil } }
    /// Of a `map` column.
    public var maps: MapColumn? { if case .map(let c) = self { c } else { nil } }
    /// Of a `structure` column.
    public var structures: StructColumn? { if case .structure(let c) = self { c } else { nil } }
}
