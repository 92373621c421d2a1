public import Columnar
import Domain
import Foundation
public import Operations
import Store

extension EventImport {
    /// Adds the events to the table whose `event_id` is not there yet, whichever way that came.
    ///
    /// The data set is read whole before anything is stored, so that one that turns out to be none leaves nothing. Then its
    /// events are stored in the order of their days, some days a commit: rows of neighbouring days lie together, whatever the
    /// order of the lines, and those of one user in one of a commit's files, so that erasing somebody writes few anew. The
    /// identifiers of the table are looked up in those days. An identifier that a column holds may lie in any day, so those of
    /// the whole table are read first.
    ///
    /// Blocks. Memory is that of `atOnce` events, or 25 bytes for each event of the table where a column holds the
    /// identifiers.
    /// - Parameters:
    ///   - table: with the schema of ``EventTable``; asked for when the data set was read and has events.
    ///   - keepsText: whether the words of reviews are kept.
    ///   - pseudonyms: keys of what users are called; nil for their identifiers as they are. The table must be of the same.
    ///   - atOnce: so many events are sorted together and stored in a commit.
    ///   - beforeStoring: called once, when the data set was read and has events.
    ///   - progress: gets the bytes read, and then the events stored or found and all of them.
    ///   - check: throws to stop. What was committed stays; importing again adds the rest.
    /// - Throws: ``IngestError/emptyImport(path:cause:)``; what ``forEachBatch(of:into:_:)`` or the table throws.
    public func store(
        in table: @autoclosure () throws -> DeltaTable, keepingText keepsText: Bool = false,
        pseudonyms: PseudonymKeys? = nil, atOnce: Int = 1_000_000, into summary: inout ImportSummary,
        beforeStoring: () throws -> Void = {}, progress: (ImportProgress) -> Void = { _ in },
        check: () throws -> Void = {}
    ) throws {
        let runs = ImportRuns()
        try forEachBatch(of: min(atOnce, 500_000), into: &summary) { batch, bytes in
            try check()
            // Before it touches the disk: the runs are a file.
            try runs.append(pseudonyms.map { keys in batch.map { $0.pseudonymised(by: keys) } } ?? batch)
            progress(.read(bytes: bytes))
            return true
        }
        guard summary.acceptedEvents > 0 else {
            throw IngestError.emptyImport(path: path, cause: summary.likelyCause)
        }
        try beforeStoring()
        let writer = ImportWriter(table: try table(), keepsText: keepsText, pseudonymKey: pseudonyms?.keyID)
        if !makesIdentifiers { try writer.knowAll() }
        var done = 0
        for portion in ImportPortion.all(of: runs.days, atOnce: atOnce) {
            try check()
            let outcome = try writer.store(runs.records(of: portion.days), portion) { attempts in
                try check()
                progress(.waiting(attempts: attempts))
            }
            summary.knownEvents += outcome.known
            summary.repeatedEvents += outcome.repeated
            summary.changedEvents += outcome.changed
            done += outcome.known + outcome.repeated + outcome.added
            progress(.stored(events: done, of: summary.acceptedEvents))
        }
    }
}

/// How far an import is.
public enum ImportProgress: Sendable {
    case read(bytes: Int)
    case stored(events: Int, of: Int)
    /// Others store events at the same time: a commit was tried so often in vain and is made again.
    case waiting(attempts: Int)
}

/// Events that are stored in one commit: those of some days, or a share of one day that has too many.
struct ImportPortion {
    var days: ClosedRange<Int32>
    var share = 0
    var shares = 1

    static func all(of days: [Int32: Int], atOnce: Int) -> [ImportPortion] {
        var portions: [ImportPortion] = []
        var count = 0
        for (day, events) in days.sorted(by: { $0.key < $1.key }) {
            if count > 0, count + events <= atOnce, let last = portions.last {
                portions[portions.count - 1].days = last.days.lowerBound...day
                count += events
            } else if events <= atOnce {
                portions.append(ImportPortion(days: day...day))
                count = events
            } else {
                let shares = (events + atOnce - 1) / atOnce
                portions += (0..<shares).map { ImportPortion(days: day...day, share: $0, shares: shares) }
                count = 0
            }
        }
        return portions
    }
}

/// Stores portions, and knows which identifiers are in the table.
private final class ImportWriter {
    private let table: DeltaTable
    private let keepsText: Bool
    private let pseudonymKey: String?
    private let fingerprint = Fingerprinter()
    /// Those of the whole table and of what was stored since; nil where each portion looks its own days up.
    private var all: IdentifierSet?
    /// The version that `all` is of.
    private var looked: Snapshot?
    /// The marker that every import moves: of two at once one finds that the other was faster, and looks up again.
    private static let marker = "import"
    private static let isStored = UInt32.max

    struct Outcome {
        var added = 0
        var known = 0
        var repeated = 0
        var changed = 0
    }

    init(table: DeltaTable, keepsText: Bool, pseudonymKey: String?) {
        self.table = table
        self.pseudonymKey = pseudonymKey
        self.keepsText = keepsText
    }

    func knowAll() throws {
        var known = IdentifierSet()
        let snapshot = try table.snapshot()
        var scan = try snapshot.scan(columns: [EventColumn.eventID])
        try identifiers(of: &scan) { _ = known.insert($0, Self.isStored) }
        all = known
        looked = snapshot
    }

    /// - Parameter records: of the portion's days.
    func store(
        _ records: [UInt8], _ portion: ImportPortion, waiting: (Int) throws -> Void
    ) throws -> Outcome {
        let knowsAll = all != nil
        // Taken out: a copy of it would cost more than the portion.
        var known = all.take() ?? IdentifierSet()
        var attempts = 0
        while true {
            attempts += 1
            let snapshot = try knowsAll ? looked ?? table.snapshot() : table.snapshot()
            if !knowsAll {
                known = IdentifierSet()
                var scan = try snapshot.scan(columns: [EventColumn.eventID], where: Self.days(portion))
                try identifiers(of: &scan) { _ = known.insert($0, Self.isStored) }
            }
            let (batch, outcome) = try rows(records, portion, &known, isOnlyPortion: !knowsAll)
            guard batch.rowCount > 0 else {
                if knowsAll { all = known }
                return outcome
            }
            let before = snapshot.transactions[Self.marker]
            // What others stored since the look is looked at before each attempt: nobody comes in between, and a stream
            // that commits all the time does not hold the import up.
            var seen = snapshot
            let result = try table.append(
                [batch], groupedBy: EventColumn.userID,
                transactions: [.init(appID: Self.marker, version: (before ?? 0) + 1)],
                expecting: [Self.marker: before],
                unless: { newest in
                    try PseudonymRecord.check(newest, of: .events, key: self.pseudonymKey)
                    guard newest.version != seen.version else { return false }
                    var isTaken = false
                    var scan = try newest.scan(
                        filesNotIn: seen, columns: [EventColumn.eventID], where: knowsAll ? nil : Self.days(portion))
                    try self.identifiers(of: &scan) { id in
                        if let earlier = known.insert(id, Self.isStored), earlier != Self.isStored { isTaken = true }
                    }
                    seen = newest
                    return isTaken
                }, operation: "IMPORT")
            switch result {
            case .committed(let version):
                if knowsAll {
                    all = known
                    // Not the newest: what came after this commit was not looked at.
                    looked = try table.snapshot(version: version)
                }
                return outcome
            case .alreadyCommitted, .conflict:
                // Another import was faster, or somebody stored one of these events: what was stored is known now.
                try waiting(attempts)
                Thread.sleep(forTimeInterval: min(0.02 * Double(1 << min(attempts, 6)), 1) * .random(in: 0.5...1))
                if knowsAll {
                    try knowAll()
                    known = all.take() ?? IdentifierSet()
                }
            }
        }
    }

    /// The days of a portion.
    private static func days(_ portion: ImportPortion) -> Columnar.Predicate {
        .and([
            .compare(
                column: EventColumn.eventDate, .greaterOrEqual, .date(CalendarDate(days: portion.days.lowerBound))),
            .compare(column: EventColumn.eventDate, .lessOrEqual, .date(CalendarDate(days: portion.days.upperBound))),
        ])
    }

    private func identifiers(of scan: inout Scan, _ body: (UInt64) -> Void) throws {
        while let batch = try scan.next() {
            guard let column = try batch.column(named: EventColumn.eventID).byteStrings else { return }
            column.bytes.withUnsafeBufferPointer { bytes in
                for row in 0..<batch.rowCount {
                    body(fingerprint(UnsafeBufferPointer(rebasing: bytes[column.range(of: row)])))
                }
            }
        }
    }

    /// The events that are new, in the order of their times.
    /// - Parameter isOnlyPortion: whether every number in `known` is of this portion.
    private func rows(
        _ records: [UInt8], _ portion: ImportPortion, _ known: inout IdentifierSet, isOnlyPortion: Bool
    ) throws -> (RecordBatch, Outcome) {
        var outcome = Outcome()
        var columns = EventColumns(keepingText: keepsText)
        let now = Timestamp.now
        records.withUnsafeBufferPointer { records in
            var new: [(at: Int64, place: Int)] = []
            var place = 0
            while place < records.count {
                let start = place
                let event = ImportRecord.fields(records, at: &place)
                let id = fingerprint(event.eventID)
                if portion.shares > 1, Int(id % UInt64(portion.shares)) != portion.share { continue }
                guard let earlier = known.insert(id, UInt32(truncatingIfNeeded: new.count)) else {
                    new.append((event.at.microseconds, start))
                    continue
                }
                guard earlier != Self.isStored else {
                    outcome.known += 1
                    continue
                }
                outcome.repeated += 1
                if isOnlyPortion {
                    var first = new[Int(earlier)].place
                    if !ImportRecord.fields(records, at: &first).says(the: event) { outcome.changed += 1 }
                }
            }
            new.sort { ($0.at, $0.place) < ($1.at, $1.place) }
            outcome.added = new.count
            for (_, start) in new {
                var place = start
                columns.append(imported: ImportRecord.fields(records, at: &place), ingestedAt: now)
            }
        }
        return (try columns.batch(), outcome)
    }
}

extension EventFields {
    /// Whether two events with one identifier are one.
    fileprivate func says(the other: EventFields) -> Bool {
        value == other.value && at == other.at && kind == other.kind && userID.elementsEqual(other.userID)
            && itemID.elementsEqual(other.itemID) && reviewText.elementsEqual(other.reviewText)
    }
}
