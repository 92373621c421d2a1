import Columnar
import Domain
import Synchronization

/// Which events count as sent twice: those whose `event_id` an accepted event of the same partition has, at most
/// ``window`` offsets earlier.
///
/// Counted in offsets and not in seconds, the answer depends on nothing but what lies in the partition: after a crash,
/// or with another ingester, the same messages are refused. Producers key events by user, so a producer's second try
/// lies in the partition of the first. What Kafka itself delivers twice has the same offset and never gets here.
public struct DuplicatePolicy: Sendable {
    /// Hands over the identifiers of the stored events of a partition whose offsets lie in a range.
    public typealias Stored =
        @Sendable (
            _ place: TopicPartition, _ offsets: Range<Int64>,
            _ found: (_ eventID: UnsafeBufferPointer<UInt8>, _ offset: Int64) -> Void
        ) throws -> Void

    /// In offsets; memory is at most 32 bytes for each, in each partition.
    public var window: Int64
    private let stored: Stored?

    /// - Parameter stored: where to look up what was stored before the start; nil if nothing was.
    public init(window: Int64 = 65_536, stored: Stored? = nil) {
        precondition(window > 0, "a window holds something")
        self.window = window
        self.stored = stored
    }

    /// With what the `events` table of a store has.
    public init(window: Int64 = 65_536, store: String) {
        let table = OpenTable(path: "\(store)/\(Tables.events)")
        self.init(window: window) { place, offsets, found in
            guard let table = try table.get() else { return }
            // The bounds of each file's offsets are in the log: only the newest files are opened.
            var scan = try table.snapshot().scan(
                columns: [EventColumn.eventID, EventColumn.offset],
                where: .and([
                    .compare(column: EventColumn.offset, .greaterOrEqual, .int(offsets.lowerBound)),
                    .compare(column: EventColumn.offset, .less, .int(offsets.upperBound)),
                    .compare(column: EventColumn.partition, .equal, .int(Int64(place.partition))),
                    .compare(column: EventColumn.topic, .equal, .string(place.topic)),
                ]))
            while let batch = try scan.next() {
                guard let identifiers = try batch.column(named: EventColumn.eventID).byteStrings,
                    let positions = try batch.column(named: EventColumn.offset).int64s
                else { return }
                for row in 0..<batch.rowCount {
                    identifiers.withBytes(of: row) { found($0, positions.values[row]) }
                }
            }
        }
    }

    func window(of place: TopicPartition, before offset: Int64) throws -> DuplicateWindow {
        let result = DuplicateWindow(length: window)
        let first = max(0, offset - window)
        if first < offset { try stored?(place, first..<offset) { _ = result.admit($0, at: $1) } }
        return result
    }
}

/// A table opened at its first use and kept, because each partition asks it.
private final class OpenTable: Sendable {
    private let path: String
    private let table = Mutex<DeltaTable?>(nil)

    init(path: String) { self.path = path }

    /// Nil where there is none yet.
    func get() throws -> DeltaTable? {
        try table.withLock { table in
            if table == nil {
                do { table = try DeltaTable.open(at: path) } catch ColumnarError.notATable { return nil }
            }
            return table
        }
    }
}

/// The identifiers that the last offsets of one partition brought, as 64-bit fingerprints under a key of the process:
/// nobody can make two that meet, and by chance it happens once in 10^14 events.
///
/// Open addressing without deletion: an entry that has left the window is passed by its offset, and swept out when the
/// table is three quarters full, which costs a few steps an event. One thread uses it at a time.
final class DuplicateWindow {
    private struct Slot {
        /// 0 is free.
        var fingerprint: UInt64 = 0
        var offset: Int64 = 0
    }

    private let length: Int64
    private let key = UInt64.random(in: .min ... .max)
    private var slots = [Slot](repeating: Slot(), count: 1024)
    private var used = 0

    init(length: Int64) { self.length = length }

    /// Whether the event is new; then it is remembered. Amortised O(1).
    func admit(_ eventID: UnsafeBufferPointer<UInt8>, at offset: Int64) -> Bool {
        let fingerprint = Self.fingerprint(eventID, key)
        if used * 4 >= slots.count * 3 { sweep(at: offset) }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: fingerprint) & mask
        return slots.withUnsafeMutableBufferPointer { slots in
            while slots[index].fingerprint != 0 {
                if slots[index].fingerprint == fingerprint {
                    guard slots[index].offset < offset - length else { return false }
                    slots[index].offset = offset
                    return true
                }
                index = (index + 1) & mask
            }
            slots[index] = Slot(fingerprint: fingerprint, offset: offset)
            used += 1
            return true
        }
    }

    /// Keeps what is in the window, in a table at most half full.
    private func sweep(at offset: Int64) {
        let kept = slots.filter { $0.fingerprint != 0 && $0.offset >= offset - length }
        var count = 1024
        while count < kept.count * 2 { count *= 2 }
        slots = [Slot](repeating: Slot(), count: count)
        for slot in kept {
            var index = Int(truncatingIfNeeded: slot.fingerprint) & (count - 1)
            while slots[index].fingerprint != 0 { index = (index + 1) & (count - 1) }
            slots[index] = slot
        }
        used = kept.count
    }

    /// Multiply and fold, eight bytes at a time, as in wyhash. Never 0.
    private static func fingerprint(_ bytes: UnsafeBufferPointer<UInt8>, _ key: UInt64) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        var hash = key ^ UInt64(truncatingIfNeeded: raw.count)
        var position = 0
        while position + 8 <= raw.count {
            hash = fold(hash ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self), 0xA076_1D64_78BD_642F)
            position += 8
        }
        var tail: UInt64 = 0
        while position < raw.count {
            tail = tail << 8 | UInt64(raw[position])
            position += 1
        }
        return max(1, fold(fold(hash ^ tail, 0xE703_7ED1_A0B4_28DB) ^ key, 0x8EBC_6AF0_9C88_C6E3))
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
