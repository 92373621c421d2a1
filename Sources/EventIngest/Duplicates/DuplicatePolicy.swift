import Columnar
public import Domain
public import Store
import Synchronization

/// Which events count as sent twice: those whose `event_id` an accepted event of the same partition has, at most
/// ``window`` offsets earlier.
///
/// Counted in offsets and not in seconds, the answer depends on nothing but what lies in the partition: after a crash,
/// or with another ingester, the same messages are refused. Producers key events by user, so a producer's second try
/// lies in the partition of the first. What Kafka itself delivers twice has the same offset and never gets here.
///
/// What an import has stored directly counts too, however long ago: it has no offset.
public struct DuplicatePolicy: Sendable {
    /// Hands over the identifiers of the stored events of a partition whose offsets lie in a range.
    public typealias Stored =
        @Sendable (
            _ place: TopicPartition, _ offsets: Range<Int64>,
            _ found: (_ eventID: UnsafeBufferPointer<UInt8>, _ offset: Int64) -> Void
        ) throws -> Void

    /// In offsets; memory is about 48 bytes for each, in each partition.
    public var window: Int64
    private let stored: Stored?
    private let table: (@Sendable () throws -> DeltaTable?)?

    /// - Parameter stored: where to look up what was stored before the start; nil if nothing was.
    public init(window: Int64 = 65_536, stored: Stored? = nil) {
        precondition(window > 0, "a window holds something")
        self.window = window
        self.stored = stored
        table = nil
    }

    /// With what a table of a store has: events, unless another one is named with the column of its identifiers.
    public init(
        window: Int64 = 65_536, store: EventStore, table contract: TableContract = .events,
        identifier: String = EventColumn.eventID
    ) {
        precondition(window > 0, "a window holds something")
        let table = OpenTable(store: store, contract: contract)
        self.window = window
        // Nothing else is imported.
        if contract == .events { self.table = { try table.get() } } else { self.table = nil }
        stored = { place, offsets, found in
            guard let table = try table.get() else { return }
            // The bounds of each file's offsets are in the log: only the newest files are opened.
            var scan = try table.snapshot().scan(
                columns: [identifier, OriginColumn.offset],
                where: .and([
                    .compare(column: OriginColumn.offset, .greaterOrEqual, .int(offsets.lowerBound)),
                    .compare(column: OriginColumn.offset, .less, .int(offsets.upperBound)),
                    .compare(column: OriginColumn.partition, .equal, .int(Int64(place.partition))),
                    .compare(column: OriginColumn.topic, .equal, .string(place.topic)),
                ]))
            while let batch = try scan.next() {
                guard let identifiers = try batch.column(named: identifier).byteStrings,
                    let positions = try batch.column(named: OriginColumn.offset).int64s
                else { return }
                for row in 0..<batch.rowCount {
                    identifiers.withBytes(of: row) { found($0, positions.values[row]) }
                }
            }
        }
    }

    /// What imports stored; nil where there is no store to look it up in.
    var imported: ImportedIdentifiers? { table.map { ImportedIdentifiers(table: $0) } }

    func window(of place: TopicPartition, before offset: Int64) throws -> DuplicateWindow {
        var result = DuplicateWindow(length: window)
        guard let stored else { return result }
        // Rows from `offset` on are there only if the topic was made anew: what the old log brought counts as brought just
        // before.
        let (end, overflows) = offset.addingReportingOverflow(window)
        var known: [DuplicateWindow.Entry] = []
        try stored(place, max(0, offset - window)..<(overflows ? .max : end)) {
            known.append(.init(fingerprint: result.fingerprint($0), offset: min($1, offset - 1)))
        }
        result.fill(known)
        return result
    }
}

/// A table opened at its first use and kept, because each partition asks it.
private final class OpenTable: Sendable {
    private let store: EventStore
    private let contract: TableContract
    private let table = Mutex<DeltaTable?>(nil)

    init(store: EventStore, contract: TableContract) {
        self.store = store
        self.contract = contract
    }

    /// Nil where there is none yet.
    func get() throws -> DeltaTable? {
        try table.withLock { table in
            if table == nil { table = try store.openIfPresent(contract) }
            return table
        }
    }
}
