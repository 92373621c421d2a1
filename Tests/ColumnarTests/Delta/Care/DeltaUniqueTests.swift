import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Rows with an identifier that another row has are taken away, all but one.
struct DeltaUniqueTests {
    private static let day: Int32 = 20_000

    private func table(in folder: URL, hasFolders: Bool = false) throws -> DeltaTable {
        try DeltaTable.create(
            at: folder.path, schema: DayClusterTests.schema, partitionedBy: hasFolders ? ["day"] : [],
            configuration: hasFolders ? [:] : DayClusterTests.clustered)
    }

    private func append(_ ids: [String], day: Int32 = day, to table: DeltaTable) throws {
        let outcome = try table.append([DayClusterTests.batch(ids.map { ($0, day) })])
        guard case .committed = outcome else { throw CancellationError() }
    }

    @Test func oneOfEachIsLeftAndOtherFilesAreNotTouched() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            try append(["a", "b", "c"], to: table)
            try append(["d", "e"], to: table)
            let first = Set(try table.snapshot().files.map(\.path))
            try append(["b", "f", "f", "d"], to: table)
            try append(["a"], to: table)
            let report = try table.removeRepeated("id")
            #expect(report.rowsDeleted == 4 && report.filesRemoved == 2 && report.filesAdded == 1)
            #expect(try DayClusterTests.ids(table.snapshot()) == ["a", "b", "c", "d", "e", "f"])
            #expect(first.isSubset(of: Set(try table.snapshot().files.map(\.path))))
            #expect(try table.removeRepeated("id").version == nil)
            #expect(try table.verify().problems.isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func daysThatAreOverAreLookedThroughOnce(hasFolders: Bool) async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder, hasFolders: hasFolders)
            let today = Timestamp.now.date.days
            try append(["a", "b"], to: table)
            try append(["b", "c"], to: table)
            try append(["x"], day: today, to: table)
            try append(["x"], day: today, to: table)
            let policy = TidyPolicy(quiet: 60)
            // Rows came just now.
            #expect(try table.tidyRepeated("id", byDay: "day", policy).rowsDeleted == 0)
            let later = Timestamp.now.advanced(bySeconds: 61)
            guard later.date.days == today else { return }
            #expect(try table.tidyRepeated("id", byDay: "day", policy, now: later).rowsDeleted == 1)
            #expect(try DayClusterTests.ids(table.snapshot()) == ["a", "b", "c", "x", "x"], "today goes on")
            // What comes to an old day later is compared with what was there.
            try append(["a", "d"], to: table)
            let evenLater = Timestamp.now.advanced(bySeconds: 61)
            guard evenLater.date.days == today else { return }
            #expect(try table.tidyRepeated("id", byDay: "day", policy, now: evenLater).rowsDeleted == 1)
            #expect(try table.tidyRepeated("id", byDay: "day", policy, now: evenLater).rowsDeleted == 0)
            #expect(try DayClusterTests.ids(table.snapshot()) == ["a", "b", "c", "d", "x", "x"])
        }
    }

    /// Rows that come while repeated ones are taken away stay.
    @Test func writersGoOnMeanwhile() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let path = folder.path
            try append((0..<500).map { "a\($0)" }, to: table)
            async let others: Void = Task.detached {
                let writer = try DeltaTable.open(at: path)
                for number in 0..<60 { try append(["w\(number)", "a\(number)"], to: writer) }
            }.value
            for _ in 0..<20 { _ = try table.removeRepeated("id") }
            try await others
            _ = try table.removeRepeated("id")
            let expected = ((0..<500).map { "a\($0)" } + (0..<60).map { "w\($0)" }).sorted()
            #expect(try DayClusterTests.ids(table.snapshot()) == expected)
        }
    }
}
