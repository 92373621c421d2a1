/// What is known of the values of a column in some rows.
struct ColumnFacts {
    /// Nil where nothing is known.
    var minimum: Value?
    var maximum: Value?
    /// Whether there may be nulls, whether there may be others.
    var hasNulls: Bool
    var hasValues: Bool
    /// Of a Bloom filter: false only if no row is equal to the value. Nil where there is none.
    var mayContain: ((Value) -> Bool)?
}

extension Predicate {
    /// False only if it is true of no row.
    func mayHold(_ facts: [String: ColumnFacts]) -> Bool {
        switch self {
        case .compare(let column, let comparison, let value):
            guard let known = facts[column] else { return true }
            if value == .null || !known.hasValues { return false }
            return comparison.mayHold(known, value)
        case .isNull(let column): return facts[column]?.hasNulls ?? true
        // NaN is in no bounds, and neither are numbers beside it.
        case .isNaN(let column): return facts[column]?.hasValues ?? true
        case .isIn(let column, let values):
            return values.contains { Predicate.compare(column: column, .equal, $0).mayHold(facts) }
        case .and(let parts): return parts.allSatisfy { $0.mayHold(facts) }
        case .or(let parts): return parts.contains { $0.mayHold(facts) }
        case .not(let part): return part.mayFail(facts)
        }
    }

    /// False only if its negation is true of no row.
    private func mayFail(_ facts: [String: ColumnFacts]) -> Bool {
        switch self {
        // The negation of a comparison holds for NaN too, which is in no bounds: with floating point, no file is safe.
        case .compare(let column, let comparison, let value):
            guard let known = facts[column] else { return true }
            if value == .null || !known.hasValues { return false }
            if Self.isFloating(known.minimum) || Self.isFloating(value) { return true }
            return comparison.negated.mayHold(known, value)
        case .isNull(let column), .isNaN(let column): return facts[column]?.hasValues ?? true
        case .isIn(let column, let values):
            guard let known = facts[column] else { return true }
            if values.contains(.null) || !known.hasValues { return false }
            // A file of one value that is in the list has no other.
            guard let minimum = known.minimum, let maximum = known.maximum, ValueOrder.equal(minimum, maximum) else {
                return true
            }
            return Self.isFloating(minimum) || !values.contains { ValueOrder.equal($0, minimum) }
        case .and(let parts): return parts.contains { $0.mayFail(facts) }
        case .or(let parts): return parts.allSatisfy { $0.mayFail(facts) }
        case .not(let part): return part.mayHold(facts)
        }
    }

    private static func isFloating(_ value: Value?) -> Bool {
        switch value {
        case .float?, .double?: true
        default: false
        }
    }
}

extension Predicate.Comparison {
    fileprivate var negated: Self {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        }
    }

    fileprivate func mayHold(_ known: ColumnFacts, _ value: Value) -> Bool {
        let belowMinimum = known.minimum.map { ValueOrder.precedes(value, $0) } ?? false
        let aboveMaximum = known.maximum.map { ValueOrder.precedes($0, value) } ?? false
        let isMinimum = known.minimum.map { ValueOrder.equal(value, $0) } ?? false
        let isMaximum = known.maximum.map { ValueOrder.equal(value, $0) } ?? false
        return switch self {
        case .equal: !belowMinimum && !aboveMaximum && known.mayContain?(value) ?? true
        // Bounds of strings may be cut and those of instants rounded, so equal bounds do not mean one value.
        case .notEqual: true
        case .less: !belowMinimum && !isMinimum
        case .lessOrEqual: !belowMinimum
        case .greater: !aboveMaximum && !isMaximum
        case .greaterOrEqual: !aboveMaximum
        }
    }
}
