import Domain

/// The statistics of a data file in the log: JSON of numRecords, minValues, maxValues, nullCount. Delta protocol,
/// "Per-file statistics". Engines skip files by them, so a bound that is not true loses rows.
enum FileStats {
    /// - Parameter unbounded: columns whose bounds say nothing about all their values.
    static func text(_ summary: FileSummary, metaData: MetaData, mapping: ColumnMapping, unbounded: Set<String>)
        -> String
    {
        var minimums: [JSON.Member] = []
        var maximums: [JSON.Member] = []
        var nulls: [JSON.Member] = []
        for (index, column) in summary.columns.enumerated()
        where metaData.collectsBounds(of: column.name, at: index) {
            let name = mapping[column.name]
            nulls.append(.init(name: name, value: .int(column.nullCount)))
            guard !unbounded.contains(column.name), let minimum = column.minimum.flatMap({ json($0, upper: false) }),
                let maximum = column.maximum.flatMap({ json($0, upper: true) })
            else { continue }
            minimums.append(.init(name: name, value: minimum))
            maximums.append(.init(name: name, value: maximum))
        }
        return JSON.object([
            "numRecords": .int(summary.rowCount), "minValues": .object(minimums), "maxValues": .object(maximums),
            "nullCount": .object(nulls),
        ]).text
    }

    /// The floating-point columns with a NaN: it is in no Parquet bound, but some engines hold it for the greatest
    /// number.
    static func columnsWithNaN(_ rows: SelectedRows) -> [String] {
        func hasNaN<T: BinaryFloatingPoint>(_ values: [T]) -> Bool {
            guard let positions = rows.positions else { return values.contains { $0.isNaN } }
            return positions.values.contains { values[Int($0)].isNaN }
        }
        return zip(rows.batch.schema.fields, rows.batch.columns).compactMap { field, column in
            switch column {
            case .float(let c): hasNaN(c.values) ? field.name : nil
            case .double(let c): hasNaN(c.values) ? field.name : nil
            default: nil
            }
        }
    }

    private static func json(_ value: Value, upper: Bool) -> JSON? {
        switch value {
        case .int(let value): .int(value)
        // As a double, which is exact: the shortest decimal of a float is another number to readers of doubles.
        case .float(let value): value.isFinite ? .double(Double(value)) : nil
        case .double(let value): value.isFinite ? .double(value) : nil
        case .string(let value): .string(value)
        case .date(let value): .string(value.description)
        // Milliseconds are what all readers take. Rounded outwards, the bound stays true.
        case .timestamp(let value):
            .string(
                Timestamp(milliseconds: upper ? -(-value.microseconds).flooredDivision(by: 1000) : value.milliseconds)
                    .description)
        default: nil
        }
    }
}

/// What the log says of a file's columns.
struct FileBounds {
    /// Of the table.
    let rowCount: Int64?
    /// Those and the deleted ones. What the log says of values and nulls is of all of them.
    let storedRowCount: Int64?
    private let stats: JSON?

    init(_ add: Add) {
        stats = add.stats.flatMap { JSONParser.parse($0) }
        storedRowCount = stats?["numRecords"]?.int
        rowCount = storedRowCount.map { $0 - (add.deletionVector?.cardinality ?? 0) }
    }

    func nullCount(_ column: String) -> Int64? { stats?["nullCount"]?[column]?.int }

    /// Nil where nothing is known.
    func minimum(_ column: String, _ type: ColumnType) -> Value? {
        Self.value(stats?["minValues"]?[column], type)
    }

    /// Other writers truncate instants to milliseconds: theirs are up to one too low.
    func maximum(_ column: String, _ type: ColumnType) -> Value? {
        switch Self.value(stats?["maxValues"]?[column], type) {
        case .timestamp(let time)?: .timestamp(Timestamp(microseconds: time.microseconds + 999))
        case .localTimestamp(let time)?: .localTimestamp(Timestamp(microseconds: time.microseconds + 999))
        case let value: value
        }
    }

    private static func value(_ json: JSON?, _ type: ColumnType) -> Value? {
        guard let json else { return nil }
        switch type {
        case .int32, .int64: return json.int.map { .int($0) }
        // Some writers print the shortest decimal of the float.
        case .float: return json.double.map { .float(Float($0)) }
        case .double: return json.double.map { .double($0) }
        case .string: return json.string.map { .string($0) }
        case .date: return json.string.flatMap { CalendarDate($0) }.map { .date($0) }
        case .timestamp: return json.string.flatMap { Timestamp($0) }.map { .timestamp($0) }
        case .localTimestamp:
            return json.string.flatMap { Timestamp($0) ?? Timestamp($0 + "Z") }.map { .localTimestamp($0) }
        default: return nil
        }
    }
}
