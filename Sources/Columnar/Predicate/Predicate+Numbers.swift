import Domain

/// Conditions on whole numbers, days and instants, asked of the columns as they lie: a value made of each row costs thirty times as
/// much.
extension Predicate {
    /// - Returns: nil for columns and values of other types.
    static func comparison(
        _ batch: RecordBatch, _ name: String, _ comparison: Comparison, _ value: Value
    ) -> [Truth]? {
        guard let index = batch.schema.index(of: name) else { return nil }
        switch (batch.columns[index], value) {
        case (.int32(let column), .int(let number)): return compared(column, comparison, number)
        case (.int64(let column), .int(let number)): return compared(column, comparison, number)
        case (.date(let column), .date(let day)): return compared(column, comparison, Int64(day.days))
        case (.timestamp(let column), .timestamp(let time)), (.localTimestamp(let column), .localTimestamp(let time)):
            return compared(column, comparison, time.microseconds)
        default: return nil
        }
    }

    /// Whether rows have one of some whole numbers.
    /// - Returns: nil for columns and values of other types.
    static func membership(_ batch: RecordBatch, _ name: String, _ values: [Value]) -> [Truth]? {
        guard let index = batch.schema.index(of: name) else { return nil }
        var numbers: Set<Int64> = []
        var other = Truth.no
        for value in values {
            switch value {
            case .int(let number): numbers.insert(number)
            // As in SQL: what is not among the others may be the one that is not known.
            case .null: other = .unknown
            default: return nil
            }
        }
        switch batch.columns[index] {
        case .int32(let column): return truths(column) { numbers.contains($0) ? .yes : other }
        case .int64(let column): return truths(column) { numbers.contains($0) ? .yes : other }
        default: return nil
        }
    }

    private static func compared<Number: FixedWidthInteger>(
        _ column: PrimitiveColumn<Number>, _ comparison: Comparison, _ number: Int64
    ) -> [Truth] {
        switch comparison {
        case .equal: truths(column) { Truth($0 == number) }
        case .notEqual: truths(column) { Truth($0 != number) }
        case .less: truths(column) { Truth($0 < number) }
        case .lessOrEqual: truths(column) { Truth($0 <= number) }
        case .greater: truths(column) { Truth($0 > number) }
        case .greaterOrEqual: truths(column) { Truth($0 >= number) }
        }
    }

    @inline(__always)
    private static func truths<Number: FixedWidthInteger>(
        _ column: PrimitiveColumn<Number>, _ test: (Int64) -> Truth
    ) -> [Truth] {
        var truths = column.values.map { test(Int64($0)) }
        if let validity = column.validity {
            for (row, isValid) in validity.enumerated() where !isValid { truths[row] = .unknown }
        }
        return truths
    }
}
