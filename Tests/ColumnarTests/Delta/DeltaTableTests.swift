import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@Suite struct DeltaTableTests {
    static let schema = Schema([
        Field("id", .int64, nullable: false), Field("source", .string), Field("value", .float),
        Field("at", .timestamp), Field("day", .date),
    ])

    static func batch(_ ids: Range<Int>, day: Int32? = nil, source: String? = "test") throws -> RecordBatch {
        var days = PrimitiveColumn<Int32>()
        var sources = BytesColumn()
        for id in ids {
            days.append(day ?? Int32(20000 + id % 3))
            sources.append(source)
        }
        return try RecordBatch(
            schema: schema,
            columns: [
                .int64(.init(ids.map { Int64($0) })), .string(sources), .float(.init(ids.map { Float($0) / 2 })),
                .timestamp(.init(ids.map { Int64($0) * 1_000_000 })), .date(days),
            ])
    }

    static func ids(_ snapshot: Snapshot, where predicate: Columnar.Predicate? = nil) throws -> [Int64] {
        var scan = try snapshot.scan(columns: ["id"], where: predicate)
        var ids: [Int64] = []
        while let batch = try scan.next() { ids += try batch.column(named: "id").int64s?.values ?? [] }
        return ids.sorted()
    }

    @Test func appendsAreSeenWholeAndVersionsStay() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "t").path
            let table = try DeltaTable.create(at: path, schema: Self.schema, partitionedBy: ["day"])
            for k in 0..<25 {
                let outcome = try table.append(
                    [try Self.batch(k * 10..<k * 10 + 10)], transactions: [.init(appID: "a", version: Int64(k))])
                #expect(outcome == .committed(version: Int64(k) + 1))
            }
            for reader in [table, try DeltaTable.open(at: path)] {
                let snapshot = try reader.snapshot()
                #expect(snapshot.version == 25 && snapshot.rowCount == 250 && snapshot.fileCount == 75)
                #expect(snapshot.transactions == ["a": 24])
                #expect(try Self.ids(snapshot) == (0..<250).map { Int64($0) })
                for version in [0, 1, 9, 10, 11, 23] as [Int64] {
                    #expect(try reader.snapshot(version: version).rowCount == version * 10)
                }
            }
            #expect(try table.history(limit: 3).map(\.version) == [25, 24, 23])
            #expect(throws: ColumnarError.noSuchVersion(table: path, version: 99, earliest: 0, latest: 25)) {
                try table.snapshot(version: 99)
            }
        }
    }

    @Test func aTransactionIsCommittedOnce() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "t").path
            let table = try DeltaTable.create(at: path, schema: Self.schema)
            let other = try DeltaTable.open(at: path)
            #expect(
                try table.append([try Self.batch(0..<5)], transactions: [.init(appID: "k", version: 5)])
                    == .committed(version: 1))
            #expect(
                try other.append([try Self.batch(0..<5)], transactions: [.init(appID: "k", version: 5)])
                    == .alreadyCommitted(version: 1))
            #expect(try other.snapshot().rowCount == 5)
            let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix("parquet") }
            #expect(files.count == 1)
        }
    }

    @Test func filesThatCannotMatchAreSkipped() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.appending(path: "t").path, schema: Self.schema, partitionedBy: ["source"])
            for source in ["a/b c", "ü=%", nil, "plain"] {
                _ = try table.append([try Self.batch(0..<10, source: source)])
            }
            _ = try table.append([try Self.batch(100..<110, source: "plain")])
            let snapshot = try table.snapshot()
            let slash = Columnar.Predicate.compare(column: "source", .equal, .string("a/b c"))
            #expect(try Self.ids(snapshot, where: slash).count == 10)
            #expect(try Self.ids(snapshot, where: .isNull(column: "source")).count == 10)
            #expect(try Self.ids(snapshot, where: .compare(column: "id", .greaterOrEqual, .int(105))).count == 5)
            #expect(
                try Self.ids(snapshot, where: .compare(column: "at", .equal, .timestamp(.init(seconds: 3)))).count == 4)
            #expect(try Self.ids(snapshot, where: .not(.compare(column: "id", .less, .int(105)))).count == 5)
        }
    }

    @Test func damageIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "t").path
            #expect(throws: ColumnarError.notATable(path: path)) { try DeltaTable.open(at: path) }
            let table = try DeltaTable.create(at: path, schema: Self.schema)
            for k in 0..<3 { _ = try table.append([try Self.batch(k..<k + 1)]) }
            let commit = "\(path)/_delta_log/00000000000000000002.json"
            try FileManager.default.removeItem(atPath: commit)
            #expect(throws: ColumnarError.logGap(table: path, missing: 2)) { try DeltaTable.open(at: path) }
            try Data("{\"add\":{\"pa".utf8).write(to: URL(filePath: commit))
            #expect(throws: ColumnarError.self) { try DeltaTable.open(at: path) }
        }
    }
}
