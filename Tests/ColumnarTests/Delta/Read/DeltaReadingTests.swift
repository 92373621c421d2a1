import Columnar
import Domain
import Foundation
import TestSupport
import Testing

struct DeltaReadingTests {
    @Test func appendedRowsComeBackWithTheirPartitions() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            let batch = try DeltaFixture.batch(0..<100)
            #expect(try table.append([batch]) == .committed(version: 1))
            let snapshot = try DeltaTable.open(at: folder.path).snapshot()
            #expect(snapshot.version == 1)
            #expect(snapshot.schema == DeltaFixture.schema)
            #expect(snapshot.files.count == 6)
            #expect(snapshot.rowCount == 100)
            #expect(try DeltaFixture.rows(snapshot) == DeltaFixture.rows(batch))
        }
    }

    @Test func olderVersionsStayReadable() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: [])
            // Past two checkpoints.
            for i in 0..<25 { _ = try table.append([DeltaFixture.batch(i * 4..<i * 4 + 4)]) }
            let fresh = try DeltaTable.open(at: folder.path)
            for version in 0...25 {
                let snapshot = try fresh.snapshot(version: Int64(version))
                #expect(try DeltaFixture.ids(snapshot) == (0..<Int64(version) * 4).map { $0 })
            }
            let error = #expect(throws: ColumnarError.self) { try fresh.snapshot(version: 26) }
            #expect(error == .noSuchVersion(table: folder.path, version: 26, earliest: 0, latest: 25))
        }
    }

    @Test func timeTravelGoesByTheTimesOfTheCommits() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: [])
            for i in 0..<3 { _ = try table.append([DeltaFixture.batch(i..<i + 1)]) }
            for version in 0...3 {
                let file = folder.appending(path: "_delta_log/0000000000000000000\(version).json")
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1000 + Double(version) * 10)],
                    ofItemAtPath: file.path)
            }
            let fresh = try DeltaTable.open(at: folder.path)
            #expect(try fresh.snapshot(asOf: Timestamp(seconds: 1000)).version == 0)
            #expect(try fresh.snapshot(asOf: Timestamp(seconds: 1019)).version == 1)
            #expect(try fresh.snapshot(asOf: Timestamp(seconds: 2000)).version == 3)
            #expect(throws: ColumnarError.self) { try fresh.snapshot(asOf: Timestamp(seconds: 999)) }
        }
    }

    @Test func historyTellsWhoDidWhat() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            _ = try table.append([DeltaFixture.batch(0..<10)], operation: "STREAMING UPDATE")
            let history = try table.history()
            #expect(history.map(\.version) == [1, 0])
            #expect(history.map(\.operation) == ["STREAMING UPDATE", "CREATE TABLE"])
            #expect(history[0].operationMetrics["numOutputRows"] == "10")
            #expect(try table.history(limit: 1).count == 1)
        }
    }

    @Test func predicatesFilterRowsAndSkipFiles() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            for i in 0..<4 { _ = try table.append([DeltaFixture.batch(i * 50..<i * 50 + 50)]) }
            let snapshot = try table.snapshot()
            let late = Columnar.Predicate.compare(column: "id", .greaterOrEqual, .int(150))
            #expect(try DeltaFixture.ids(snapshot, where: late) == (150..<200).map { Int64($0) })
            let day = Columnar.Predicate.compare(column: "day", .equal, .date(CalendarDate(days: 20_001)))
            #expect(try DeltaFixture.ids(snapshot, where: day) == (0..<200).filter { $0 % 2 == 1 }.map { Int64($0) })
            let unknown = Columnar.Predicate.isNull(column: "source")
            #expect(
                try DeltaFixture.ids(snapshot, where: unknown) == (0..<200).filter { $0 % 3 == 1 }.map { Int64($0) })
            let neither = Columnar.Predicate.not(
                .or([.isNull(column: "user"), .isIn(column: "user", [.string("user-1")])]))
            #expect(
                try DeltaFixture.ids(snapshot, where: neither)
                    == (0..<200).filter { $0 % 5 != 0 && $0 % 7 != 1 }.map { Int64($0) })
            let instant = Columnar.Predicate.compare(
                column: "at", .equal, .timestamp(Timestamp(microseconds: 49 * 1_234_567 + 1)))
            #expect(try DeltaFixture.ids(snapshot, where: .and([instant, late])) == [])
            #expect(try DeltaFixture.ids(snapshot, where: instant) == [49])
            #expect(throws: ColumnarError.self) {
                try snapshot.scan(where: .compare(column: "id", .equal, .string("1")))
            }
        }
    }

    @Test func rowsThatDoNotFitAreRefused() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            let other = try RecordBatch(
                schema: Schema([Field("id", .string)]), columns: [.string(BytesColumn(["1"]))])
            #expect(throws: ColumnarError.self) { try table.append([other]) }
            let stranger = try RecordBatch(
                schema: Schema([Field("idd", .int64)]), columns: [.int64(PrimitiveColumn([1]))])
            #expect(throws: ColumnarError.self) { try table.append([stranger]) }
            #expect(try table.snapshot().version == 0)
            let leftOver = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".parquet") }
            #expect(leftOver == [])
        }
    }

    @Test func aPartitionValueTooLongForAFolderIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: ["source"])
            // `source=` and three bytes for each letter.
            let longest = String(repeating: "ü", count: 41) + "x"
            #expect(try table.append([DeltaFixture.batch(0..<2, sources: [longest, nil])]) == .committed(version: 1))
            let error = #expect(throws: ColumnarError.self) {
                try table.append([DeltaFixture.batch(2..<4, sources: ["fits", longest + "xx"])])
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains("the partition column source"))
            let snapshot = try DeltaTable.open(at: folder.path).snapshot()
            #expect(snapshot.version == 1 && snapshot.rowCount == 2)
            #expect(
                try DeltaFixture.ids(snapshot, where: .compare(column: "source", .equal, .string(longest))) == [0])
            #expect(
                try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".parquet") }
                    .count == 2)
        }
    }

    @Test func thereIsOneTableInAFolder() async throws {
        try await withTemporaryFolder { folder in
            #expect(throws: ColumnarError.notATable(path: folder.path)) { try DeltaTable.open(at: folder.path) }
            let table = try DeltaTable.openOrCreate(at: folder.path, schema: DeltaFixture.schema)
            _ = try table.append([DeltaFixture.batch(0..<3)])
            #expect(throws: ColumnarError.tableExists(path: folder.path)) { try DeltaFixture.table(at: folder) }
            let again = try DeltaTable.openOrCreate(at: folder.path, schema: DeltaFixture.schema)
            #expect(try again.snapshot().version == 1)
        }
    }
}
