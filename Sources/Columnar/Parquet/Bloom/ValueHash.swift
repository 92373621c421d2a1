internal import CXXHash
import Domain

/// The hash of Parquet's Bloom filters: XXH64 with seed 0 of a value's PLAIN bytes, byte strings without their length.
enum ValueHash {
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 { XXH64(bytes.baseAddress, bytes.count, 0) }

    static func of<T: BitwiseCopyable>(_ value: T) -> UInt64 { withUnsafeBytes(of: value) { of($0) } }

    /// Of the `row`th value of a column that can have a filter.
    static func of(_ column: Column, at row: Int) -> UInt64 {
        switch column {
        case .int32(let c), .date(let c): of(c.values[row])
        case .int64(let c), .timestamp(let c), .localTimestamp(let c): of(c.values[row])
        case .string(let c), .binary(let c): c.withBytes(of: row) { of(UnsafeRawBufferPointer($0)) }
        case .bool, .float, .double, .decimal, .list, .map, .structure:
            preconditionFailure("such a column has no filter")
        }
    }

    /// Whether a column of this type can have a filter. Truth values have nothing to tell apart; floating-point numbers
    /// are equal without having the same bytes.
    static func isDefined(for type: ColumnType) -> Bool {
        switch type {
        case .int32, .int64, .date, .timestamp, .localTimestamp, .string, .binary: true
        case .bool, .float, .double, .decimal, .list, .map, .structure: false
        }
    }

    /// The hash that the rows equal to `value` have in a file, nil if that cannot be said.
    static func of(_ value: Value, in leaf: Leaf) -> UInt64? {
        guard isDefined(for: leaf.type), leaf.conversion == .none, leaf.physical != .int96 else { return nil }
        switch (value, leaf.physical) {
        case (.int(let v), .int32): return Int32(exactly: v).map { of($0) }
        case (.int(let v), .int64) where leaf.type == .int64: return of(v)
        case (.date(let v), .int32) where leaf.type == .date: return of(v.days)
        case (.timestamp(let v), .int64), (.localTimestamp(let v), .int64):
            return leaf.type == .int64 ? nil : of(v.microseconds)
        case (.string(let v), .byteArray): return Array(v.utf8).withUnsafeBytes { of($0) }
        case (.binary(let v), .byteArray), (.binary(let v), .fixed): return v.withUnsafeBytes { of($0) }
        default: return nil
        }
    }
}
