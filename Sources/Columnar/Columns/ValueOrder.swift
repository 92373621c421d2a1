/// The order of values of one type. Strings and byte strings go by unsigned bytes, as in Parquet and Delta.
enum ValueOrder {
    /// Whether `a` sorts before `b`; false if they cannot be compared (other types, null, NaN).
    static func precedes(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.bool(let a), .bool(let b)): !a && b
        case (.int(let a), .int(let b)): a < b
        case (.string(let a), .string(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.binary(let a), .binary(let b)): a.lexicographicallyPrecedes(b)
        case (.date(let a), .date(let b)): a < b
        case (.timestamp(let a), .timestamp(let b)), (.localTimestamp(let a), .localTimestamp(let b)): a < b
        case (.decimal(let a), .decimal(let b)): a < b
        case (.decimal(let a), .int(let b)): a < DecimalNumber(unscaled: Int128(b), scale: 0)
        case (.int(let a), .decimal(let b)): DecimalNumber(unscaled: Int128(a), scale: 0) < b
        default:
            if let a = number(a), let b = number(b) { a < b } else { false }
        }
    }

    static func equal(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.null, _), (_, .null): return false
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.decimal(let a), .int(let b)), (.int(let b), .decimal(let a)):
            return a == DecimalNumber(unscaled: Int128(b), scale: 0)
        default:
            if a == b { return true }
            if let a = number(a), let b = number(b) { return a == b }
            return false
        }
    }

    /// Numbers of different types compare as doubles.
    private static func number(_ value: Value) -> Double? {
        switch value {
        case .int(let v): Double(v)
        case .float(let v): Double(v)
        case .double(let v): v
        case .decimal(let v): v.doubleValue
        default: nil
        }
    }
}
