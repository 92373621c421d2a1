import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Rows are written from where they lie in the batch, column by column and in several files at a time.
@Suite struct WritingInPlaceTests {
    /// Days in stretches of every length, of rows of every type with and without nulls.
    @Test func partitionsHaveTheirRowsAndNoOthers() async throws {
        try await withTemporaryFolder { folder in
            var random = SeededGenerator(seed: 3)
            var fields = SampleRows.schema.fields
            fields.append(Field("part", .int32, nullable: false))
            let schema = Schema(fields)
            let table = try DeltaTable.create(
                at: folder.appending(path: "t").path, schema: schema, partitionedBy: ["part"])
            let rows = 6000
            var parts: [Int32] = []
            while parts.count < rows {
                let length = [1, 1, 2, 15, 16, 17, 40, 700][random.below(8)]
                parts += [Int32](repeating: Int32(random.below(5)), count: min(length, rows - parts.count))
            }
            let sample = try SampleRows.batch(count: rows)
            let batch = try RecordBatch(schema: schema, columns: sample.columns + [.int32(.init(parts))])
            _ = try table.append([batch])
            #expect(try table.snapshot().fileCount == Set(parts).count)
            #expect(try table.verify().problems == [])
            var seen = 0
            var scan = try table.snapshot().scan()
            while let found = try scan.next() {
                let ids = try #require(try found.column(named: "id").int64s?.values)
                for (row, id) in ids.enumerated() {
                    for column in schema.fields.indices {
                        let (ours, expected) = (
                            found.value(row: row, column: column), batch.value(row: Int(id), column: column)
                        )
                        // NaN is not equal to itself.
                        #expect(
                            ours == expected || "\(ours)" == "\(expected)", "row \(id), \(schema.fields[column].name)")
                    }
                }
                seen += ids.count
            }
            #expect(seen == rows)
        }
    }

    /// A column that looks unique at first and is not: it is written without a dictionary, and nothing is lost.
    @Test func aDictionaryGivenUpEarlyLosesNothing() async throws {
        try await withTemporaryFolder { folder in
            let ids = (0..<1024).map { "id-\($0)" } + (0..<5000).map { "id-\($0 % 7)" }
            let numbers = (0..<1024).map { Int64($0 * 7919 % 100_003) } + (0..<5000).map { Int64($0 % 3) }
            var options = ParquetOptions()
            options.bloomFilterColumns = ["name", "number"]
            let schema = Schema([Field("name", .string, nullable: false), Field("number", .int64, nullable: false)])
            let path = folder.appending(path: "a.parquet").path
            let writer = try ParquetWriter(path: path, schema: schema, options: options)
            try writer.write(
                RecordBatch(schema: schema, columns: [.string(BytesColumn(ids)), .int64(.init(numbers))]))
            _ = try writer.finish()
            let file = try ParquetFile(path: path)
            #expect(try file.verify().problems == [])
            let read = try file.read(columns: ["name", "number"], rowGroup: 0)
            for row in ids.indices {
                #expect(read.value(row: row, column: 0) == .string(ids[row]))
                #expect(read.value(row: row, column: 1) == .int(numbers[row]))
            }
        }
    }

    /// Columns whose rows are all alike, in parts of the file or but for one row.
    @Test func repeatedTextsComeBack() async throws {
        try await withTemporaryFolder { folder in
            let schema = Schema([Field("text", .string, nullable: false)])
            let path = folder.appending(path: "a.parquet").path
            let writer = try ParquetWriter(path: path, schema: schema)
            var texts = [String](repeating: "views", count: 3000) + [String](repeating: "likes", count: 2500)
            texts += [String](repeating: "", count: 1200) + ["ab", "ab", "ba"] + [String](repeating: "ab", count: 1021)
            texts[1500] = "vIews"
            try writer.write(RecordBatch(schema: schema, columns: [.string(BytesColumn(texts))]))
            _ = try writer.finish()
            let file = try ParquetFile(path: path)
            #expect(try file.verify().problems == [])
            let read = try #require(try file.read(columns: ["text"], rowGroup: 0).columns[0].byteStrings)
            #expect((0..<read.count).map { read.string(at: $0) } == texts)
        }
    }
}
