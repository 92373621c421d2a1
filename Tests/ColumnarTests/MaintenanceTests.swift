import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@Suite struct MaintenanceTests {
    private func table(_ folder: URL, files: Int = 12) throws -> DeltaTable {
        let table = try DeltaTable.create(
            at: folder.appending(path: "t").path, schema: DeltaTableTests.schema, partitionedBy: ["day"])
        for k in 0..<files { _ = try table.append([try DeltaTableTests.batch(k * 10..<k * 10 + 10)]) }
        return table
    }

    @Test func optimizeKeepsTheRows() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            let report = try table.optimize(sortedBy: "at")
            let snapshot = try table.snapshot()
            #expect(report.filesRemoved == 36 && report.filesAdded == 3 && snapshot.fileCount == 3)
            #expect(try DeltaTableTests.ids(snapshot) == (0..<120).map { Int64($0) })
            #expect(try table.optimize().version == nil)
            #expect(try snapshot.verify() == [])
        }
    }

    @Test func deletedRowsLeaveNoByteAfterVacuum() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            _ = try table.append([try DeltaTableTests.batch(500..<510, source: "someone-personal")])
            let report = try table.delete(where: .compare(column: "source", .equal, .string("someone-personal")))
            #expect(report.rows == 10)
            #expect(try DeltaTableTests.ids(try table.snapshot()) == (0..<120).map { Int64($0) })
            #expect(try table.vacuum(dryRun: true) == [])
            #expect(try table.vacuum(retention: 0).count == 3)
            for case let file as URL in try #require(
                FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            where file.pathExtension == "parquet" && !file.path.contains("_delta_log") {
                #expect(try Data(contentsOf: file).range(of: Data("someone-personal".utf8)) == nil)
            }
            #expect(try table.snapshot().verify() == [])
        }
    }

    @Test func restoreBringsAVersionBack() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder)
            _ = try table.delete(where: .compare(column: "id", .less, .int(50)))
            #expect(try table.restore(version: 12) == .committed(version: 14))
            #expect(try DeltaTableTests.ids(try table.snapshot()).count == 120)
        }
    }

    @Test func columnsMayBeAdded() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder, files: 2)
            _ = try table.addColumns([Field("note", .string)])
            var scan = try table.snapshot().scan(columns: ["note"])
            while let batch = try scan.next() { #expect(batch.columns[0].nullCount == batch.rowCount) }
            _ = try table.append([try DeltaTableTests.batch(20..<30)])
            #expect(try DeltaTableTests.ids(try table.snapshot()).count == 30)
            #expect(throws: ColumnarError.self) { try table.addColumns([Field("id2", .int64, nullable: false)]) }
        }
    }

    @Test func anAppendOnlyTableRefusesDeletion() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.appending(path: "t").path, schema: DeltaTableTests.schema,
                configuration: ["delta.appendOnly": "true"])
            _ = try table.append([try DeltaTableTests.batch(0..<10)])
            _ = try table.append([try DeltaTableTests.batch(10..<20)])
            #expect(throws: ColumnarError.self) { try table.delete(where: .isNull(column: "source")) }
            #expect(try table.optimize().filesAdded == 1)
        }
    }

    @Test func verifyNamesTheDamage() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(folder, files: 1)
            let file = try #require(try table.snapshot().files.first)
            let url = folder.appending(path: "t/\(file.path)")
            var bytes = [UInt8](try Data(contentsOf: url))
            bytes[40] ^= 0xFF
            try Data(bytes).write(to: url)
            #expect(try table.snapshot().verify().map(\.file).contains(file.path))
            try FileManager.default.removeItem(at: url)
            #expect(try table.snapshot().verify().map(\.file) == [file.path])
        }
    }

    /// Writers, an optimiser, a deleter and readers at once: every row is there once, and no read is torn.
    @Test func manyAtOnceLoseNothing() async throws {
        try await withTemporaryFolder { folder in
            let path = try table(folder, files: 1).path
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        let table = try DeltaTable.open(at: path)
                        for k in 0..<8 {
                            let start = 1000 + writer * 1000 + k * 10
                            let outcome = try table.append(
                                [try DeltaTableTests.batch(start..<start + 10)],
                                transactions: [.init(appID: "w\(writer)", version: Int64(k))])
                            guard case .committed = outcome else {
                                Issue.record("\(outcome)")
                                return
                            }
                        }
                    }
                }
                group.addTask {
                    let table = try DeltaTable.open(at: path)
                    for _ in 0..<4 { _ = try table.optimize() }
                }
                group.addTask {
                    let table = try DeltaTable.open(at: path)
                    for id in 0..<5 { _ = try table.delete(where: .compare(column: "id", .equal, .int(Int64(id)))) }
                }
                group.addTask {
                    let table = try DeltaTable.open(at: path)
                    for _ in 0..<15 {
                        let snapshot = try table.snapshot()
                        #expect(try DeltaTableTests.ids(snapshot).count == Int(snapshot.rowCount ?? -1))
                    }
                }
                try await group.waitForAll()
            }
            let ids = try DeltaTableTests.ids(try DeltaTable.open(at: path).snapshot())
            let expected = Array(5..<10) + (0..<3).flatMap { w in 1000 + w * 1000..<1080 + w * 1000 }
            #expect(ids == expected.map { Int64($0) })
        }
    }
}
