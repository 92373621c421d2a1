import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Twelve types × five patterns of nulls × encodings × codecs × page versions, in both directions. The reference is a
/// file of pyarrow in PLAIN without compression; every other file has the same rows.
@Suite(.enabled(if: Checkout.python != nil, "no Python with the independent readers (make venv)"))
struct MatrixTests {
    @Test func everyCellOfTheMatrix() async throws {
        try await withTemporaryFolder { folder in
            _ = try runPython("matrix.py", ["write", folder.path])
            let reference = try ParquetFile(path: folder.appending(path: "reference.parquet").path)
            #expect(reference.unsupportedColumns.isEmpty)
            let batch = try reference.read(rowGroup: 0)
            let expected = batch.rows

            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") }.sorted()
            #expect(names.count == 66)
            for name in names {
                let file = try ParquetFile(path: folder.appending(path: name).path)
                #expect(file.schema.names == reference.schema.names, "\(name)")
                let rows = try (0..<file.rowGroupCount).flatMap { try file.read(rowGroup: $0).rows }
                #expect(rows.count == expected.count, "\(name)")
                for (column, field) in file.schema.fields.enumerated() {
                    let row = rows.indices.first { rows[$0][column] != expected[$0][column] }
                    if let row { Issue.record("\(name): \(field.name): row \(row) is \(rows[row][column])") }
                }
                #expect(try file.verify().problems == [], "\(name)")
            }

            var written = 0
            for compression in Compression.allCases {
                for encoding in ["plain", "dictionary", "delta", "split"] {
                    for pageRows in [37, 20_000] {
                        let name = "ours-\(encoding)-\(compression.rawValue)-\(pageRows).parquet"
                        try write(batch, to: folder.appending(path: name).path, compression, encoding, pageRows)
                        written += 1
                    }
                }
            }
            let columns = batch.columns.count * 3
            let compared = try runPython("matrix.py", ["check", folder.path])
            #expect(compared == "\(written * columns)\n")
        }
    }

    private func write(
        _ batch: RecordBatch, to path: String, _ compression: Compression, _ encoding: String, _ pageRows: Int
    ) throws {
        var options = ParquetOptions()
        options.compression = compression
        options.pageRows = pageRows
        options.rowGroupRows = 150
        options.dictionaries = encoding == "dictionary"
        options.deltasWherePaying = false
        if encoding == "delta" { options.deltaColumns = Set(batch.schema.names) }
        if encoding == "split" { options.byteStreamSplitColumns = Set(batch.schema.names) }
        options.bloomFilterColumns = Set(
            batch.schema.fields.filter { ValueHash.isDefined(for: $0.type) }.map(\.name))
        let writer = try ParquetWriter(path: path, schema: batch.schema, options: options)
        for start in [0, 150] { try writer.write(batch.gathered((start..<start + 150).map { Int32($0) })) }
        _ = try writer.finish()
        #expect(try ParquetFile(path: path).verify().problems == [], "\(path)")
    }
}
