/// A condition on rows. A comparison with a null is not true, nor is its negation.
public indirect enum Predicate: Hashable, Sendable {
    case compare(column: String, Comparison, Value)
    case isNull(column: String)
    case isIn(column: String, [Value])
    case and([Predicate])
    case or([Predicate])
    case not(Predicate)

    public enum Comparison: Hashable, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }

    /// The columns the condition looks at.
    public var columns: Set<String> {
        switch self {
        case .compare(let column, _, _), .isNull(let column), .isIn(let column, _): [column]
        case .and(let parts), .or(let parts): parts.reduce(into: []) { $0.formUnion($1.columns) }
        case .not(let inner): inner.columns
        }
    }
}

/// What a condition can be on rows of which only bounds are known.
struct PossibleOutcomes {
    var canBeTrue: Bool
    /// False or unknown.
    var canBeOther: Bool
    static let anything = PossibleOutcomes(canBeTrue: true, canBeOther: true)
}

/// Bounds of a column over some rows.
struct KnownBounds {
    var minimum: Value?
    var maximum: Value?
    var mayHaveNulls = true
    var isAllNull = false
}

extension Predicate {
    /// Whether no row within the given bounds can satisfy the condition.
    func rulesOut(_ bounds: (String) -> KnownBounds) -> Bool { !outcomes(bounds).canBeTrue }

    private func outcomes(_ bounds: (String) -> KnownBounds) -> PossibleOutcomes {
        switch self {
        case .compare(let column, let comparison, let value):
            return Self.outcomes(comparison, value, bounds(column))
        case .isIn(let column, let values):
            let known = bounds(column)
            return PossibleOutcomes(
                canBeTrue: values.contains { Self.outcomes(.equal, $0, known).canBeTrue }, canBeOther: true)
        case .isNull(let column):
            let known = bounds(column)
            return PossibleOutcomes(canBeTrue: known.mayHaveNulls, canBeOther: !known.isAllNull)
        case .and(let parts):
            return PossibleOutcomes(
                canBeTrue: parts.allSatisfy { $0.outcomes(bounds).canBeTrue },
                canBeOther: parts.contains { $0.outcomes(bounds).canBeOther })
        case .or(let parts):
            return PossibleOutcomes(
                canBeTrue: parts.contains { $0.outcomes(bounds).canBeTrue },
                canBeOther: parts.allSatisfy { $0.outcomes(bounds).canBeOther })
        case .not(let inner):
            let inner = inner.outcomes(bounds)
            return PossibleOutcomes(canBeTrue: inner.canBeOther, canBeOther: true)
        }
    }

    private static func outcomes(
        _ comparison: Comparison, _ value: Value, _ known: KnownBounds
    ) -> PossibleOutcomes {
        if known.isAllNull { return PossibleOutcomes(canBeTrue: false, canBeOther: true) }
        guard let low = known.minimum, let high = known.maximum else { return .anything }
        let above = ValueOrder.precedes(value, low)
        let below = ValueOrder.precedes(high, value)
        let canBeTrue =
            switch comparison {
            case .equal: !above && !below
            // A NaN lies outside of all bounds and differs from everything.
            case .notEqual: low.isFloating || !(ValueOrder.equal(low, value) && ValueOrder.equal(high, value))
            case .less: ValueOrder.precedes(low, value)
            case .lessOrEqual: !above
            case .greater: ValueOrder.precedes(value, high)
            case .greaterOrEqual: !below
            }
        return PossibleOutcomes(canBeTrue: canBeTrue, canBeOther: true)
    }
}

extension Predicate {
    /// One entry a row: whether the condition holds.
    func evaluate(_ batch: RecordBatch) throws -> [Bool] { try truth(batch).map { $0 == 1 } }

    /// Three-valued: 1 true, 0 false, −1 unknown.
    private func truth(_ batch: RecordBatch) throws -> [Int8] {
        switch self {
        case .compare(let column, let comparison, let value):
            return try Self.compare(try batch.column(named: column), comparison, value, batch.schema[column])
        case .isIn(let column, let values):
            var result = [Int8](repeating: 0, count: batch.rowCount)
            let source = try batch.column(named: column)
            for value in values {
                let one = try Self.compare(source, .equal, value, batch.schema[column])
                for row in 0..<result.count where result[row] != 1 && one[row] != 0 { result[row] = one[row] }
            }
            return result
        case .isNull(let column):
            let source = try batch.column(named: column)
            guard let validity = source.validity else { return [Int8](repeating: 0, count: batch.rowCount) }
            return validity.map { $0 ? 0 : 1 }
        case .and(let parts):
            var result = [Int8](repeating: 1, count: batch.rowCount)
            for part in parts {
                let one = try part.truth(batch)
                for row in 0..<result.count {
                    result[row] = result[row] == 0 || one[row] == 0 ? 0 : min(result[row], one[row])
                }
            }
            return result
        case .or(let parts):
            var result = [Int8](repeating: 0, count: batch.rowCount)
            for part in parts {
                let one = try part.truth(batch)
                for row in 0..<result.count {
                    result[row] =
                        result[row] == 1 || one[row] == 1 ? 1 : (result[row] == -1 || one[row] == -1 ? -1 : 0)
                }
            }
            return result
        case .not(let inner): return try inner.truth(batch).map { $0 == -1 ? -1 : 1 - $0 }
        }
    }

    private static func compare(
        _ column: Column, _ comparison: Comparison, _ value: Value, _ field: Field?
    ) throws -> [Int8] {
        guard let field, field.type.isPrimitive else {
            throw ColumnarError.schemaMismatch(reason: "a nested column cannot be compared")
        }
        var result = [Int8](repeating: -1, count: column.count)
        if case .null = value { return result }
        for row in 0..<column.count where !column.isNull(at: row) {
            result[row] = holds(column.value(at: row, type: field.type), comparison, value) ? 1 : 0
        }
        return result
    }

    private static func holds(_ a: Value, _ comparison: Comparison, _ b: Value) -> Bool {
        switch comparison {
        case .equal: ValueOrder.equal(a, b)
        case .notEqual: !ValueOrder.equal(a, b)
        case .less: ValueOrder.precedes(a, b)
        case .lessOrEqual: ValueOrder.precedes(a, b) || ValueOrder.equal(a, b)
        case .greater: ValueOrder.precedes(b, a)
        case .greaterOrEqual: ValueOrder.precedes(b, a) || ValueOrder.equal(a, b)
        }
    }
}
