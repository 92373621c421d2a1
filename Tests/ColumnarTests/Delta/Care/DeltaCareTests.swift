import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

struct DeltaCareTests {
    private func parquetFiles(_ folder: URL) throws -> Set<String> {
        Set(
            try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") && !$0.hasPrefix("_") })
    }

    @Test func optimizeMovesRowsAndChangesNone() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: ["day"])
            // Later rows first, so that sorting shows.
            for i in (0..<8).reversed() { _ = try table.append([DeltaFixture.batch(i * 10..<i * 10 + 10)]) }
            let before = try DeltaFixture.rows(table.snapshot())
            let report = try table.optimize()
            #expect(report.filesRemoved == 16 && report.filesAdded == 2 && report.version == 10)
            let snapshot = try table.snapshot()
            #expect(try DeltaFixture.rows(snapshot) == before)
            #expect(snapshot.fileCount == 2)
            // Streams that follow the table see nothing new.
            let log = try table.reader.actions(of: 9) + table.reader.actions(of: 10)
            for action in log {
                switch action {
                case .add(let add): #expect(!add.dataChange)
                case .remove(let remove): #expect(!remove.dataChange)
                case .commitInfo(let info): #expect(info.operation == "OPTIMIZE" && !info.isBlindAppend)
                default: Issue.record("\(action)")
                }
            }
            var scan = try snapshot.scan(columns: ["at"])
            while let batch = try scan.next() {
                let times = batch.columns[0].int64s?.values ?? []
                #expect(times == times.sorted())
            }
            #expect(try table.optimize() == RewriteReport())
            #expect(try DeltaFixture.rows(table.snapshot(version: 8)) == before)
            #expect(try table.verify().problems == [])
        }
    }

    @Test func deletedRowsAreGoneAfterVacuum() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            for i in 0..<3 { _ = try table.append([DeltaFixture.batch(i * 30..<i * 30 + 30)]) }
            let user = Columnar.Predicate.compare(column: "user", .equal, .string("user-3"))
            let expected = (Int64(0)..<90).filter { (id: Int64) -> Bool in id % 5 == 0 || id % 7 != 3 }
            let report = try table.delete(where: user)
            #expect(report.rowsDeleted == Int64(90 - expected.count))
            let snapshot = try table.snapshot()
            #expect(try DeltaFixture.ids(snapshot) == expected)
            #expect(snapshot.rowCount == Int64(expected.count))
            #expect(try DeltaFixture.ids(table.snapshot(version: 3)).count == 90)
            #expect(try table.delete(where: user) == RewriteReport())

            // Nothing is past the table's own retention yet; a rehearsal removes nothing.
            #expect(try table.vacuum().files == [])
            let rehearsal = try table.vacuum(retention: 0, dryRun: true)
            let data = rehearsal.files.filter { !$0.hasPrefix("_delta_log/") }
            #expect(data.count == report.filesRemoved)
            let all = try parquetFiles(folder)
            #expect(try table.vacuum(retention: 0) == rehearsal)
            #expect(try parquetFiles(folder) == all.subtracting(data))
            #expect(try DeltaFixture.ids(table.snapshot()) == expected)
            #expect(throws: ColumnarError.self) { try DeltaFixture.ids(table.snapshot(version: 3)) }
            #expect(throws: ColumnarError.self) { try table.restore(version: 3) }
        }
    }

    @Test func restoreBringsAVersionBack() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            _ = try table.append(
                [DeltaFixture.batch(0..<20)], transactions: [Transaction(appID: "a", version: 1)])
            let before = try DeltaFixture.rows(table.snapshot())
            _ = try table.delete(where: .compare(column: "id", .less, .int(10)))
            _ = try table.append(
                [DeltaFixture.batch(20..<30)], transactions: [Transaction(appID: "a", version: 2)])
            let report = try table.restore(version: 1)
            #expect(report.version == 4)
            let fresh = try DeltaTable.open(at: folder.path).snapshot()
            #expect(try DeltaFixture.rows(fresh) == before)
            #expect(fresh.transactions == ["a": 2])
            #expect(try table.verify().problems == [])
        }
    }

    @Test func columnsAreAddedAndOlderRowsAreNull() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            _ = try table.append([DeltaFixture.batch(0..<6)])
            #expect(
                try table.addColumns([Field("extra", .double), Field("tags", .list(.int64, elementNullable: true))])
                    == 2)
            #expect(throws: ColumnarError.self) { try table.addColumns([Field("Extra", .string)]) }
            #expect(throws: ColumnarError.self) { try table.addColumns([Field("must", .string, nullable: false)]) }
            let batch = try DeltaFixture.batch(6..<9)
            let wider = try RecordBatch(
                schema: Schema(batch.schema.fields + [Field("extra", .double)]),
                columns: batch.columns + [.double(PrimitiveColumn([1, 2, 3]))])
            _ = try table.append([wider])
            let found = try table.snapshot().scan(where: .compare(column: "extra", .greater, .double(1.5)))
            var scan = found
            var ids: [Int64] = []
            while let batch = try scan.next() { ids += try batch.column(named: "id").int64s?.values ?? [] }
            #expect(ids.sorted() == [7, 8])
            #expect(try DeltaFixture.rows(table.snapshot()).prefix(6).allSatisfy { $0.hasSuffix("null|null") })
            #expect(try table.verify().problems == [])
        }
    }

    @Test func anAppendOnlyTableOnlyGrows() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: DeltaFixture.schema, configuration: ["delta.appendOnly": "true"])
            for i in 0..<3 { _ = try table.append([DeltaFixture.batch(i..<i + 1)]) }
            #expect(throws: ColumnarError.self) { try table.delete(where: .compare(column: "id", .equal, .int(1))) }
            #expect(throws: ColumnarError.self) { try table.restore(version: 1) }
            #expect(try table.optimize().filesAdded == 1)
            #expect(try table.snapshot().rowCount == 3)
        }
    }

    @Test func damageIsFound() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: [])
            for i in 0..<3 { _ = try table.append([DeltaFixture.batch(i * 10..<i * 10 + 10)]) }
            let files = try table.snapshot().files
            try FileManager.default.removeItem(at: folder.appending(path: files[0].path))
            let second = folder.appending(path: files[1].path)
            var bytes = try Data(contentsOf: second)
            bytes[40] ^= 0xFF
            try bytes.write(to: second)
            let problems = try table.verify().problems
            #expect(Set(problems.map(\.path)) == [files[0].path, files[1].path], "\(problems)")
        }
    }

    @Test func oldCommitsAreCleanedUpBehindACheckpoint() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: [])
            for i in 0..<25 { _ = try table.append([DeltaFixture.batch(i..<i + 1)]) }
            let storage = LocalStorage(folder.path)
            let now = Timestamp.now
            try LogCleaner(storage: storage).clean(retention: 3_600_000, now: now)
            #expect(try table.history().count == 26)
            try LogCleaner(storage: storage).clean(retention: -3_600_000, now: now)
            #expect(try table.history().map(\.version).min() == 20)
            let fresh = try DeltaTable.open(at: folder.path)
            #expect(try fresh.snapshot().rowCount == 25)
            #expect(try fresh.snapshot(version: 20).rowCount == 20)
            #expect(throws: ColumnarError.self) { try fresh.snapshot(version: 19) }
            _ = try table.append([DeltaFixture.batch(25..<26)])
            #expect(try fresh.snapshot().rowCount == 26)
        }
    }
}
