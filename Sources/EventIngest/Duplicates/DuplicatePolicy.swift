import Columnar
internal import Domain
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
    /// Hands over the identifiers of the stored events of partitions of one topic whose offsets lie in a range, which is each
    /// partition's own; of those partitions others, too, where that is as easy.
    public typealias Stored =
        @Sendable (
            _ topic: String, _ offsets: [Int32: Range<Int64>],
            _ found: (_ partition: Int32, _ eventID: UnsafeBufferPointer<UInt8>, _ offset: Int64) -> Void
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
        stored = { topic, offsets, found in
            guard let table = try table.get() else { return }
            let snapshot = try table.snapshot()
            // Partitions that are equally far, as those of a topic mostly are, lie in the same files: one scan finds them all.
            for stretch in Self.joined(Array(offsets.values)) {
                // The bounds of each file's offsets are in the log: only the newest files are opened.
                var scan = try snapshot.scan(
                    columns: [identifier, OriginColumn.offset, OriginColumn.partition],
                    where: .and(
                        [
                            .compare(column: OriginColumn.offset, .greaterOrEqual, .int(stretch.lowerBound)),
                            .compare(column: OriginColumn.offset, .less, .int(stretch.upperBound)),
                            .compare(column: OriginColumn.topic, .equal, .string(topic)),
                        ]
                            + (offsets.count == 1
                                ? offsets.keys.map {
                                    .compare(column: OriginColumn.partition, .equal, .int(Int64($0)))
                                } : [])))
                while let batch = try scan.next() {
                    guard let identifiers = try batch.column(named: identifier).byteStrings,
                        let positions = try batch.column(named: OriginColumn.offset).int64s,
                        let partitions = try batch.column(named: OriginColumn.partition).int32s
                    else { return }
                    for row in 0..<batch.rowCount {
                        identifiers.withBytes(of: row) { found(partitions.values[row], $0, positions.values[row]) }
                    }
                }
            }
        }
    }

    /// The ranges' union as ascending ranges that do not touch.
    private static func joined(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
        var joined: [Range<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    /// What imports stored; nil where there is no store to look it up in.
    var imported: ImportedIdentifiers? { table.map { ImportedIdentifiers(table: $0) } }

    /// A window for each partition that goes on at an offset, filled with what was stored before it. O(rows of the files that
    /// have rows of any of them).
    func windows(before next: [TopicPartition: Int64]) throws -> [TopicPartition: DuplicateWindow] {
        var result: [TopicPartition: DuplicateWindow] = [:]
        for (topic, places) in Dictionary(grouping: next, by: \.key.topic) {
            var filled = places.map { place, offset in
                FilledWindow(place: place, next: offset, window: DuplicateWindow(length: window))
            }
            let numbers = Dictionary(uniqueKeysWithValues: filled.enumerated().map { ($1.place.partition, $0) })
            // Rows of a partition mostly lie together.
            var (partition, number) = (Int32(-1), Int?.none)
            try stored?(topic, numbers.mapValues { filled[$0].offsets }) { place, identifier, offset in
                if place != partition { (partition, number) = (place, numbers[place]) }
                if let number { filled[number].take(identifier, offset) }
            }
            for one in filled { result[one.place] = one.result() }
        }
        return result
    }
}

/// The window of a partition while what was stored comes in.
private struct FilledWindow {
    let place: TopicPartition
    private let next: Int64
    /// Those whose identifiers it takes.
    let offsets: Range<Int64>
    private let window: DuplicateWindow
    private var known: [DuplicateWindow.Entry] = []

    init(place: TopicPartition, next: Int64, window: DuplicateWindow) {
        self.place = place
        self.next = next
        self.window = window
        // Rows from `next` on are there only if the topic was made anew: what the old log brought counts as brought just
        // before.
        let (end, overflows) = next.addingReportingOverflow(window.length)
        offsets = max(0, next - window.length)..<(overflows ? .max : end)
    }

    mutating func take(_ identifier: UnsafeBufferPointer<UInt8>, _ offset: Int64) {
        guard offsets.contains(offset) else { return }
        known.append(.init(fingerprint: window.fingerprint(identifier), offset: min(offset, next - 1)))
    }

    func result() -> DuplicateWindow {
        var window = window
        window.fill(known)
        return window
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
