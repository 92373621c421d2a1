import Columnar
import Delimited
import Domain
import Foundation
import Store
import Synchronization
import TestSupport
import Testing

@testable import EventIngest

/// Imports into a table: what is there already, whichever way it came, is not stored again.
@Suite struct ImportTableTests {
    private static let map = ColumnMap("user=u,item=i,value=v,at=t")!
    private static let mapWithIDs = ColumnMap("event=id,user=u,item=i,value=v,at=t")!

    private func table(in folder: URL) throws -> DeltaTable {
        try DeltaTable.openOrCreate(
            at: folder.appending(path: "events").path, schema: TableContract.events.schema,
            partitionedBy: TableContract.events.partitionColumns, configuration: TableContract.events.properties)
    }

    private func ids(_ table: DeltaTable) throws -> [String] {
        var scan = try table.snapshot().scan(columns: [EventColumn.eventID])
        var ids: [String] = []
        while let batch = try scan.next() {
            let column = try #require(try batch.column(named: EventColumn.eventID).byteStrings)
            ids += (0..<batch.rowCount).compactMap { column.string(at: $0) }
        }
        return ids
    }

    private func line(_ number: Int) -> String {
        "u\(number % 97),m\(number),\(number % 5 + 1),\(1_117_872_000 + number % 41 * 86_400 + number)\n"
    }

    private func write(_ lines: Range<Int>, to file: URL) throws -> String {
        try Data(("u,i,v,t\n" + lines.map(line).joined()).utf8).write(to: file)
        return file.path
    }

    @discardableResult
    private func store(_ path: String, in table: DeltaTable, atOnce: Int = 100, map: ColumnMap = map) throws
        -> ImportSummary
    {
        var summary = ImportSummary()
        try MappedCSV(path: path, map: map).store(in: table, atOnce: atOnce, into: &summary)
        return summary
    }

    private func counts(_ summary: ImportSummary) -> [Int] {
        [summary.addedEvents, summary.knownEvents, summary.repeatedEvents, summary.changedEvents]
    }

    @Test(arguments: [7, 100, 10_000])
    func aLongerExportAddsWhatIsMissing(atOnce: Int) async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let first = try write(0..<300, to: folder.appending(path: "a.csv"))
            #expect(counts(try store(first, in: table, atOnce: atOnce)) == [300, 0, 0, 0])
            let longer = try write(100..<500, to: folder.appending(path: "b.csv"))
            #expect(counts(try store(longer, in: table, atOnce: atOnce)) == [200, 200, 0, 0])
            #expect(counts(try store(longer, in: table, atOnce: atOnce)) == [0, 400, 0, 0])
            let stored = try ids(table)
            #expect(stored.count == 500 && Set(stored).count == 500)
        }
    }

    /// As MovieLens is: years of history, a few events a day, users one after the other.
    @Test func yearsOfHistoryAreFewFilesWhateverTheOrderOfTheLines() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let file = folder.appending(path: "a.csv")
            let lines = (0..<20_000).map { "u\($0 % 610),m\($0),4,\(830_000_000 + $0 * 7919 % 8000 * 86_400)\n" }
            try Data(("u,i,v,t\n" + lines.joined()).utf8).write(to: file)
            try store(file.path, in: table, atOnce: 5000)
            let snapshot = try table.snapshot()
            #expect(snapshot.rowCount == 20_000 && snapshot.fileCount <= 5)
            // The days of a file are its own: a day is looked up in one.
            var scan = try snapshot.scan(columns: [EventColumn.eventDate])
            var spans: [ClosedRange<Int32>] = []
            var days: Set<Int32> = []
            while let batch = try scan.next() {
                guard case .date(let dates) = batch.columns[0] else { break }
                days.formUnion(dates.values)
                let (low, high) = (dates.values.min() ?? 0, dates.values.max() ?? 0)
                spans.append(low...high)
            }
            spans.sort { $0.lowerBound < $1.lowerBound }
            #expect(days.count == 8000)
            #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
        }
    }

    /// An ingester that commits all the time, some of it what is just being imported.
    @Test func anImportEndsBesideAWriterThatCommitsAllTheTimeAndNoEventIsStoredTwice() async throws {
        try await withTemporaryFolder { folder in
            let path = try write(0..<3000, to: folder.appending(path: "a.csv"))
            var all: [Event] = []
            var summary = ImportSummary()
            try MappedCSV(path: path, map: Self.map).forEachBatch(of: 10_000, into: &summary) { batch, _ in
                all += batch
                return true
            }
            let events = all
            _ = try table(in: folder)
            let isOver = Atomic(false)
            async let others: Int = Task.detached {
                let writer = try table(in: folder)
                var commits = 0
                while !isOver.load(ordering: .acquiring) {
                    // As an ingester does: what is there is refused, what another commits meanwhile is judged again.
                    let own = commits < 30 ? Array(events[commits * 90..<commits * 90 + 5]) : []
                    // The version first: what comes after it is found by the commit.
                    let seen = try writer.snapshot()
                    let known = Set(try ids(writer))
                    let new = own.filter { !known.contains($0.eventID) }
                    let outcome = try writer.append(
                        new.isEmpty ? [] : [EventTable.batch(new, ingestedAt: .now)],
                        transactions: [Transaction(appID: "kafka:c:t:0", version: Int64(commits))],
                        unless: { newest in !new.isEmpty && newest.version != seen.version })
                    if case .committed = outcome { commits += 1 }
                }
                return commits
            }.value
            let importing = try table(in: folder)
            let added = try store(path, in: importing, atOnce: 250)
            isOver.store(true, ordering: .releasing)
            #expect(try await others > 0)
            let stored = try ids(table(in: folder))
            #expect(stored.count == Set(stored).count, "no event is stored twice")
            #expect(Set(stored) == Set(events.map(\.eventID)))
            #expect(added.addedEvents + added.knownEvents == 3000)
        }
    }

    /// Identifiers of a column are read once, before the first of several commits.
    @Test func whatComesBetweenTwoCommitsOfAnImportIsNotStoredAgain() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.csv")
            let lines = (1...6).map { "e\($0),a,b\($0),4,2005-06-0\($0)\n" }
            try Data(("id,u,i,v,t\n" + lines.joined()).utf8).write(to: path)
            let place = folder.appending(path: "events").path
            _ = try table(in: folder)
            let last = Event(
                eventID: "e6", userID: "x", itemID: "y", kind: .view, value: 1,
                at: Timestamp("2020-01-01T00:00:00Z")!, source: "test")
            let storage = InterruptedStorage(LocalStorage(place)) {
                _ = try DeltaTable.open(at: place).append([EventTable.batch([last], ingestedAt: .now)])
            }
            let table = try DeltaTable.open(storage)
            #expect(counts(try store(path.path, in: table, atOnce: 2, map: Self.mapWithIDs)) == [5, 1, 0, 0])
            #expect(try ids(table).sorted() == (1...6).map { "e\($0)" })
        }
    }

    /// Between the look at the table and the commit: the look is repeated before each attempt.
    @Test(arguments: [true, false])
    func eventsThatComeBetweenTheLookAndTheCommitAreNotStoredAgain(madeIdentifiers: Bool) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.csv")
            try Data("id,u,i,v,t\ne1,a,b,4,2005-06-04\ne2,a,c,4,2005-06-04\n".utf8).write(to: path)
            let map = madeIdentifiers ? Self.map : Self.mapWithIDs
            var events: [Event] = []
            var summary = ImportSummary()
            try MappedCSV(path: path.path, map: map).forEachBatch(of: 10, into: &summary) { batch, _ in
                events += batch
                return true
            }
            let first = try #require(events.first)
            let place = folder.appending(path: "events").path
            _ = try table(in: folder)
            // Somebody else commits one of the two just before the import's commit takes its name.
            let storage = InterruptedStorage(LocalStorage(place)) {
                _ = try DeltaTable.open(at: place).append([EventTable.batch([first], ingestedAt: .now)])
            }
            let table = try DeltaTable.open(storage)
            #expect(counts(try store(path.path, in: table, map: map)) == [1, 1, 0, 0])
            #expect(try ids(table).sorted() == events.map(\.eventID).sorted())
        }
    }

    @Test func oneDayWithManyEventsIsStoredInShares() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let file = folder.appending(path: "a.csv")
            let lines = (0..<1000).map { "u\($0),m,4,2005-06-04\n" }
            try Data(("u,i,v,t\n" + (lines + lines).joined()).utf8).write(to: file)
            #expect(counts(try store(file.path, in: table, atOnce: 150)) == [1000, 0, 1000, 0])
            #expect(counts(try store(file.path, in: table, atOnce: 700)) == [0, 2000, 0, 0])
            #expect(try Set(ids(table)).count == 1000)
            #expect(try table.snapshot().rowCount == 1000)
        }
    }

    @Test func equalLinesAreOneEventAndOthersAreSaidToDiffer() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let file = folder.appending(path: "a.csv")
            try Data("u,i,v,t\na,b,4,2005-06-04\na,b,4,2005-06-04\na,b,2,2005-06-04 00:00:00\na,b,2,2005-06-05\n".utf8)
                .write(to: file)
            #expect(counts(try store(file.path, in: table)) == [2, 0, 2, 1])
            var scan = try table.snapshot().scan(
                columns: [EventColumn.value],
                where: .compare(
                    column: EventColumn.eventDate, .equal, .date(CalendarDate("2005-06-04")!)))
            let batch = try #require(try scan.next())
            #expect(try batch.column(named: EventColumn.value).floats?.values == [4])
        }
    }

    @Test func whatWasDeletedIsMissingAgain() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let path = try write(0..<200, to: folder.appending(path: "a.csv"))
            try store(path, in: table)
            _ = try table.delete(where: .compare(column: EventColumn.userID, .equal, .string("u7")))
            let left = try ids(table).count
            #expect(left < 200)
            #expect(counts(try store(path, in: table)) == [200 - left, left, 0, 0])
            #expect(try Set(ids(table)).count == 200)
        }
    }

    @Test func eventsThatCameThroughKafkaAreThere() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let event = Event(
                eventID: "csv-a-b-review-1117843200000000", userID: "a", itemID: "b", kind: .review, value: 4,
                at: Timestamp("2005-06-04T00:00:00Z")!, source: "csv")
            _ = try table.append([EventTable.batch([event], ingestedAt: .now)])
            let file = folder.appending(path: "a.csv")
            try Data("u,i,v,t\na,b,4,2005-06-04\nc,b,4,2005-06-04\n".utf8).write(to: file)
            #expect(counts(try store(file.path, in: table)) == [1, 1, 0, 0])
        }
    }

    /// An identifier that a column holds says nothing about the day.
    @Test func identifiersOfAColumnAreLookedUpInAllDays() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let file = folder.appending(path: "a.csv")
            try Data("id,u,i,v,t\ne1,a,b,4,2005-06-04\ne2,a,c,4,2006-06-04\ne1,a,d,4,2007-06-04\n".utf8).write(to: file)
            #expect(counts(try store(file.path, in: table, atOnce: 1, map: Self.mapWithIDs)) == [2, 0, 1, 0])
            try Data("id,u,i,v,t\ne2,a,b,4,2010-06-04\ne3,a,c,4,2010-06-04\ne4,a,c,4,2011-06-04\n".utf8).write(to: file)
            #expect(counts(try store(file.path, in: table, atOnce: 1, map: Self.mapWithIDs)) == [2, 1, 0, 0])
            #expect(try ids(table).sorted() == ["e1", "e2", "e3", "e4"])
        }
    }

    @Test func twoImportsAtOnceStoreEachEventOnce() async throws {
        try await withTemporaryFolder { folder in
            let path = try write(0..<600, to: folder.appending(path: "a.csv"))
            let other = try write(200..<900, to: folder.appending(path: "b.csv"))
            _ = try table(in: folder)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for path in [path, other, path] {
                    group.addTask { try store(path, in: try table(in: folder), atOnce: 50).addedEvents }
                }
                var added = 0
                for try await part in group { added += part }
                #expect(added == 900)
            }
            let stored = try ids(table(in: folder))
            #expect(stored.count == 900 && Set(stored).count == 900)
        }
    }

    @Test func aFileWithoutEventsLeavesNothingAndSaysTheLikelyCause() async throws {
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            let file = folder.appending(path: "a.csv")
            for (text, cause) in [
                ("u,i,v,t\n", "no line with an event"), ("u,i,v,t\na,b,8,2005-06-04\n", "--scale"),
                ("u,i,v,t\na,b,4,soon\n", "'soon' is none of"), ("u,i,v,t\na;b;4;2005-06-04\n", "--separator"),
                ("u,i,v,t\n,b,4,2005-06-04\n", "another column is the user"),
            ] {
                try Data(text.utf8).write(to: file)
                #expect {
                    try store(file.path, in: table)
                } throws: { error in
                    (error as? IngestError)?.code == "import-empty" && "\(error)".contains(cause)
                }
            }
            // Some lines are usable: but half of the others say that they mean something else.
            try Data(("u,i,v,t\n" + (1...10).map { "a,b\($0),\($0),2005-06-04\n" }.joined()).utf8).write(to: file)
            #expect(throws: IngestError.self) { try store(file.path, in: table) }
            #expect(try table.snapshot().version == 0)
        }
    }

    @Test(.enabled(if: Checkout.shared("data/ml-latest-small") != nil, "needs ../shared/data/ml-latest-small"))
    func aRealDataSetIsStoredOnceFromItsFolderAndItsZip() async throws {
        let source = try #require(Checkout.shared("data/ml-latest-small"))
        try await withTemporaryFolder { folder in
            let table = try table(in: folder)
            var summary = ImportSummary()
            try MovieLens(path: source.path).store(in: table, into: &summary)
            #expect(counts(summary) == [100_836, 0, 0, 0])
            let archive = folder.appending(path: "ml.tar.gz").path
            let (status, output) = try await runCommand(
                "/bin/tar", ["-C", source.deletingLastPathComponent().path, "-czf", archive, "ml-latest-small"])
            try #require(status == 0, "\(output)")
            summary = ImportSummary()
            try MovieLens(path: archive).store(in: table, into: &summary)
            #expect(counts(summary) == [0, 100_836, 0, 0])
            #expect(try table.snapshot().rowCount == 100_836)
        }
    }
}
