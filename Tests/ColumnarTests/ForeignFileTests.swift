import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// Files written by pyarrow, DuckDB and Polars: types × encodings × codecs × page versions.
@Suite(.enabled(if: Checkout.python != nil, "no Python with the independent writers (make venv)"))
struct ForeignFileTests {
    @Test func weReadWhatOthersWrite() async throws {
        try await withTemporaryFolder { folder in
            _ = try runPython("make_files.py", [folder.path])
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".jsonl") }.map { $0.dropLast(6) }.sorted()
            #expect(names.count > 30)
            for name in names {
                let file = try ParquetFile(path: folder.appending(path: "\(name).parquet").path)
                #expect(file.unsupportedColumns.isEmpty, "\(name)")
                var rows: [[Value]] = []
                for group in 0..<file.rowGroupCount { rows += try file.read(rowGroup: group).rows }
                let text = try String(contentsOf: folder.appending(path: "\(name).jsonl"), encoding: .utf8)
                let expected = text.split(separator: "\n")
                #expect(rows.count == expected.count, "\(name)")
                var wrong = 0
                for (line, row) in zip(expected, rows) {
                    let object = try #require(
                        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                    for (column, value) in zip(file.schema.names, row) where !matches(object[column], value) {
                        wrong += 1
                        if wrong < 4 { Issue.record("\(name): \(column) is \(value) in \(line.prefix(200))") }
                    }
                }
                #expect(try file.verify() == [], "\(name)")
            }
        }
    }

    @Test func whatWeDoNotReadIsRefusedByName() async throws {
        try await withTemporaryFolder { folder in
            _ = try runPython("make_files.py", [folder.path])
            let decimal = try ParquetFile(path: folder.appending(path: "refused-decimal.parquet").path)
            #expect(decimal.schema.names == ["id"])
            #expect(decimal.unsupportedColumns["money"]?.contains("DECIMAL") == true)
            #expect(throws: ColumnarError.self) { try decimal.read(rowGroup: 0) }
            #expect(try decimal.read(columns: ["id"], rowGroup: 0).rowCount == 1)
            let brotli = try ParquetFile(path: folder.appending(path: "refused-brotli.parquet").path)
            #expect { try brotli.read(rowGroup: 0) } throws: { "\($0)".contains("BROTLI") }
        }
    }
}
