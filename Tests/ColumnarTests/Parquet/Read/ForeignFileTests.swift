import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

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
                #expect(try file.verify().problems == [], "\(name)")
            }
        }
    }

    @Test func whatWeDoNotReadIsLeftOutByName() async throws {
        try await withTemporaryFolder { folder in
            _ = try runPython("make_files.py", [folder.path])
            let kinds: [String: [String: String]] = [
                "types": [
                    "wide": "DECIMAL(50,2)", "within": "DECIMAL(50,2)", "deep": "24 levels",
                ], "duckdb": ["span": "INTERVAL", "any": "VARIANT"], "codec": ["other": "BROTLI"],
            ]
            for (name, features) in kinds {
                let path = folder.appending(path: "refused-\(name).parquet").path
                let file = try ParquetFile(path: path)
                #expect(file.schema.names == ["id"], "\(name)")
                #expect(Set(file.unsupportedColumns.keys) == Set(features.keys), "\(name)")
                for (column, feature) in features {
                    #expect(file.unsupportedColumns[column]?.contains(feature) == true, "\(name) \(column)")
                    let error = #expect(throws: ColumnarError.self) { try file.read(columns: [column], rowGroup: 0) }
                    #expect(error?.code == "format-unsupported")
                }
                #expect(try file.read(columns: file.schema.names, rowGroup: 0).rows == (0..<3).map { [.int($0)] })
                let report = try file.verify()
                #expect(report.problems == [] && Set(report.unseen.map(\.name)) == Set(features.keys), "\(name)")
                #expect(report.unseen.allSatisfy { $0.pages > 0 })
                #expect(report.unseen.allSatisfy { $0.unpacked == (name == "codec" ? 0 : $0.pages) })
            }
            let brotli = try ParquetFile(path: folder.appending(path: "refused-brotli.parquet").path)
            #expect { try brotli.read(rowGroup: 0) } throws: { "\($0)".contains("BROTLI") }
        }
    }

    @Test func aFlippedByteIsNoticedInColumnsThatWeDoNotRead() async throws {
        try await withTemporaryFolder { folder in
            _ = try runPython("make_files.py", [folder.path])
            for name in ["types", "codec"] {
                let path = folder.appending(path: "refused-\(name).parquet")
                let whole = try Data(contentsOf: path)
                let file = try ParquetFile(path: path.path)
                #expect(try file.verify().checksums == file.verify().pages)
                for chunk in file.metadata.rowGroups[0].columns {
                    // The last byte of a chunk is one of its last page.
                    let position = try file.range(of: chunk).upperBound - 1
                    var bytes = whole
                    bytes[position] ^= 0x10
                    try bytes.write(to: path)
                    let problems = try ParquetFile(path: path.path).verify().problems
                    #expect(problems.count == 1 && problems[0].contains("checksum"), "\(chunk.path): \(problems)")
                }
                try whole.write(to: path)
            }
        }
    }
}
