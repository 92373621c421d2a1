import Columnar
import Domain
import Foundation
import Linalg
import Store
import TestSupport
import Testing

@testable import Trainer

/// Rows that other writers have stored and that no ingestion would have taken.
@Suite struct BadRowTests {
    private static let bad: [(row: StoredRow, rule: EventRule)] = [
        (StoredRow("nan", "user 1", "film 1", "view", .nan, at: 1_700_000_000), .valueOutOfRange),
        (StoredRow("buys", "user 1", "film 1", "purchase", 1, at: 1_700_000_000), .unknownKind),
        (StoredRow("six", "user 1", "film 1", "review", 6, at: 1_700_000_000), .valueOutOfRange),
        (StoredRow("infinite", "user 1", "film 1", "review", .infinity, at: 1_700_000_000), .valueOutOfRange),
        (StoredRow("nobody", "", "film 1", "like", 1, at: 1_700_000_000), .emptyID),
        (StoredRow("nothing", "user 1", "", "like", 1, at: 1_700_000_000), .emptyID),
        (
            StoredRow("long", String(repeating: "u", count: 257), "film 1", "like", 1, at: 1_700_000_000),
            .longID
        ),
        (StoredRow("9999", "user 1", "film 1", "like", 1, at: 253_370_764_800), .timeOutOfWindow),
        (StoredRow("1970", "user 1", "film 1", "like", 1, at: 7), .timeOutOfWindow),
    ]

    private func train(_ store: EventStore, _ models: URL, maxBadRows: Double) throws -> Manifest {
        var configuration = smallConfiguration(rank: 6, epochs: 3)
        configuration.weights.halfLifeDays = 5
        configuration.maxBadRows = maxBadRows
        return try TrainingRun(configuration: configuration, registry: ModelRegistry(folder: models.path))
            .run(InteractionLog.read(from: store, maxBadRows: maxBadRows))
    }

    /// A model of a table with such rows is that of the table without them.
    @Test func badRowsAreLeftOutCountedAndNamed() async throws {
        try await withTemporaryFolder { folder in
            let rows = StoredRow.planted()
            let clean = try StoredRow.store([rows], in: folder.appending(path: "clean"))
            let mixed = try StoredRow.store(
                [Array(rows.prefix(500)) + Self.bad.map(\.row), Array(rows.dropFirst(500))],
                in: folder.appending(path: "mixed"))
            let log = try InteractionLog.read(from: mixed, maxBadRows: 0.01)
            #expect(log.badRows.rowsRead == 3009 && log.count == 3000)
            #expect(
                log.badRows.byReason == [
                    "value-out-of-range": 3, "unknown-kind": 1, "empty-id": 2, "id-too-long": 1,
                    "time-out-of-window": 2,
                ])
            #expect(Set(log.badRows.names) == Set(Self.bad.map(\.row.eventID)))
            #expect(log.badRows.text.hasPrefix("3 value-out-of-range, 2 empty-id, 2 time-out-of-window, 1 id-too-long"))
            let whole = try train(clean, folder.appending(path: "a"), maxBadRows: 0)
            let rest = try train(mixed, folder.appending(path: "b"), maxBadRows: 0.01)
            #expect(rest.factorsSHA256 == whole.factorsSHA256)
            #expect(whole.data.badRows == nil && rest.data.badRows == log.badRows.byReason)
            #expect(rest.data.lastEventAt == whole.data.lastEventAt)
            let registry = ModelRegistry(folder: folder.appending(path: "b").path)
            #expect(try registry.manifest(of: rest.id).data.badRows == log.badRows.byReason)
            let again = try InteractionLog.read(from: mixed, version: rest.data.version, maxBadRows: 1)
            try Reproduction.run(of: rest, on: again, in: registry).check()
        }
    }

    @Test(arguments: bad.indices) func oneBadRowAmongThousandsStopsNothingAndManyDo(number: Int) async throws {
        try await withTemporaryFolder { folder in
            let (row, rule) = Self.bad[number]
            let few = try StoredRow.store([StoredRow.planted() + [row]], in: folder.appending(path: "few"))
            let log = try InteractionLog.read(from: few)
            #expect(log.badRows.counts == [rule: 1] && log.badRows.names == [row.eventID])
            let many = try StoredRow.store(
                [Array(StoredRow.planted().prefix(40)), [row]], in: folder.appending(path: "many"))
            let error = #expect(throws: TrainerError.self) { try InteractionLog.read(from: many) }
            #expect(error?.code == "too-many-bad-rows")
            #expect(error?.message.contains("1 of the 41 rows") == true)
            #expect(error?.message.contains("1 \(rule.rawValue): \(row.eventID).") == true)
            #expect(error?.advice.contains("--max-bad-rows") == true)
        }
    }

    @Test func theFirstTenAreNamedAndControlCharactersEscaped() async throws {
        try await withTemporaryFolder { folder in
            let bad = (0..<25).map { StoredRow("bad\u{1B}\($0)", "u", "i", "like", 7, at: 1_700_000_000) }
            let store = try StoredRow.store([StoredRow.planted(), bad], in: folder)
            let rows = try InteractionLog.read(from: store, maxBadRows: 0.1).badRows
            #expect(rows.count == 25 && rows.names.count == 10)
            #expect(rows.text.hasPrefix("25 value-out-of-range: ") && rows.text.hasSuffix(" and 15 more"))
            #expect(!rows.text.contains("\u{1B}"))
            let all = try StoredRow.store([bad], in: folder.appending(path: "all"))
            #expect(throws: TrainerError.self) { try InteractionLog.read(from: all, maxBadRows: 1) }
        }
    }

    /// An event of the hour that clocks may run ahead does not make everything before it old.
    @Test func eventsAgeUntilNowAndNotUntilTheFuture() throws {
        let now = Timestamp.now
        let log = try InteractionLog(source: "clocks", clock: now)
        try log.append(userID: "u", itemID: "a", kind: .like, value: 1, at: now)
        try log.append(userID: "u", itemID: "b", kind: .like, value: 1, at: now.advanced(bySeconds: -60))
        try log.append(userID: "u", itemID: "c", kind: .like, value: 1, at: now.advanced(bySeconds: 3600))
        var weights = ConfidenceWeights()
        weights.halfLifeDays = 60 / 86_400
        let values = try TrainingSet.build(from: log, weights: weights).interactions.values
        #expect(values == [1.5, 0.75, 1.5])
    }
}
