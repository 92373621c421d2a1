import Columnar
import Delimited
import Domain

/// Writes rows as one JSON array, JSON Lines, CSV or an aligned table on standard output.
struct RowPrinter {
    enum Form: String, CaseIterable, Sendable {
        case jsonl, json, csv, table
    }

    private let names: [String]
    private let keys: [[UInt8]]
    private let form: Form
    private var table: AlignedRows?
    private var hasHeader = false
    private var count = 0
    private var bytes: [UInt8] = []

    init(_ schema: Schema, as form: Form) {
        self.init(columns: schema.fields.map { ($0.name, $0.type.isNumeric ? .right : .left) }, as: form)
    }

    /// For rows that come from no table.
    /// - Parameter columns: names, and how they stand in an aligned table.
    init(columns: [(String, TextTable.Alignment)], as form: Form) {
        names = columns.map(\.0)
        self.form = form
        if form == .table { table = AlignedRows(columns) }
        keys = names.enumerated().map { index, name in
            var key: [UInt8] = [UInt8(ascii: index == 0 ? "{" : ",")]
            JSONText.append(quoted: name, to: &key)
            key.append(UInt8(ascii: ":"))
            return key
        }
    }

    /// - Precondition: the batch has the printer's schema.
    mutating func print(_ batch: RecordBatch) {
        for row in 0..<batch.rowCount { print { batch.value(row: row, column: $0) } }
    }

    /// - Precondition: as many values as columns.
    mutating func print(_ values: [Value]) {
        precondition(values.count == names.count, "a row has as many values as there are columns")
        print { values[$0] }
    }

    /// Writes what was held back, and the header of an empty table.
    mutating func finish() {
        switch form {
        case .jsonl: break
        case .json: bytes += (count == 0 ? "[]\n" : "\n]\n").utf8
        case .csv: if !hasHeader { printHeader() }
        case .table: table?.finish()
        }
        StandardOutput.write(bytes: bytes)
        bytes = []
        StandardOutput.flush()
    }

    private mutating func print(_ value: (Int) -> Value) {
        switch form {
        case .jsonl, .json:
            if form == .json { bytes += (count == 0 ? "[\n" : ",\n").utf8 }
            for (column, key) in keys.enumerated() {
                bytes += key
                RowJSON.append(value(column), to: &bytes)
            }
            bytes += (keys.isEmpty ? "{}" : "}").utf8
            if form == .jsonl { bytes.append(10) }
        case .csv: printCSV(value)
        case .table: table?.add(names.indices.map { ValueText.plain(value($0)) })
        }
        count += 1
        if bytes.count > 1 << 16 {
            StandardOutput.write(bytes: bytes)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// RFC 4180 with line feeds: null is nothing, an empty text is `""`, nested values are JSON.
    private mutating func printCSV(_ value: (Int) -> Value) {
        if !hasHeader { printHeader() }
        let cells = names.indices.map { column -> String in
            switch value(column) {
            case .null: ""
            case .string(let text): text.isEmpty ? "\"\"" : Self.quoted(text)
            case let value: Self.quoted(ValueText.plain(value))
            }
        }
        StandardOutput.write(cells.joined(separator: ",") + "\n")
    }

    private mutating func printHeader() {
        hasHeader = true
        StandardOutput.write(names.map(Self.quoted).joined(separator: ",") + "\n")
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        SeparatedText.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
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
