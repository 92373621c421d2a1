/// A condition on rows. Comparisons with null are neither true nor false, as in SQL.
public indirect enum Predicate: Hashable, Sendable {
    case compare(column: String, Comparison, Value)
    case isNull(column: String)
    /// Of floating point; nothing equals it.
    case isNaN(column: String)
    case isIn(column: String, [Value])
    case and([Predicate])
    case or([Predicate])
    case not(Predicate)

    /// How the column stands to the value. Numbers compare by value across types, strings and binaries by their bytes.
    /// NaN is equal to nothing, and neither less nor greater.
    public enum Comparison: Hashable, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
}

extension Predicate {
    /// The columns it reads, each once or more.
    var columns: [String] {
        switch self {
        case .compare(let column, _, _), .isNull(let column), .isNaN(let column), .isIn(let column, _): [column]
        case .and(let parts), .or(let parts): parts.flatMap(\.columns)
        case .not(let part): part.columns
        }
    }

    /// Its form, with `?` for the values: what the log keeps of a deletion. Whose rows were erased is not to be read
    /// there ever after.
    var form: String {
        switch self {
        case .compare(let column, let comparison, _): "\(column) \(comparison.symbol) ?"
        case .isNull(let column): "\(column) is null"
        case .isNaN(let column): "\(column) is nan"
        case .isIn(let column, let values): "\(column) in (\(values.map { _ in "?" }.joined(separator: ", ")))"
        case .and(let parts): "(\(parts.map(\.form).joined(separator: " and ")))"
        case .or(let parts): "(\(parts.map(\.form).joined(separator: " or ")))"
        case .not(let part): "not \(part.form)"
        }
    }

    /// - Throws: ``ColumnarError/noSuchColumn(name:available:)``, or ``ColumnarError/schemaMismatch(reason:)`` where a
    ///   column is compared with a value of another type.
    func check(_ schema: Schema) throws {
        func field(_ name: String) throws -> Field {
            guard let field = schema[name] else {
                throw ColumnarError.noSuchColumn(name: name, available: schema.names)
            }
            return field
        }
        switch self {
        case .compare(let column, _, let value): try Self.check(value, try field(column))
        case .isIn(let column, let values):
            for value in values { try Self.check(value, try field(column)) }
        case .isNull(let column): _ = try field(column)
        case .isNaN(let column):
            let type = try field(column).type
            guard type == .float || type == .double else {
                throw ColumnarError.schemaMismatch(reason: "column \(column) is \(type), which has no NaN")
            }
        case .and(let parts), .or(let parts): for part in parts { try part.check(schema) }
        case .not(let part): try part.check(schema)
        }
    }

    private static func check(_ value: Value, _ field: Field) throws {
        let fits =
            switch (value, field.type) {
            case (.null, _): true
            case (.int, .int32), (.int, .int64), (.int, .float), (.int, .double): true
            case (.float, .float), (.double, .float), (.float, .double), (.double, .double): true
            case (.double, .int32), (.double, .int64): true
            case (.int, .decimal), (.double, .decimal), (.decimal, .decimal): true
            case (.bool, .bool), (.string, .string), (.binary, .binary), (.date, .date): true
            case (.timestamp, .timestamp), (.localTimestamp, .localTimestamp): true
            default: false
            }
        guard fits else {
            throw ColumnarError.schemaMismatch(
                reason: "column \(field.name) is \(field.type) and cannot be compared with \(value)")
        }
    }

    /// The rows for which it is true. The batch has the columns it reads.
    func rows(of batch: RecordBatch) -> [Int32] {
        var rows: [Int32] = []
        for (row, truth) in evaluate(batch).enumerated() where truth == .yes { rows.append(Int32(row)) }
        return rows
    }

    /// What a condition is of a row.
    enum Truth: UInt8 {
        case no, unknown, yes
        init(_ value: Bool) { self = value ? .yes : .no }
    }

    private func evaluate(_ batch: RecordBatch) -> [Truth] {
        switch self {
        case .compare(let name, let comparison, let value):
            if let truths = Self.comparison(batch, name, comparison, value) { return truths }
            if let truths = Self.equality(batch, name, comparison, value) { return truths }
            return Self.evaluate(batch, name) { comparison.holds($0, value) }
        case .isNull(let name):
            guard let column = try? batch.column(named: name) else { return [] }
            return (0..<batch.rowCount).map { Truth(column.isNull(at: $0)) }
        case .isNaN(let name):
            return Self.evaluate(batch, name) { value in
                switch value {
                case .float(let number): number.isNaN
                case .double(let number): number.isNaN
                default: false
                }
            }
        case .isIn(let name, let values):
            if let truths = Self.membership(batch, name, values) { return truths }
            let hasNull = values.contains(.null)
            return Self.evaluate(batch, name) { value in
                values.contains { ValueOrder.equal($0, value) } ? true : hasNull ? nil : false
            }
        case .and(let parts):
            var truths = [Truth](repeating: .yes, count: batch.rowCount)
            for part in parts {
                // Mostly one part rules all rows out, and the others need not be asked.
                var isPossible = false
                for (row, own) in part.evaluate(batch).enumerated() {
                    if own.rawValue < truths[row].rawValue { truths[row] = own }
                    if truths[row] != .no { isPossible = true }
                }
                if !isPossible { break }
            }
            return truths
        case .or(let parts):
            return parts.reduce([Truth](repeating: .no, count: batch.rowCount)) { result, part in
                zip(result, part.evaluate(batch)).map { $0.rawValue > $1.rawValue ? $0 : $1 }
            }
        case .not(let part):
            return part.evaluate(batch).map { $0 == .yes ? .no : $0 == .no ? .yes : .unknown }
        }
    }

    /// Whether texts are equal to one is seen in their bytes, without making a value of each; nil for other questions.
    private static func equality(
        _ batch: RecordBatch, _ name: String, _ comparison: Comparison, _ value: Value
    ) -> [Truth]? {
        guard comparison == .equal || comparison == .notEqual, let index = batch.schema.index(of: name) else {
            return nil
        }
        let wanted: [UInt8]
        switch (value, batch.columns[index]) {
        case (.string(let text), .string): wanted = Array(text.utf8)
        case (.binary(let bytes), .binary): wanted = bytes
        default: return nil
        }
        guard let column = batch.columns[index].byteStrings else { return nil }
        let (same, other): (Truth, Truth) = comparison == .equal ? (.yes, .no) : (.no, .yes)
        return column.bytes.withUnsafeBufferPointer { bytes in
            wanted.withUnsafeBufferPointer { wanted in
                (0..<batch.rowCount).map { row in
                    if column.isNull(at: row) { return .unknown }
                    let range = column.range(of: row)
                    guard range.count == wanted.count else { return other }
                    return UnsafeBufferPointer(rebasing: bytes[range]).elementsEqual(wanted) ? same : other
                }
            }
        }
    }

    /// Neighbouring rows are often alike: the test runs once for a run of equal values, and only then is a value made.
    private static func evaluate(_ batch: RecordBatch, _ name: String, _ test: (Value) -> Bool?) -> [Truth] {
        guard let index = batch.schema.index(of: name) else { return [] }
        let type = batch.schema.fields[index].type
        let column = batch.columns[index]
        let validity = column.validity
        func truths(_ isAsBefore: (Int) -> Bool) -> [Truth] {
            var truths = [Truth](repeating: .unknown, count: batch.rowCount)
            // Of the row before, nil if that is null.
            var last: Truth?
            for row in truths.indices {
                if let validity, !validity[row] {
                    last = nil
                    continue
                }
                let truth: Truth
                if let last, isAsBefore(row) {
                    truth = last
                } else {
                    truth = test(column.value(at: row, type: type)).map { Truth($0) } ?? .unknown
                }
                truths[row] = truth
                last = truth
            }
            return truths
        }
        switch column {
        case .bool(let c): return truths { c.values[$0] == c.values[$0 - 1] }
        case .int32(let c), .date(let c): return truths { c.values[$0] == c.values[$0 - 1] }
        case .int64(let c), .timestamp(let c), .localTimestamp(let c):
            return truths { c.values[$0] == c.values[$0 - 1] }
        case .string(let c), .binary(let c):
            return c.bytes.withUnsafeBytes { bytes in
                truths { row in
                    let (this, before) = (c.range(of: row), c.range(of: row - 1))
                    return this.count == before.count && bytes[this].elementsEqual(bytes[before])
                }
            }
        default: return truths { _ in false }
        }
    }
}

extension Predicate.Comparison {
    fileprivate var symbol: String {
        switch self {
        case .equal: "="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }

    /// Nil if either side is null. NaN is neither equal to nor less than anything.
    func holds(_ a: Value, _ b: Value) -> Bool? {
        if a == .null || b == .null { return nil }
        return switch self {
        case .equal: ValueOrder.equal(a, b)
        case .notEqual: !ValueOrder.equal(a, b)
        case .less: ValueOrder.precedes(a, b)
        case .lessOrEqual: ValueOrder.precedes(a, b) || ValueOrder.equal(a, b)
        case .greater: ValueOrder.precedes(b, a)
        case .greaterOrEqual: ValueOrder.precedes(b, a) || ValueOrder.equal(a, b)
        }
    }
}
