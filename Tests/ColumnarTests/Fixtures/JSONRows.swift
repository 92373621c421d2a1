import Columnar
import Domain
import Foundation
import Testing

/// Rows as the independent readers' scripts write and expect them: one JSON object a line, instants as microseconds,
/// binary as hexadecimal digits, maps as pairs, NaN as a text.
enum JSONRows {
    /// - Parameter column: what the lines are sorted by.
    static func write(_ batches: [RecordBatch], sortedBy column: String = "id", to url: URL) throws {
        var lines: [(Int64, String)] = []
        for batch in batches {
            let keys = try batch.column(named: column).int64s?.values ?? []
            for row in 0..<batch.rowCount {
                let members = batch.schema.fields.indices.map { index in
                    "\(text(batch.schema.fields[index].name)):\(json(batch.value(row: row, column: index)))"
                }
                lines.append((keys[row], "{\(members.joined(separator: ","))}\n"))
            }
        }
        lines.sort { $0.0 < $1.0 }
        try Data(lines.map(\.1).joined().utf8).write(to: url)
    }

    /// Compares rows with what a script wrote, in the order of `column`.
    static func expect(
        _ batches: [RecordBatch], sortedBy column: String = "id", are url: URL, _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        var rows: [(key: Int64, names: [String], values: [Value])] = []
        for batch in batches {
            let index = try #require(batch.schema.index(of: column))
            for row in 0..<batch.rowCount {
                let values = batch.columns.indices.map { batch.value(row: row, column: $0) }
                guard case .int(let key) = values[index] else { continue }
                rows.append((key, batch.schema.names, values))
            }
        }
        rows.sort { $0.key < $1.key }
        #expect(rows.count == lines.count, "\(name)", sourceLocation: sourceLocation)
        var wrong = 0
        for (row, line) in zip(rows, lines) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            for (column, value) in zip(row.names, row.values) where !matches(object[column], Self.comparable(value)) {
                wrong += 1
                if wrong < 4 {
                    Issue.record(
                        "\(name): \(column) is \(value) in \(line.prefix(300))", sourceLocation: sourceLocation)
                }
            }
        }
    }

    private static func comparable(_ value: Value) -> Value {
        switch value {
        case .float(let v) where v.isNaN: .string("NaN")
        case .double(let v) where v.isNaN: .string("NaN")
        default: value
        }
    }

    private static func json(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool(let v): "\(v)"
        case .int(let v): "\(v)"
        case .float(let v): v.isNaN ? "\"NaN\"" : "\(Double(v))"
        case .double(let v): v.isNaN ? "\"NaN\"" : "\(v)"
        case .string(let v): text(v)
        case .binary(let v): text(v.map { String(format: "%02x", $0) }.joined())
        case .date(let v): text(v.description)
        case .timestamp(let v), .localTimestamp(let v): "\(v.microseconds)"
        case .decimal(let v): text(v.description)
        case .list(let v): "[\(v.map(json).joined(separator: ","))]"
        case .map(let v): "[\(v.map { "[\(json($0.key)),\(json($0.value))]" }.joined(separator: ","))]"
        case .structure(let v): "{\(v.map { "\(text($0.name)):\(json($0.value))" }.joined(separator: ","))}"
        }
    }

    private static func text(_ string: String) -> String {
        let data = try? JSONEncoder().encode(string)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

extension Snapshot {
    /// Every row there is.
    func batches() throws -> [RecordBatch] {
        var scan = try scan()
        var batches: [RecordBatch] = []
        while let batch = try scan.next() { batches.append(batch) }
        return batches
    }
}

extension ParquetFile {
    func batches() throws -> [RecordBatch] { try (0..<rowGroupCount).map { try read(rowGroup: $0) } }
}
