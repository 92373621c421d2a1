import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Which rows came and went between two versions, compared with their rows as multisets.
@Suite struct TableDifferenceTests {
    private func texts(_ snapshot: Snapshot) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for row in try DeltaFixture.rows(snapshot) { counts[row, default: 0] += 1 }
        return counts
    }

    /// What the difference says, as counts of rows by their text: below 0 of those that went.
    private func counts(_ difference: TableDifference, rowsAtOnce: Int64 = .max / 2) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        try difference.forEach(rowsAtOnce: rowsAtOnce) { change, batch in
            for row in 0..<batch.rowCount {
                let text = batch.columns.indices.map { "\(batch.value(row: row, column: $0))" }.joined(separator: "|")
                counts[text, default: 0] += change == .added ? 1 : -1
            }
            return true
        }
        return counts
    }

    private func expected(_ from: [String: Int], _ to: [String: Int]) -> [String: Int] {
        to.merging(from.mapValues { -$0 }) { $0 + $1 }.filter { $0.value != 0 }
    }

    /// Every pair of versions of a table that was appended to, also with repeated rows, deleted from, merged and restored.
    @Test(arguments: [["day", "source"], []]) func itIsTheDifferenceOfTheRows(partitions: [String]) async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: partitions)
            _ = try table.append([DeltaFixture.batch(0..<40)])
            _ = try table.append([DeltaFixture.batch(30..<60), DeltaFixture.batch(30..<35)])
            _ = try table.optimize()
            _ = try table.delete(where: Predicate("id >= 20 and id < 32 or value is null", schema: DeltaFixture.schema))
            _ = try table.append([DeltaFixture.batch(25..<30)])
            _ = try table.optimize()
            _ = try table.restore(version: 2)
            let newest = try table.snapshot().version
            let versions = try (0...newest).map { try table.snapshot(version: $0) }
            let rows = try versions.map(texts)
            for (from, before) in zip(versions, rows) {
                for (to, after) in zip(versions, rows) where from.version < to.version || to.version == 2 {
                    let difference = try table.difference(from: from, to: to)
                    let name = "\(from.version) to \(to.version)"
                    #expect(try counts(difference) == expected(before, after), "\(name)")
                    guard from.version == 1 else { continue }
                    #expect(try counts(difference, rowsAtOnce: 20) == expected(before, after), "\(name), in passes")
                }
            }
            // Rows that were only moved are not even read, in either direction.
            let (before, after) = (versions[1], versions[3])
            #expect(try table.difference(from: before, to: after).fileCount < after.fileCount + before.fileCount)
        }
    }

    @Test func itStopsWhenItIsToldToAndTakesConditionsAndColumns() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            for start in stride(from: 0, to: 40, by: 10) {
                _ = try table.append([DeltaFixture.batch(start..<start + 10)])
            }
            let (first, last) = (try table.snapshot(version: 1), try table.snapshot())
            var batches = 0
            try table.difference(from: first, to: last).forEach { _, _ in
                batches += 1
                return false
            }
            #expect(batches == 1)
            let condition = try Predicate("id in (3, 15, 25) and day = '2024-10-05'", schema: DeltaFixture.schema)
            let some = try table.difference(from: first, to: last, columns: ["id"], where: condition)
            #expect(try counts(some) == ["int(15)": 1, "int(25)": 1])
            // Compared by its sources alone a table of many more rows has more of each.
            #expect(try counts(table.difference(from: first, to: last, columns: ["source"])).values.reduce(0, +) == 30)
            let error = #expect(throws: ColumnarError.self) {
                try table.difference(from: first, to: last, columns: ["nothing"])
            }
            #expect(error?.code == "no-such-column")
        }
    }

    /// Deletes exactly these rows of the only file, as another engine does.
    private func mark(_ rows: [Int64], in folder: URL) throws {
        let state = try DeltaTable.open(at: folder.path).newestState()
        var add = try #require(state.files.values.first)
        let old = Remove(add, at: Timestamp.now.milliseconds, dataChange: true)
        let bytes = Roaring.array(rows)
        let padded = bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        add.details = FileDetails(
            deletionVector: DeletionVector(
                kind: .inline, pathOrInline: Z85.encode(padded), offset: nil, size: Int64(bytes.count),
                cardinality: Int64(rows.count)))
        let versions = ProtocolAction(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["deletionVectors"],
            writerFeatures: ["deletionVectors"])
        let actions: [Action] = [.versions(versions), .add(add), .remove(old)]
        try Data(actions.map(\.json.text).joined(separator: "\n").utf8)
            .write(to: folder.appending(path: LogName.commit(state.version + 1)))
    }

    /// Of a file of which rows are deleted only these are compared; a vector that goes brings them back.
    @Test func rowsThatVectorsHideCount() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: [])
            _ = try table.append([DeltaFixture.batch(0..<10)])
            for rows in [[1, 4, 5], [1, 4, 5, 8], [4]] as [[Int64]] {
                try mark(rows, in: folder)
            }
            let versions = try (1...4).map { try DeltaTable.open(at: folder.path).snapshot(version: $0) }
            for from in versions {
                for to in versions {
                    let difference = try table.difference(from: from, to: to)
                    let expected = expected(try texts(from), try texts(to))
                    #expect(try counts(difference) == expected, "\(from.version) to \(to.version)")
                    var rows = 0
                    try difference.forEach { _, batch in
                        rows += batch.rowCount
                        return true
                    }
                    #expect(rows == expected.values.reduce(0) { $0 + abs($1) }, "no other row is read")
                }
            }
        }
    }

    /// A column that became one of another kind, as an overwriting with another schema makes it, is named.
    @Test func aColumnOfAnotherTypeIsNoDamage() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            _ = try table.append([DeltaFixture.batch(0..<3)])
            let log = folder.appending(path: LogName.commit(0))
            let first = try String(contentsOf: log, encoding: .utf8)
            let metaData = try #require(first.split(separator: "\n").first { $0.contains("metaData") })
            let changed = metaData.replacing(
                #""name\":\"id\",\"type\":\"long\"#, with: #""name\":\"id\",\"type\":\"string\"#)
            #expect(changed != metaData)
            try Data(changed.utf8).write(to: folder.appending(path: LogName.commit(2)))
            let (old, new) = (try table.snapshot(version: 1), try table.snapshot(version: 2))
            for (from, to) in [(old, new), (new, old)] {
                let error = #expect(throws: ColumnarError.self) { try table.difference(from: from, to: to) }
                #expect(
                    error?.message.contains("column id, which was long and is string") == true,
                    "\(error?.message ?? "")")
            }
            let others = new.schema.names.filter { $0 != "id" }
            #expect(try counts(table.difference(from: old, to: new, columns: others)) == [:])
        }
    }

    @Test func columnsThatCameAreNullBefore() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder)
            _ = try table.append([DeltaFixture.batch(0..<3)])
            _ = try table.addColumns([Field("note", .string)])
            _ = try table.delete(where: Predicate("id = 1", schema: DeltaFixture.schema))
            let difference = try table.difference(from: table.snapshot(version: 1), to: table.snapshot())
            #expect(difference.schema.names.last == "note")
            let counts = try counts(difference)
            #expect(counts.values.sorted() == [-1] && counts.keys.first?.hasSuffix("|null") == true)
            #expect(
                try self.counts(table.difference(from: table.snapshot(version: 1), to: table.snapshot(version: 2)))
                    == [:])
        }
    }

    @Test func setsOfRowsAreWhatTheySay() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let sets = (0..<2).map { _ in Set((0..<generator.below(30)).map { _ in Int64(generator.below(40)) }) }
            let rows = try sets.map { set in
                var rows = DeletedRows()
                for row in set.sorted() { try rows.append(row..<row + 1) }
                return rows
            }
            func elements(_ rows: DeletedRows) -> [Int64] { rows.ranges.flatMap { Array($0) } }
            #expect(elements(try rows[0].union(rows[1])) == sets[0].union(sets[1]).sorted())
            #expect(elements(try rows[0].complement(of: 40)) == (0..<40).filter { !sets[0].contains($0) })
            #expect(try rows[0].union(rows[1]).count == Int64(sets[0].union(sets[1]).count))
        }
    }

    /// Equal values have equal digests whatever surrounds them; what differs a little has others.
    @Test func digestsTellRowsApart() throws {
        let nested = ColumnType.list(.string, elementNullable: true)
        let lists = ListColumn(
            offsets: [0, 2, 3, 3, 3, 5], elements: .string(BytesColumn(["a", "b", "ab", "a", "b"])),
            validity: [true, true, true, false, true])
        let batch = try RecordBatch(
            schema: Schema([Field("l", nested), Field("d", .double), Field("s", .string)]),
            columns: [
                .list(lists), .double(PrimitiveColumn([0, -0.0, .nan, .nan, 0])),
                .string(BytesColumn(["", nil, "", nil, ""] as [String?])),
            ])
        let digests = batch.digests()
        #expect(digests[0] == digests[4] && Set(digests).count == 4)
        #expect(batch.gathered([4, 2]).digests() == [digests[4], digests[2]])
    }
}
