import Columnar
import Domain

/// Writes rows as JSON Lines, CSV or an aligned table on standard output.
struct RowPrinter {
    enum Form: String, CaseIterable, Sendable {
        case jsonl, csv, table
    }

    private let schema: Schema
    private let form: Form
    private var table: AlignedRows?
    private var hasHeader = false

    init(_ schema: Schema, as form: Form) {
        self.schema = schema
        self.form = form
        if form == .table {
            table = AlignedRows(schema.fields.map { ($0.name, $0.type.isNumeric ? .right : .left) })
        }
    }

    /// - Precondition: the batch has the printer's schema.
    mutating func print(_ batch: RecordBatch) {
        switch form {
        case .jsonl: printJSON(batch)
        case .csv: printCSV(batch)
        case .table:
            for row in 0..<batch.rowCount {
                table?.add(schema.fields.indices.map { ValueText.plain(batch.value(row: row, column: $0)) })
            }
        }
    }

    /// Writes what was held back, and the header of an empty table.
    mutating func finish() {
        switch form {
        case .jsonl: break
        case .csv: if !hasHeader { printHeader() }
        case .table: table?.finish()
        }
        StandardOutput.flush()
    }

    private func printJSON(_ batch: RecordBatch) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 << 16)
        let keys = schema.fields.enumerated().map { index, field in
            var key: [UInt8] = [UInt8(ascii: index == 0 ? "{" : ",")]
            JSONText.append(quoted: field.name, to: &key)
            key.append(UInt8(ascii: ":"))
            return key
        }
        for row in 0..<batch.rowCount {
            for (column, key) in keys.enumerated() {
                bytes += key
                RowJSON.append(batch.value(row: row, column: column), to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
            bytes.append(10)
            if bytes.count > 1 << 16 {
                StandardOutput.write(bytes: bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        StandardOutput.write(bytes: bytes)
    }

    /// RFC 4180 with line feeds: null is nothing, an empty text is `""`, nested values are JSON.
    private mutating func printCSV(_ batch: RecordBatch) {
        if !hasHeader { printHeader() }
        for row in 0..<batch.rowCount {
            let cells = schema.fields.indices.map { column -> String in
                switch batch.value(row: row, column: column) {
                case .null: ""
                case .string(let text): text.isEmpty ? "\"\"" : Self.quoted(text)
                case let value: Self.quoted(ValueText.plain(value))
                }
            }
            StandardOutput.write(cells.joined(separator: ",") + "\n")
        }
    }

    private mutating func printHeader() {
        hasHeader = true
        StandardOutput.write(schema.names.map(Self.quoted).joined(separator: ",") + "\n")
    }

    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 34 || $0 == 44 || $0 == 10 || $0 == 13 }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

extension ColumnType {
    fileprivate var isNumeric: Bool {
        switch self {
        case .int32, .int64, .float, .double, .decimal: true
        default: false
        }
    }
}
