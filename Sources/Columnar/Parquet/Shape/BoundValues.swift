import Domain

/// The bounds of a chunk or page as values, where they can be trusted.
struct BoundValues {
    var minimum: Value?
    var maximum: Value?
    var nullCount: Int64?

    /// - Parameter trusted: whether the footer states column orders; without them only the old fields of signed types
    ///   mean something.
    init(chunk: ColumnChunkMetadata, leaf: Leaf, trusted: Bool) {
        guard let statistics = chunk.statistics else { return }
        nullCount = statistics.nullCount
        if trusted, statistics.minimum != nil || statistics.maximum != nil {
            minimum = Self.value(statistics.minimum, leaf, upper: false)
            maximum = Self.value(statistics.maximum, leaf, upper: true)
        } else if leaf.physical != .byteArray, leaf.physical != .fixed {
            minimum = Self.value(statistics.oldMinimum, leaf, upper: false)
            maximum = Self.value(statistics.oldMaximum, leaf, upper: true)
        }
    }

    /// - Returns: nil if the bytes are not a value of the type, or a NaN.
    static func value(_ bytes: [UInt8]?, _ leaf: Leaf, upper: Bool) -> Value? {
        guard let bytes else { return nil }
        switch leaf.conversion {
        // Read as what they are not stored as.
        case .timeText, .uuidText, .binary16: return nil
        default: break
        }
        func load<T: BitwiseCopyable>(_ type: T.Type) -> T? {
            bytes.count == MemoryLayout<T>.size ? bytes.withUnsafeBytes { $0.loadUnaligned(as: T.self) } : nil
        }
        switch leaf.type {
        case .bool: return bytes.count == 1 ? .bool(bytes[0] != 0) : nil
        case .int32: return load(Int32.self).map { .int(Int64($0)) }
        case .date: return load(Int32.self).map { .date(CalendarDate(days: $0)) }
        case .int64:
            if leaf.conversion == .unsigned32 { return load(UInt32.self).map { .int(Int64($0)) } }
            return load(Int64.self).map { .int($0) }
        case .timestamp, .localTimestamp:
            // INT96 has no order in Parquet.
            guard leaf.physical == .int64, let raw = load(Int64.self) else { return nil }
            guard let micros = micros(raw, leaf.conversion, upper: upper) else { return nil }
            let time = Timestamp(microseconds: micros)
            return leaf.type == .timestamp ? .timestamp(time) : .localTimestamp(time)
        case .float:
            guard let value = load(Float.self), !value.isNaN else { return nil }
            return .float(value == 0 ? (upper ? 0 : -0.0) : value)
        case .double:
            guard let value = load(Double.self), !value.isNaN else { return nil }
            return .double(value == 0 ? (upper ? 0 : -0.0) : value)
        case .string: return .string(String(decoding: bytes, as: UTF8.self))
        case .binary: return .binary(bytes)
        case .decimal(let precision, let scale):
            let unscaled: Int128? =
                switch leaf.physical {
                case .int32: load(Int32.self).map { Int128($0) }
                case .int64 where leaf.conversion == .unsigned64: load(UInt64.self).map { Int128($0) }
                case .int64: load(Int64.self).map { Int128($0) }
                default: Int128(bigEndian: bytes)
                }
            // A bound of more digits than the column has was cut, or is none.
            guard let unscaled, unscaled.magnitude < DecimalNumber.power(precision).magnitude else { return nil }
            return .decimal(DecimalNumber(unscaled: unscaled, scale: scale))
        case .list, .map, .structure: return nil
        }
    }

    private static func micros(_ raw: Int64, _ conversion: Leaf.Conversion, upper: Bool) -> Int64? {
        switch conversion {
        case .millisToMicros:
            let (value, overflow) = raw.multipliedReportingOverflow(by: 1000)
            return overflow ? nil : value
        case .nanosToMicros: return raw.flooredDivision(by: 1000)
        default: return raw
        }
    }
}
