import Domain
import TestSupport
import Testing

@testable import Columnar

@Suite struct DeltaReplaceTests {
    private let schema = Schema([Field("n", .int64, nullable: false)])

    private func batch(_ numbers: [Int64]) throws -> RecordBatch {
        try RecordBatch(schema: schema, columns: [.int64(PrimitiveColumn(numbers))])
    }

    private func numbers(_ snapshot: Snapshot) throws -> [Int64] {
        var scan = try snapshot.scan()
        var found: [Int64] = []
        while let batch = try scan.next() { found += try #require(batch.column(named: "n").int64s).values }
        return found.sorted()
    }

    @Test func theRowsOfATableAreReplacedInOneCommitAndOlderOnesStayReadable() throws {
        let table = try DeltaTable.openOrCreate(MemoryStorage(), schema: schema)
        _ = try table.append([batch([1, 2])])
        _ = try table.append([batch([3])])
        let report = try table.replace(
            with: [batch([7, 8])], transactions: [Transaction(appID: "made-of:x", version: 5)])
        #expect(report.filesRemoved == 2 && report.filesAdded == 1)
        let newest = try table.snapshot()
        #expect(try numbers(newest) == [7, 8] && newest.transactions["made-of:x"] == 5)
        #expect(try numbers(table.snapshot(version: newest.version - 1)) == [1, 2, 3])
        try table.replace(with: [])
        #expect(try numbers(table.snapshot()) == [])
        #expect(try table.replace(with: []) == RewriteReport())
        #expect(try table.history().first { $0.version == newest.version }?.operation == "WRITE")
    }

    /// What rows are made of has several versions, of which some may be as they were, or lower: of a table made anew.
    @Test func whatRowsWereMadeOfMayMoveInPart() throws {
        let table = try DeltaTable.openOrCreate(MemoryStorage(), schema: schema)
        func replace(_ rows: [Int64], a: Int64, b: Int64) throws -> RewriteReport {
            try table.replace(
                with: [batch(rows)],
                transactions: [
                    Transaction(appID: "made-of:a", version: a), Transaction(appID: "made-of:b", version: b),
                ])
        }
        _ = try replace([1], a: 4, b: 0)
        _ = try replace([2], a: 4, b: 1)
        #expect(try numbers(table.snapshot()) == [2])
        _ = try replace([3], a: 0, b: 1)
        #expect(try numbers(table.snapshot()) == [3] && table.snapshot().transactions["made-of:a"] == 0)
        // The same again is nothing to do.
        #expect(try replace([3], a: 0, b: 1) == RewriteReport())
    }
}
