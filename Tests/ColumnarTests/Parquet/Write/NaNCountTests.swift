import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Footers say how many values are NaN: bounds leave them out, and where nobody counts a reader must expect some anywhere.
struct NaNCountTests {
    private static let schema = Schema([
        Field("f", .float), Field("d", .double, nullable: false), Field("i", .int32), Field("s", .string),
    ])

    private static func batch(_ rows: Int) throws -> RecordBatch {
        var floats = PrimitiveColumn<Float>()
        for row in 0..<rows {
            let value: Float = row % 5 == 0 ? .nan : Float(row)
            floats.append(row % 7 == 0 ? nil : value)
        }
        let doubles: [Double] = (0..<rows).map { $0 == 3 ? .nan : Double($0) }
        return try RecordBatch(
            schema: schema,
            columns: [
                .float(floats), .double(PrimitiveColumn(doubles)),
                .int32(PrimitiveColumn((0..<rows).map { Int32($0) })),
                .string(BytesColumn((0..<rows).map { "s\($0)" })),
            ])
    }

    private func write(_ batch: RecordBatch, to path: String, pageRows: Int) throws {
        var options = ParquetOptions()
        options.pageRows = pageRows
        let writer = try ParquetWriter(path: path, schema: batch.schema, options: options)
        try writer.write(batch)
        _ = try writer.finish()
    }

    @Test func chunksAndPagesHaveTheirCount() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            try write(Self.batch(100), to: path, pageRows: 10)
            let file = try ParquetFile(path: path)
            let chunks = file.metadata.rowGroups[0].columns
            let nan = (0..<100).filter { $0 % 7 != 0 && $0 % 5 == 0 }
            #expect(chunks.map(\.statistics?.nanCount) == [Int64(nan.count), 1, nil, nil])
            let index = try #require(try file.columnIndex(chunks[0]))
            #expect(index.nanCounts == (0..<10).map { page in Int64(nan.count { $0 / 10 == page }) })
            #expect(try file.columnIndex(chunks[2])?.nanCounts == [])
            #expect(try file.verify().problems.isEmpty)
        }
    }

    /// A page of nothing but NaN has no bounds, and so the chunk has no index; the count is there all the same.
    @Test func nothingButNaNIsCountedToo() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let schema = Schema([Field("d", .double)])
            try write(
                RecordBatch(schema: schema, columns: [.double(PrimitiveColumn([Double](repeating: .nan, count: 20)))]),
                to: path, pageRows: 10)
            let file = try ParquetFile(path: path)
            let chunk = file.metadata.rowGroups[0].columns[0]
            #expect(chunk.statistics?.nanCount == 20 && chunk.statistics?.minimum == nil)
            #expect(try file.columnIndex(chunk) == nil)
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "there is no .venv (make venv)"))
    func todaysReadersReadThem() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            try write(Self.batch(100), to: path, pageRows: 10)
            let (status, output) = try await runPython(
                """
                import sys, math, duckdb, polars, pyarrow.parquet
                path = sys.argv[1]
                wanted = [i for i in range(100) if i % 7 != 0 and i % 5 == 0]
                for rows in (
                    pyarrow.parquet.read_table(path).to_pylist(), polars.read_parquet(path).to_dicts(),
                    [dict(zip("fdis", row)) for row in duckdb.sql(f"from '{path}'").fetchall()],
                ):
                    assert len(rows) == 100
                    assert [r["i"] for r in rows if r["f"] is not None and math.isnan(r["f"])] == wanted
                    assert [r["i"] for r in rows if math.isnan(r["d"])] == [3]
                table = pyarrow.parquet.read_table(path, filters=[("d", ">", 96.0)])
                assert table["i"].to_pylist() == [97, 98, 99]
                """, [path])
            #expect(status == 0, "\(output)")
        }
    }
}
