import Columnar
import Foundation
import TestSupport
import Testing

/// `marquee parquet meta|verify`: what a file says of itself, and whether it is true.
@Suite struct ParquetCommandTests {
    private func write(to path: String) throws {
        let schema = Schema([Field("id", .int64, nullable: false), Field("name", .string)])
        let writer = try ParquetWriter(path: path, schema: schema, options: ParquetOptions())
        let ids = PrimitiveColumn((0..<300).map { Int64($0) })
        let names = BytesColumn((0..<300).map { $0 % 3 == 0 ? nil : "film \($0)" } as [String?])
        try writer.write(RecordBatch(schema: schema, columns: [.int64(ids), .string(names)]))
        _ = try writer.finish()
    }

    @Test func metaShowsRowsCodecNullsAndBounds() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            try write(to: path)
            let result = try await MarqueeProcess.run(["parquet", "meta", path], in: folder)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("300 rows in 1 row groups"))
            let lines = result.output.split(separator: "\n").map { $0.split(separator: " ") }
            let id = try #require(lines.first { $0.count > 1 && $0[1] == "id" })
            #expect(id.contains("zstd") && id.contains("299"))
            let name = try #require(lines.first { $0.count > 1 && $0[1] == "name" })
            #expect(name[3] == "100", "a third of the names is null: \(name)")
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment (make venv)"))
    func columnsThatAreNotReadAreNamedAndTheOthersPrinted() async throws {
        try await withTemporaryFolder { folder in
            let script = """
                import decimal, os, pyarrow as pa, pyarrow.parquet as pq, sys
                os.chdir(sys.argv[1])
                ids = pa.array(range(2), pa.int64())
                long = pa.array([decimal.Decimal(1)] * 2, pa.decimal256(50, 0))
                pq.write_table(pa.table({"id": ids, "t": long}), "a.parquet", write_page_checksum=True)
                pq.write_table(pa.table({"id": ids}), "b.parquet", compression="brotli")
                """
            let made = try await runPython(script, [folder.path])
            try #require(made.status == 0, "\(made.output)")
            let (a, b) = (folder.appending(path: "a.parquet").path, folder.appending(path: "b.parquet").path)
            let cat = try await MarqueeProcess.run(["parquet", "cat", a], in: folder)
            #expect(cat.status == 0 && cat.output == "{\"id\":0}\n{\"id\":1}\n")
            #expect(cat.errors.contains("column t is left out") && cat.errors.contains("DECIMAL"))
            let named = try await MarqueeProcess.run(["parquet", "cat", a, "--columns", "id"], in: folder)
            #expect(named.status == 0 && named.errors.isEmpty)
            let wanted = try await MarqueeProcess.run(["parquet", "cat", a, "--columns", "t"], in: folder)
            #expect(wanted.status == 65 && wanted.errors.contains("DECIMAL") && !wanted.errors.contains("damaged"))
            let verify = try await MarqueeProcess.run(["parquet", "verify", a], in: folder)
            #expect(verify.status == 0 && verify.output.contains("column t was not looked into"))
            #expect(verify.output.contains("1 columns not looked into, 0 problems"))
            let brotli = try await MarqueeProcess.run(["parquet", "cat", b], in: folder)
            #expect(brotli.status == 65 && brotli.errors.contains("BROTLI") && !brotli.errors.contains("backup"))
        }
    }

    @Test func verifyFindsAFlippedByte() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "a.parquet")
            try write(to: url.path)
            let whole = try await MarqueeProcess.run(["parquet", "verify", url.path], in: folder)
            #expect(whole.status == 0 && whole.output.contains("300 rows") && whole.output.contains(" 0 problems"))
            var bytes = try Data(contentsOf: url)
            bytes[60] ^= 0x10
            try bytes.write(to: url)
            let damaged = try await MarqueeProcess.run(["parquet", "verify", url.path], in: folder)
            #expect(damaged.status == 65)
            #expect(damaged.output.contains("row group 0") && damaged.errors.contains("is damaged"))
        }
    }
}
