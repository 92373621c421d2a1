import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

@Suite struct PagePruningTests {
    /// Counts what is read of a file.
    final class CountingObject: StoredObject, @unchecked Sendable {
        // Sendable: used by the one thread of a test.
        let file: LocalFile
        var bytesRead = 0
        var size: Int { file.size }

        init(_ path: String) throws { file = try LocalFile(path: path) }

        func read(_ range: Range<Int>) throws -> [UInt8] {
            bytesRead += range.count
            return try file.read(range)
        }
    }

    @Test func aNarrowConditionReadsFewPages() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.pageRows = 200
            let batch = try SampleRows.batch(count: 10_000)
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            try writer.write(batch)
            _ = try writer.finish()
            let predicate = Columnar.Predicate.compare(column: "id", .equal, .int(4321))
            let object = try CountingObject(path)
            let file = try ParquetFile(object: object, name: path)
            #expect(try file.selection(of: predicate, rowGroup: 0).ranges == [4200..<4400])
            object.bytesRead = 0
            let found = try file.read(columns: ["id", "unique", "tags"], rowGroup: 0, where: predicate)
            #expect(found.rows == [[batch.rows[4321][0], batch.rows[4321][6], batch.rows[4321][11]]])
            #expect(object.bytesRead < object.size / 10, "\(object.bytesRead) of \(object.size)")
        }
    }

    /// Whatever is asked for, pruning changes nothing but what is read.
    @Test func prunedRowsAreThoseOfAFullScan() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.pageRows = 64
            options.rowGroupRows = 1500
            options.bloomFilterColumns = ["id", "name", "small"]
            let batch = try SampleRows.batch(count: 3000)
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            for start in stride(from: 0, to: 3000, by: 1500) {
                try writer.write(batch.gathered((start..<start + 1500).map { Int32($0) }))
            }
            _ = try writer.finish()
            try checkPruning(of: try ParquetFile(path: path), ["id", "small", "f", "d", "name", "day", "at"])
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "no Python with the independent writers (make venv)"))
    func theIndexesOfOthersPruneAsWell() async throws {
        try await withTemporaryFolder { folder in
            _ = try runPython("make_files.py", [folder.path])
            for name in ["arrow-zstd-1.0", "arrow-snappy-2.0", "duckdb-v2-zstd", "polars-zstd", "arrow-delta-2.0"] {
                let file = try ParquetFile(path: folder.appending(path: "\(name).parquet").path)
                try checkPruning(of: file, ["id", "small", "f", "name", "long", "day", "at"], rounds: 8)
            }
        }
    }

    /// Random conditions over values that are there, one row off, or absent.
    private func checkPruning(of file: ParquetFile, _ columns: [String], rounds: Int = 40) throws {
        var random = SeededGenerator(seed: 11)
        let groups = try (0..<file.rowGroupCount).map { try file.read(rowGroup: $0) }
        let comparisons: [Columnar.Predicate.Comparison] = [
            .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
        ]
        func leaf() throws -> Columnar.Predicate {
            let name = columns[random.below(columns.count)]
            let batch = groups[random.below(groups.count)]
            let index = try #require(batch.schema.index(of: name))
            let value = batch.value(row: random.below(batch.rowCount), column: index)
            switch random.below(5) {
            case 0: return .isNull(column: name)
            case 1: return .isIn(column: name, [value, batch.value(row: 0, column: index)])
            default: return .compare(column: name, comparisons[random.below(6)], value)
            }
        }
        func tree(_ depth: Int) throws -> Columnar.Predicate {
            switch depth == 0 ? 0 : random.below(4) {
            case 1: .and([try tree(depth - 1), try tree(depth - 1)])
            case 2: .or([try tree(depth - 1), try tree(depth - 1)])
            case 3: .not(try tree(depth - 1))
            default: try leaf()
            }
        }
        var pruned = 0
        for _ in 0..<Effort.rounds(rounds, nightly: 2000) {
            let predicate = try tree(2)
            for (group, whole) in groups.enumerated() {
                let expected = whole.gathered(predicate.rows(of: whole))
                let found = try file.read(columns: columns, rowGroup: group, where: predicate)
                #expect(found.rows == expected.selecting(found.schema).rows, "\(predicate)")
                if try file.selection(of: predicate, rowGroup: group).count < whole.rowCount { pruned += 1 }
            }
        }
        #expect(pruned > 0)
    }

    @Test func aPageIndexThatLiesIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet")
            var options = ParquetOptions()
            options.pageRows = 100
            let writer = try ParquetWriter(path: path.path, schema: SampleRows.schema, options: options)
            try writer.write(try SampleRows.batch(count: 1000))
            _ = try writer.finish()
            let file = try ParquetFile(path: path.path)
            let chunk = file.metadata.rowGroups[0].columns[0]
            let start = Int(try #require(chunk.offsetIndexOffset))
            var random = SeededGenerator(seed: 5)
            let good = try Data(contentsOf: path)
            let predicate = Columnar.Predicate.compare(column: "id", .greaterOrEqual, .int(500))
            let expected = try file.read(columns: ["id"], rowGroup: 0, where: predicate).rows
            for _ in 0..<100 {
                var bytes = good
                bytes[start + random.below(Int(chunk.offsetIndexLength ?? 0))] ^= 1 << UInt8(random.below(8))
                try bytes.write(to: path)
                do {
                    let rows = try ParquetFile(path: path.path).read(columns: ["id"], rowGroup: 0, where: predicate)
                        .rows
                    #expect(rows == expected)
                } catch is any Fault {}
            }
        }
    }
}
