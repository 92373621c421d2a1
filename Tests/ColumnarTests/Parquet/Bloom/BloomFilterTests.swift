import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

@Suite struct BloomFilterTests {
    static let columns = ["id", "small", "name", "unique", "raw", "day", "at"]

    private func write(to path: String, rows: Int = 4000) throws -> [RecordBatch] {
        var options = ParquetOptions()
        options.bloomFilterColumns = Set(Self.columns)
        options.rowGroupRows = rows / 4
        let batches = try (0..<4).map { try SampleRows.batch(count: rows / 4, from: $0 * rows / 4) }
        let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
        for batch in batches { try writer.write(batch) }
        _ = try writer.finish()
        return batches
    }

    @Test func aFilterKnowsItsValuesAndFewOthers() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let batches = try write(to: path)
            let file = try ParquetFile(path: path)
            #expect(try file.verify().problems == [])
            for name in Self.columns {
                let index = try #require(file.schema.index(of: name))
                let leaf = try #require(file.flatLeaf(name))
                for (group, batch) in batches.enumerated() {
                    let filter = try #require(
                        try file.bloomFilter(file.metadata.rowGroups[group].columns[leaf.index], leaf))
                    for row in 0..<batch.rowCount {
                        let value = batch.value(row: row, column: index)
                        #expect(value == .null || filter.mayContain(value), "\(name) \(value)")
                    }
                }
            }
            let leaf = try #require(file.flatLeaf("unique"))
            let filter = try #require(try file.bloomFilter(file.metadata.rowGroups[0].columns[leaf.index], leaf))
            let wrong = (0..<2000).filter { filter.mayContain(.string("absent-\($0)")) }.count
            #expect(wrong < 100, "\(wrong) of 2,000")
        }
    }

    /// Whoever counts a hash a hundred times gets the filter that it would get by counting it once.
    @Test func whatComesTwiceTakesNoRoom() {
        var random = SeededGenerator(seed: 5)
        for count in [0, 1, 30, 700, 900, 5000, 100_000] {
            let hashes = (0..<count).map { _ in random.next() }
            let once = BloomFilter(hashes: hashes)
            let bits = Double(once.words.count * 32) / Double(max(1, count))
            #expect(count < 32 ? once.words.count == 8 : bits >= 7.9 && bits <= 17, "\(count): \(bits) bits")
            let often = BloomFilter(hashes: (0..<5).flatMap { _ in hashes } + hashes.prefix(count / 3))
            #expect(once.words == often.words, "\(count)")
        }
    }

    /// Rows are found as by a full scan; row groups that cannot have the value are not looked at.
    @Test func equalityReadsOnlyWhatTheFiltersLeave() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let batches = try write(to: path)
            let file = try ParquetFile(path: path)
            let wanted = batches[2].value(row: 17, column: 6)
            let predicate = Columnar.Predicate.compare(column: "unique", .equal, wanted)
            var left = 0
            var found = 0
            for group in 0..<file.rowGroupCount {
                if try !file.selection(of: predicate, rowGroup: group).isEmpty { left += 1 }
                found += try file.read(columns: ["id"], rowGroup: group, where: predicate).rowCount
            }
            #expect(left == 1 && found == 1)
            // A negation is no equality: no filter may rule out rows for it.
            for group in 0..<file.rowGroupCount {
                let others = try file.read(columns: ["id"], rowGroup: group, where: .not(predicate)).rowCount
                #expect(others == (group == 2 ? 999 : 1000))
            }
        }
    }

    @Test func aDamagedFilterIsNoticed() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet")
            _ = try write(to: path.path)
            let file = try ParquetFile(path: path.path)
            let leaf = try #require(file.flatLeaf("unique"))
            let filter = try #require(try file.bloomFilter(file.metadata.rowGroups[0].columns[leaf.index], leaf))
            var bytes = try Data(contentsOf: path)
            bytes.replaceSubrange(filter.bits, with: Data(count: filter.bits.count))
            try bytes.write(to: path)
            #expect(try ParquetFile(path: path.path).verify().problems.contains { $0.contains("Bloom") })
        }
    }

    @Test func aFilterOnAColumnThatCanHaveNoneIsRefused() async throws {
        try await withTemporaryFolder { folder in
            for column in ["f", "flag", "scores", "nobody"] {
                var options = ParquetOptions()
                options.bloomFilterColumns = [column]
                #expect(throws: ColumnarError.self) {
                    try ParquetWriter(
                        path: folder.appending(path: "\(column).parquet").path, schema: SampleRows.schema,
                        options: options)
                }
            }
        }
    }

    /// A table with the property has filters in all its files, also after a rewrite, and a scan uses them.
    @Test func tablesAskForFiltersByAProperty() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "t").path
            let schema = Schema([Field("id", .int64), Field("user", .string)])
            let table = try DeltaTable.create(
                at: path, schema: schema, configuration: [MetaData.bloomFilterProperty: "user, nobody"])
            for k in 0..<6 {
                let users = (0..<100).map { "user-\(($0 * 37 + k * 1000) % 5000)" }
                _ = try table.append([
                    try RecordBatch(
                        schema: schema,
                        columns: [.int64(.init((0..<100).map { Int64($0) })), .string(BytesColumn(users))])
                ])
            }
            func files() throws -> [ParquetFile] {
                try table.snapshot().adds.map { try ParquetFile(path: "\(path)/\($0.path)") }
            }
            #expect(try files().allSatisfy { $0.chunks.map(\.hasBloomFilter) == [false, true] })
            let predicate = Columnar.Predicate.compare(column: "user", .equal, .string("user-1037"))
            let left = try files().filter { try !$0.selection(of: predicate, rowGroup: 0).isEmpty }.count
            #expect(left <= 2)
            var scan = try table.snapshot().scan(where: predicate)
            var rows = 0
            while let batch = try scan.next() { rows += batch.rowCount }
            #expect(rows == 1)
            #expect(try table.delete(where: predicate).rowsDeleted == 1)
            #expect(try files().allSatisfy { $0.chunks.map(\.hasBloomFilter) == [false, true] })
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "no Python with the independent readers (make venv)"))
    func othersFiltersAndOursAreTheSame() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let batches = try write(to: path)
            for (column, index) in [("unique", 6), ("id", 0)] {
                let there = (0..<20).map { batches[1].value(row: $0 * 40, column: index) }
                let texts = there.map { value -> String in
                    switch value {
                    case .string(let text): text
                    case .int(let number): "\(number)"
                    default: ""
                    }
                }
                let absent = (0..<20).map { column == "id" ? "\(1_000_000 + $0)" : "absent-\($0)" }
                let lines = try runPython("bloom.py", ["probe", path, column] + texts + absent).split(separator: "\n")
                #expect(lines.count == 40)
                #expect(lines.prefix(20).allSatisfy { !$0.hasPrefix("0") }, "\(lines)")
                #expect(lines.dropFirst(20).filter { $0 == "0 4" }.count > 14, "\(lines)")
            }
            _ = try runPython("bloom.py", ["write", folder.path])
            for name in ["arrow", "duckdb"] {
                let file = try ParquetFile(path: folder.appending(path: "\(name).parquet").path)
                let filtered = file.chunks.filter(\.hasBloomFilter)
                #expect(filtered.count >= 4, "\(name)")
                // Verification asks every filter for every value.
                #expect(try file.verify().problems == [], "\(name)")
                var excluded = 0
                for chunk in filtered where chunk.column == "name" {
                    let leaf = try #require(file.flatLeaf("name"))
                    let filter = try #require(
                        try file.bloomFilter(file.metadata.rowGroups[chunk.rowGroup].columns[leaf.index], leaf))
                    for k in 0..<100 where !filter.mayContain(.string("absent-\(k)")) { excluded += 1 }
                }
                #expect(excluded > 90 * filtered.filter { $0.column == "name" }.count, "\(name)")
            }
        }
    }
}
