import Columnar
import Domain
import Store

/// The identifiers that imports stored, so that the same events are not stored again when they come through Kafka.
///
/// They are read day by day, when messages of the day come: a live stream, whose days no import has touched, reads nothing.
/// Rows that came through Kafka are not among them: which of those count depends on offsets, see ``DuplicatePolicy``.
///
/// Belongs to one appender, and is used by its thread alone.
final class ImportedIdentifiers {
    /// Of all days together; beyond it all are forgotten, and read again as they are needed.
    private static let limit = 16 << 20
    /// How long another import, or a deletion, may go unnoticed.
    private static let refreshInterval = Duration.seconds(1)

    private let table: @Sendable () throws -> DeltaTable?
    private let fingerprint = Fingerprinter()
    private var snapshot: Snapshot?
    private var refreshed: ContinuousClock.Instant?
    private var days: [Int32: IdentifierSet] = [:]
    private var count = 0
    /// The files there were when the days were read.
    private var files: Set<String> = []

    /// - Parameter table: of events; nil as long as there is none.
    init(table: @escaping @Sendable () throws -> DeltaTable?) { self.table = table }

    /// Looks for what was imported or deleted in the meantime; to be called before rows are judged.
    func refresh() throws {
        let now = ContinuousClock.now
        if let refreshed, now - refreshed < Self.refreshInterval { return }
        refreshed = now
        guard let newest = try table()?.snapshot(), newest.version != snapshot?.version else { return }
        guard newest.transactions.keys.contains(where: { $0.hasPrefix("import") }) else { return }
        let present = Set(newest.files.map(\.path))
        // Commits of ours add files, which changes nothing.
        if Self.imports(newest) != snapshot.map(Self.imports) || !files.isSubset(of: present) {
            forget()
            files = present
        }
        snapshot = newest
    }

    /// How far imports are, by the markers they move.
    static func imports(_ snapshot: Snapshot) -> [String: Int64] {
        snapshot.transactions.filter { $0.key.hasPrefix("import") }
    }

    private func forget() {
        days.removeAll()
        count = 0
    }

    /// Takes the rows out whose event an import has stored.
    /// - Returns: their positions.
    func removeKnown(from rows: inout [EventRow]) throws -> [Int] {
        guard let snapshot else { return [] }
        var positions: [Int] = []
        var known: (day: Int32, identifiers: IdentifierSet)?
        var kept = 0
        for index in rows.indices {
            let day = rows[index].fields.at.date.days
            if known?.day != day { known = (day, try identifiers(of: day, snapshot)) }
            if let known, known.identifiers.contains(fingerprint(rows[index].fields.eventID)) {
                positions.append(rows[index].position)
            } else {
                rows[kept] = rows[index]
                kept += 1
            }
        }
        rows.removeLast(rows.count - kept)
        return positions
    }

    private func identifiers(of day: Int32, _ snapshot: Snapshot) throws -> IdentifierSet {
        if let known = days[day] { return known }
        var known = IdentifierSet(capacity: 0)
        var scan = try snapshot.scan(
            columns: [EventColumn.eventID],
            where: .and([
                .compare(column: EventColumn.eventDate, .equal, .date(CalendarDate(days: day))),
                .isNull(column: EventColumn.topic),
            ]))
        while let batch = try scan.next() {
            guard let column = try batch.column(named: EventColumn.eventID).byteStrings else { break }
            for row in 0..<batch.rowCount { column.withBytes(of: row) { _ = known.insert(fingerprint($0), 0) } }
        }
        if count + known.count > Self.limit { forget() }
        count += known.count
        days[day] = known
        return known
    }
}
