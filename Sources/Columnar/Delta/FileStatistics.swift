import Domain

/// The statistics of a data file, as `add.stats` carries them.
struct FileStatistics {
    var rowCount: Int64?
    var minimums: [String: Value] = [:]
    var maximums: [String: Value] = [:]
    var nullCounts: [String: Int64] = [:]
    private static let maximumColumns = 32

    /// JSON text of the statistics of a file just written.
    static func text(of summary: FileSummary) -> String {
        var minimums: [JSON.Member] = []
        var maximums: [JSON.Member] = []
        var nulls: [JSON.Member] = []
        for column in summary.columns.prefix(maximumColumns) {
            nulls.append(.init(key: column.name, value: .int(column.nullCount)))
            guard let low = column.minimum.flatMap(json), let high = column.maximum.flatMap(json) else { continue }
            minimums.append(.init(key: column.name, value: low))
            maximums.append(.init(key: column.name, value: high))
        }
        return JSON.object([
            "numRecords": .int(summary.rowCount), "minValues": .object(minimums), "maxValues": .object(maximums),
            "nullCount": .object(nulls),
        ]).text
    }

    /// Truth values and byte strings have no bounds there. Timestamps are cut to milliseconds, the maximum too:
    /// that is the protocol, and readers allow for it.
    private static func json(_ value: Value) -> JSON? {
        switch value {
        case .int(let v): return .int(v)
        case .float(let v): return v.isFinite ? .double(Double(v)) : nil
        case .double(let v): return v.isFinite ? .double(v) : nil
        case .string(let v): return .string(v)
        case .date(let v): return .string(v.description)
        case .timestamp(let v):
            let milliseconds = v.milliseconds
            let seconds = Timestamp(seconds: v.seconds).description.dropLast()
            let fraction = String(1000 + milliseconds - v.seconds * 1000).dropFirst()
            return .string("\(seconds).\(fraction)Z")
        default: return nil
        }
    }

    /// - Returns: empty statistics if the text is not usable: they only ever help to skip.
    init(_ text: String?, schema: Schema) {
        guard let text, let json = try? JSONParser.parse(text) else { return }
        rowCount = json["numRecords"]?.int
        for field in schema.fields {
            if let count = json["nullCount"]?[field.name]?.int { nullCounts[field.name] = count }
            if let value = json["minValues"]?[field.name].flatMap({ Self.value($0, field.type, upper: false) }) {
                minimums[field.name] = value
            }
            if let value = json["maxValues"]?[field.name].flatMap({ Self.value($0, field.type, upper: true) }) {
                maximums[field.name] = value
            }
        }
    }

    private static func value(_ json: JSON, _ type: ColumnType, upper: Bool) -> Value? {
        switch (type, json) {
        case (.int32, .int(let v)), (.int64, .int(let v)): return .int(v)
        case (.float, .int(let v)), (.double, .int(let v)): return .double(Double(v))
        case (.float, .double(let v)), (.double, .double(let v)): return .double(v)
        case (.string, .string(let v)): return .string(v)
        case (.date, .string(let v)): return CalendarDate(String(v.prefix(10))).map { .date($0) }
        case (.timestamp, .string(let v)):
            guard let time = Timestamp(v) else { return nil }
            return .timestamp(upper ? Timestamp(microseconds: time.microseconds &+ 999) : time)
        default: return nil
        }
    }
}
