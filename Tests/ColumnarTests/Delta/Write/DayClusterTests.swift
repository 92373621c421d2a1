import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Tables whose files follow a column of days without a folder for each.
struct DayClusterTests {
    static let schema = Schema([
        Field("id", .string, nullable: false), Field("at", .timestamp), Field("day", .date, nullable: false),
    ])
    static let clustered = [MetaData.clusterProperty: "day"]

    static func batch(_ rows: [(id: String, day: Int32)]) throws -> RecordBatch {
        try RecordBatch(
            schema: schema,
            columns: [
                .string(BytesColumn(rows.map(\.id))),
                .timestamp(PrimitiveColumn(rows.map { Int64($0.day) * 86_400_000_000 })),
                .date(PrimitiveColumn(rows.map(\.day))),
            ])
    }

    static func ids(_ snapshot: Snapshot, where predicate: Columnar.Predicate? = nil) throws -> [String] {
        var ids: [String] = []
        var scan = try snapshot.scan(columns: ["id"], where: predicate)
        while let batch = try scan.next() {
            guard let column = batch.columns[0].byteStrings else { continue }
            for row in 0..<column.count { ids.append(column.string(at: row) ?? "") }
        }
        return ids.sorted()
    }

    private static var today: Int32 { Timestamp.now.date.days }

    @Test func oldDaysLieTogetherAndTodayAndYesterdayByThemselves() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema, configuration: Self.clustered)
            let today = Self.today
            let days = [today, 9000, today - 1, 12_000, today - 2, today, 9001]
            _ = try table.append([
                Self.batch(days.enumerated().map { ("a\($0)", $1) }),
                Self.batch(days.enumerated().map { ("b\($0)", $1) }),
            ])
            let files = try table.newestState().files.values.map { ClusteredFile($0, by: "day") }
                .sorted(by: ClusteredFile.isEarlier)
            #expect(
                files.map { [$0.first, $0.last] } == [[9000, today - 2], [today - 1, today - 1], [today, today]])
            let snapshot = try table.snapshot()
            #expect(snapshot.partitionColumns.isEmpty && snapshot.rowCount == 14)
            for (index, day) in days.enumerated() where day != today {
                let found = try Self.ids(
                    snapshot, where: .compare(column: "day", .equal, .date(CalendarDate(days: day))))
                #expect(found == ["a\(index)", "b\(index)"])
            }
            #expect(try table.verify().problems.isEmpty)
        }
    }

    @Test func manyRowsOfOldDaysAreAFileForEachThread() async throws {
        try await withTemporaryFolder { folder in
            let splitter = PartitionSplitter(schema: Self.schema, partitionColumns: [])
            let rows = (0..<400_000).map { (id: "i", day: Int32($0 * 7919 % 1000)) }
            let clusters = try splitter.clusters([Self.batch(rows)], by: "day", today: 20_000, files: 2)
            #expect(clusters.map(\.rowCount) == [200_000, 200_000])
            for (cluster, days) in zip(clusters, [0..<500, 500..<1000]) {
                let positions = try #require(cluster.batches.first?.positions?.values)
                let own = positions.map { rows[Int($0)].day }
                #expect(own == own.sorted() && own.allSatisfy { days.contains(Int($0)) })
            }
        }
    }

    @Test func rowsOfOneUserLieInOneFileOfACommit() async throws {
        try await withTemporaryFolder { folder in
            let splitter = PartitionSplitter(schema: Self.schema, partitionColumns: [])
            // The first has a third of the rows; today and yesterday lie by day as ever.
            let rows =
                (0..<600_000).map { (id: "u\($0 % 3 == 0 ? 0 : $0 % 50_021)", day: Int32($0 / 600)) }
                + [("u0", 20_000), ("u1", 19_999)]
            let (first, second) = (
                try Self.batch(Array(rows.prefix(250_000))), try Self.batch(Array(rows.dropFirst(250_000)))
            )
            let clusters = try splitter.clusters(
                [first, second], by: "day", groupedBy: "id", today: 20_000, files: 3)
            #expect(clusters.count == 5 && clusters.reduce(0) { $0 + $1.rowCount } == rows.count)
            #expect(clusters.suffix(2).map(\.rowCount) == [1, 1])
            var seen: Set<String> = []
            for cluster in clusters.dropLast(2) {
                #expect(cluster.rowCount >= 180_000)
                var values: [String] = []
                for part in cluster.batches {
                    let column = try #require(part.batch.columns[0].byteStrings)
                    values += try #require(part.positions).values.map { column.string(at: Int($0)) ?? "" }
                }
                let own = Set(values)
                #expect(seen.isDisjoint(with: own), "a value is in one file")
                seen.formUnion(own)
            }
            // Few rows are not worth several files, and a column of another type groups nothing.
            let few = try splitter.clusters(
                [Self.batch(Array(rows.prefix(200_000)))], by: "day", groupedBy: "id", today: 20_000, files: 1)
            #expect(few.count == 1)
            let other = try splitter.clusters([first], by: "day", groupedBy: "at", today: 20_000, files: 1)
            #expect(other.count == 1)
        }
    }

    /// What an earlier version made: a folder a day. Writers go on meanwhile.
    @Test func aTableOfDayFoldersIsWrittenAnewBesideWriters() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(at: folder.path, schema: Self.schema, partitionedBy: ["day"])
            for part in 0..<5 {
                _ = try table.append(
                    [Self.batch((0..<300).map { ("\(part)-\($0)", Int32(9000 + $0)) })],
                    transactions: [Transaction(appID: "w", version: Int64(part))])
            }
            let before = try table.snapshot()
            #expect(before.fileCount == 1500)
            let path = folder.path
            async let others: Int = Task.detached {
                var stored = 0
                for number in 0..<40 {
                    let writer = try DeltaTable.open(at: path)
                    let rows = try Self.batch([("w\(number)", Int32(9000 + number))])
                    // The change of the layout is a conflict, once.
                    for _ in 0..<20 {
                        if case .committed = try writer.append([rows]) {
                            stored += 1
                            break
                        }
                    }
                }
                return stored
            }.value
            let report = try #require(try DeltaTable.open(at: path).cluster(by: "day"))
            #expect(try await others == 40)
            #expect(report.filesRemoved >= 1500 && report.filesAdded < 45)
            let after = try DeltaTable.open(at: path).snapshot()
            #expect(after.partitionColumns.isEmpty)
            let expected = (try Self.ids(before) + (0..<40).map { "w\($0)" }).sorted()
            #expect(try Self.ids(after) == expected)
            #expect(after.transactions["w"] == 4)
            #expect(
                try Self.ids(after, where: .compare(column: "day", .equal, .date(CalendarDate(days: 9299)))).count == 5)
            // The version before is what it was.
            let old = try DeltaTable.open(at: path).snapshot(version: before.version)
            #expect(old.partitionColumns == ["day"])
            #expect(try Self.ids(old) == Self.ids(before))
            #expect(try DeltaTable.open(at: path).verify().problems.isEmpty)
            #expect(try DeltaTable.open(at: path).cluster(by: "day") == nil)
            #expect(try DeltaTable.open(at: path).optimize().filesAdded <= 1)
            #expect(try DeltaTable.open(at: path).snapshot().fileCount == 1)
            #expect(try Self.ids(DeltaTable.open(at: path).snapshot()) == expected)
        }
    }

    @Test func smallFilesOfPastDaysBecomeOneWhateverTheirDays() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.path, schema: Self.schema, configuration: Self.clustered)
            let today = Self.today
            for day in 1...8 { _ = try table.append([Self.batch([("d\(day)", today - Int32(day))])]) }
            for number in 0..<3 { _ = try table.append([Self.batch([("t\(number)", today)])]) }
            let policy = TidyPolicy(manyFiles: 20, quiet: 60)
            #expect(try table.tidy(policy).merges == 0, "rows came just now")
            let later = Timestamp.now.advanced(bySeconds: 61)
            guard later.date.days == today else { return }
            let report = try table.tidy(policy, now: later)
            #expect(report.merges == 1 && report.files == 4)
            #expect(try table.tidy(policy, now: later).isIdle)
            #expect(try Self.ids(table.snapshot()).count == 11)
        }
    }
}
