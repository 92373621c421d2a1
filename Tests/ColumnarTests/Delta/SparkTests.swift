import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// Spark with Delta Lake and we, by turns on the same tables. One session does it all: starting one costs most.
@Suite(.enabled(if: SparkRuntime.isPresent(.three), "needs Java, the Delta jars for Spark and the Python environment"))
struct SparkTests {
    @Test func sparkAndWeWorkOnTheSameTables() async throws {
        try await withTemporaryFolder { folder in
            try prepare(folder)
            let session = try await SparkSession("spark.py", folder)
            do {
                try await session.wait(for: folder.appending(path: "first-done"))
                try readSparkFiles(folder)
                try readModel(folder)
                try goOnWithOurs(folder)
                try goOnWithTheirs(folder)
                try readTimes(folder)
                try readLocalTimes(folder)
                try Data().write(to: folder.appending(path: "second"))
            } catch {
                try Data().write(to: folder.appending(path: "stop"))
                _ = try await session.end()
                throw error
            }
            let end = try await session.end()
            #expect(end.status == 0, "\(end.output.suffix(4000))")
            #expect(end.output.hasSuffix("ok\n"))
            // After Spark's vacuum.
            let table = try DeltaTable.open(at: folder.appending(path: "ours").path)
            try JSONRows.expect(
                table.snapshot().batches(), are: folder.appending(path: "ours-again.jsonl"), "ours after its vacuum")
            #expect(try table.verify().problems == [])
        }
    }

    /// Files of each codec and kind of page we write, and a table past two checkpoints.
    private func prepare(_ folder: URL) throws {
        let files = folder.appending(path: "files")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        let batches = try (0..<2).map { try SampleRows.batch(count: 200, from: $0 * 200) }
        try JSONRows.write(batches, to: folder.appending(path: "files.jsonl"))
        for codec in [Compression.zstd, .snappy, .gzip, .none, .lz4] {
            var options = ParquetOptions()
            options.compression = codec
            options.rowGroupRows = 300
            options.pageRows = 64
            options.dictionaries = codec != .none
            if codec == .gzip { options.deltaColumns = ["id", "at", "small"] }
            if codec == .snappy { options.byteStreamSplitColumns = ["f", "d"] }
            let name = codec == .snappy ? "split" : codec.rawValue
            let path = files.appending(path: "\(name).parquet").path
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            for batch in batches { try writer.write(batch) }
            _ = try writer.finish()
        }
        try writeNames(folder)
        let table = try DeltaFixture.table(at: folder.appending(path: "ours"))
        var rows: [RecordBatch] = []
        for i in 0..<25 {
            rows.append(try DeltaFixture.batch(i * 4..<i * 4 + 4, sources: DeltaFixture.strangeSources))
            _ = try table.append([rows[i]], transactions: [Transaction(appID: "kafka:events:0", version: Int64(i))])
        }
        try JSONRows.write(rows, to: folder.appending(path: "ours.jsonl"))
    }

    /// Strings in DELTA_BYTE_ARRAY.
    private func writeNames(_ folder: URL) throws {
        let schema = Schema([Field("id", .int64, nullable: false), Field("name", .string, nullable: true)])
        let names = FrontCodingTests.ordered
        let batch = try RecordBatch(
            schema: schema,
            columns: [.int64(PrimitiveColumn(names.indices.map { Int64($0) })), .string(BytesColumn(names))])
        let writer = try ParquetWriter(path: folder.appending(path: "names.parquet").path, schema: schema)
        try writer.write(batch)
        _ = try writer.finish()
        try JSONRows.write([batch], to: folder.appending(path: "names.jsonl"))
    }

    private func readSparkFiles(_ folder: URL) throws {
        let spark = folder.appending(path: "spark")
        let kinds = try FileManager.default.contentsOfDirectory(atPath: spark.path).sorted()
        #expect(kinds.count == 8)
        for kind in kinds {
            let names = try FileManager.default.contentsOfDirectory(atPath: spark.appending(path: kind).path)
                .filter { $0.hasSuffix(".parquet") }
            let parts = try names.map { try ParquetFile(path: spark.appending(path: "\(kind)/\($0)").path) }
            for part in parts {
                #expect(part.unsupportedColumns.isEmpty, "\(kind)")
                #expect(try part.verify().problems == [], "\(kind)")
            }
            try JSONRows.expect(
                parts.flatMap { try $0.batches() }, are: folder.appending(path: "spark.jsonl"), "Spark's \(kind)")
        }
    }

    /// The files of the commits that tell their times are of the year 2096.
    private func readTimes(_ folder: URL) throws {
        for name in ["timed", "timed-later"] {
            let table = try DeltaTable.open(at: folder.appending(path: name).path)
            let lines = try String(contentsOf: folder.appending(path: "\(name).jsonl"), encoding: .utf8)
                .split(separator: "\n")
            #expect(lines.count == (name == "timed" ? 3 : 5))
            for line in lines {
                let row = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let version = try #require(row["id"] as? NSNumber).int64Value
                let time = Timestamp(microseconds: try #require(row["time"] as? NSNumber).int64Value)
                let record = try #require(try table.history().first { $0.version == version })
                #expect(record.timestamp.milliseconds == time.milliseconds, "\(name) \(version)")
                // The file system tells times of files more finely than Spark does.
                let asOf = Timestamp(microseconds: time.microseconds + 999)
                #expect(try table.snapshot(asOf: asOf).version == version, "\(name) \(version)")
                #expect(try table.snapshot(version: version).timestamp.milliseconds == time.milliseconds)
            }
            #expect(throws: ColumnarError.self) { try table.snapshot(asOf: Timestamp(seconds: 1_000_000_000)) }
        }
    }

    private func readLocalTimes(_ folder: URL) throws {
        let table = try DeltaTable.open(at: folder.appending(path: "local").path)
        try JSONRows.expect(
            table.snapshot().batches(), are: folder.appending(path: "local.jsonl"), "Spark's times without a zone")
        let first = try Columnar.Predicate("p = '2026-11-21 08:00:00'", schema: table.snapshot().schema)
        #expect(try DeltaFixture.ids(table.snapshot(), where: first) == [1])
        #expect(try table.verify().problems == [])
    }

    private func readModel(_ folder: URL) throws {
        for side in ["userFactors", "itemFactors"] {
            let path = folder.appending(path: "als/\(side)")
            let names = try FileManager.default.contentsOfDirectory(atPath: path.path)
                .filter { $0.hasSuffix(".parquet") }
            let batches = try names.flatMap { try ParquetFile(path: path.appending(path: $0).path).batches() }
            try JSONRows.expect(batches, are: folder.appending(path: "\(side).jsonl"), side)
        }
    }

    /// The table that Spark appended to, deleted from, compacted, widened and checkpointed.
    private func goOnWithOurs(_ folder: URL) throws {
        let path = folder.appending(path: "ours").path
        let after = folder.appending(path: "ours-after.jsonl")
        let table = try DeltaTable.open(at: path)
        var snapshot = try table.snapshot()
        try JSONRows.expect(snapshot.batches(), are: after, "ours after Spark")
        #expect(snapshot.transactions == ["kafka:events:0": 24, "spark": 5])
        #expect(snapshot.schema.names.last == "extra")
        #expect(try table.verify().problems == [])
        #expect(try DeltaFixture.ids(table.snapshot(version: 25)) == (0..<100).map { Int64($0) })
        #expect(try table.history().prefix(4).map(\.operation) == ["ADD COLUMNS", "OPTIMIZE", "DELETE", "WRITE"])
        // From Spark's checkpoint alone.
        let log = path + "/_delta_log/"
        for name in try FileManager.default.contentsOfDirectory(atPath: log)
        where name.hasSuffix(".json") && name < String(repeating: "0", count: 18) + "29.json" && name.hasPrefix("0") {
            try FileManager.default.moveItem(atPath: log + name, toPath: folder.path + "/" + name)
        }
        try JSONRows.expect(
            DeltaTable.open(at: path).snapshot().batches(), are: after, "ours from Spark's checkpoint")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".json") {
            try FileManager.default.moveItem(atPath: folder.path + "/" + name, toPath: log + name)
        }

        _ = try table.append(
            [DeltaFixture.batch(2000..<2020, sources: DeltaFixture.strangeSources)],
            transactions: [Transaction(appID: "spark", version: 6)])
        _ = try table.delete(where: .compare(column: "id", .greaterOrEqual, .int(2010)))
        _ = try table.addColumns([Field("more", .list(.int64, elementNullable: true))])
        _ = try table.optimize()
        try table.writeCheckpoint()
        snapshot = try table.snapshot()
        #expect(try DeltaFixture.ids(snapshot).count == 90 + DeltaFixture.strangeSources.count + 10)
        try JSONRows.write(snapshot.batches(), to: folder.appending(path: "ours-again.jsonl"))
    }

    /// A table that Spark made: partitions by text, truth value and instant, updated, checkpointed.
    private func goOnWithTheirs(_ folder: URL) throws {
        // From a checkpoint of several parts, and nothing older.
        for version in 0..<2 {
            try FileManager.default.removeItem(
                at: folder.appending(path: "theirs/_delta_log/\(String(repeating: "0", count: 19))\(version).json"))
        }
        let table = try DeltaTable.open(at: folder.appending(path: "theirs").path)
        let snapshot = try table.snapshot()
        try JSONRows.expect(snapshot.batches(), are: folder.appending(path: "theirs.jsonl"), "Spark's table")
        #expect(snapshot.partitionColumns == ["source", "even", "at"])
        for source in DeltaFixture.strangeSources {
            let predicate: Columnar.Predicate =
                source.map { .compare(column: "source", .equal, .string($0)) } ?? .isNull(column: "source")
            #expect(try DeltaFixture.ids(snapshot, where: predicate).count == 2, "\(source ?? "null")")
        }
        #expect(try table.verify().problems == [])
        _ = try table.delete(where: .and([.compare(column: "even", .equal, .bool(true)), .isNull(column: "number")]))
        _ = try table.optimize()
        _ = try table.append([
            RecordBatch(
                schema: snapshot.schema,
                columns: [
                    .int64(PrimitiveColumn([900, 901])), .string(BytesColumn(["a/b c=ü%", nil])),
                    .bool(PrimitiveColumn([true, false])), .int32(PrimitiveColumn([1, 2])),
                    .timestamp(PrimitiveColumn([1_767_268_800_123_456, 1_767_268_801_000_000])),
                    .double(PrimitiveColumn([0.5, -1e300])),
                ])
        ])
        try JSONRows.write(table.snapshot().batches(), to: folder.appending(path: "theirs-again.jsonl"))
    }
}
