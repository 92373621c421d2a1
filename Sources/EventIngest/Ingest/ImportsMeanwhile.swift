import Columnar
import Domain
import Store

/// Whether an import has stored events that are just being committed: they were judged before it committed them.
///
/// Belongs to the thread that commits. It looks at nothing as long as nobody imports.
final class ImportsMeanwhile {
    /// What there was when events were judged that are not committed yet, or earlier.
    private var known: Snapshot
    /// What `known` becomes, and when it was the newest.
    private var next: (snapshot: Snapshot, since: ContinuousClock.Instant)?
    private var hasFound = false
    private let fingerprint = Fingerprinter()
    /// Events are judged by what the table had a second before, and committed some intervals later: by less than this.
    private static let longestWait = Duration.seconds(60)

    init(_ snapshot: Snapshot) { known = snapshot }

    /// Whether imports since then have stored one of these events.
    /// - Parameter newest: the version the events are to follow.
    func hasAny(of batches: [RecordBatch], _ newest: Snapshot) throws -> Bool {
        guard ImportedIdentifiers.imports(newest) != ImportedIdentifiers.imports(known) else { return false }
        let now = ContinuousClock.now
        if let next, now - next.since > Self.longestWait {
            known = next.snapshot
            self.next = nil
        }
        if next == nil { next = (newest, now) }
        var own = IdentifierSet()
        var days: ClosedRange<Int32>?
        for batch in batches {
            guard let ids = try batch.column(named: EventColumn.eventID).byteStrings,
                case .date(let dates) = try batch.column(named: EventColumn.eventDate)
            else { continue }
            for row in 0..<batch.rowCount {
                ids.withBytes(of: row) { _ = own.insert(fingerprint($0), 0) }
                let day = dates.values[row]
                days = min(days?.lowerBound ?? day, day)...max(days?.upperBound ?? day, day)
            }
        }
        guard let days else { return false }
        var scan = try newest.scan(
            filesNotIn: known, columns: [EventColumn.eventID],
            where: .and([
                .compare(column: EventColumn.eventDate, .greaterOrEqual, .date(CalendarDate(days: days.lowerBound))),
                .compare(column: EventColumn.eventDate, .lessOrEqual, .date(CalendarDate(days: days.upperBound))),
                .isNull(column: EventColumn.topic),
            ]))
        while let batch = try scan.next() {
            guard let ids = try batch.column(named: EventColumn.eventID).byteStrings else { continue }
            for row in 0..<batch.rowCount where ids.withBytes(of: row, { own.contains(fingerprint($0)) }) {
                hasFound = true
                return true
            }
        }
        return false
    }

    /// Whether the last commit was refused because of it.
    func takeFinding() -> Bool {
        defer { hasFound = false }
        return hasFound
    }
}
