/// The identifiers that the last offsets of one partition brought, as 64-bit fingerprints under a key of the process:
/// nobody can make two that meet, and by chance it happens once in 10^14 events.
///
/// A hash table for what is in the window, and a queue that says in which order it leaves.
struct DuplicateWindow {
    struct Entry {
        var fingerprint: UInt64
        var offset: Int64
    }

    private let length: Int64
    private let key = UInt64.random(in: .min ... .max)
    private var table = FingerprintTable()
    /// What is in the table by ascending offset: a ring that begins at `oldest`.
    private var ring = [Entry](repeating: Entry(fingerprint: 0, offset: 0), count: 256)
    private var oldest = 0
    private var count = 0
    private var newest = Int64.min
    private var fingerprints: [UInt64] = []

    /// - Parameter length: of the window, in offsets.
    init(length: Int64) { self.length = length }

    /// Takes what was stored before the start, in any order.
    /// - Precondition: nothing was admitted yet.
    mutating func fill(_ known: [Entry]) {
        table.makeRoom(for: known.count)
        // Of two that are alike the newer one counts.
        let newestFirst = known.sorted { $0.offset > $1.offset }
        let kept = table.withSlots { slots in newestFirst.filter { slots.insert($0.fingerprint) } }
        for entry in kept.reversed() { append(entry) }
    }

    /// Takes the events that came before out of `rows`, returns their positions, and remembers the others. O(rows) on
    /// average.
    /// - Precondition: offsets ascend.
    mutating func removeDuplicates(from rows: inout [EventRow]) -> [Int] {
        // Taken out for the loop, which changes the rest of the window meanwhile.
        var table = FingerprintTable(size: 0)
        swap(&table, &self.table)
        defer { swap(&table, &self.table) }
        table.makeRoom(for: rows.count)
        fingerprints.removeAll(keepingCapacity: true)
        for row in rows { fingerprints.append(fingerprint(row.fields.eventID)) }
        var duplicates: [Int] = []
        table.withSlots { slots in
            touch(&slots)
            for (index, fingerprint) in fingerprints.enumerated() {
                let offset = rows[index].offset
                // The partition was made anew: what the old one brought is nobody's duplicate.
                if offset < newest { forget(before: .max, in: &slots) }
                forget(before: offset - length, in: &slots)
                if slots.insert(fingerprint) {
                    append(Entry(fingerprint: fingerprint, offset: offset))
                } else {
                    duplicates.append(index)
                }
            }
        }
        let positions = duplicates.map { rows[$0].position }
        for index in duplicates.reversed() { rows.remove(at: index) }
        return positions
    }

    /// Brings the places of the table that a run of events will come to into the cache, all at the same time: what
    /// ``fingerprints`` has, and as many of the oldest entries, which leave the window for them.
    private func touch(_ slots: inout FingerprintTable.Slots) {
        for fingerprint in fingerprints { slots.touch(fingerprint) }
        for i in 0..<min(count, fingerprints.count) {
            let position = oldest + i
            slots.touch(ring[position < ring.count ? position : position - ring.count].fingerprint)
        }
    }

    private mutating func append(_ entry: Entry) {
        if count == ring.count {
            // Never more than an entry an offset of the window, and one.
            let size = min(2 * count, Int(clamping: length) + 1)
            let empty = repeatElement(Entry(fingerprint: 0, offset: 0), count: size - count)
            ring = Array(ring[oldest...] + ring[..<oldest] + empty)
            oldest = 0
        }
        let position = oldest + count
        ring[position < ring.count ? position : position - ring.count] = entry
        count += 1
        newest = entry.offset
    }

    private mutating func forget(before offset: Int64, in slots: inout FingerprintTable.Slots) {
        while count > 0, ring[oldest].offset < offset {
            slots.remove(ring[oldest].fingerprint)
            oldest = oldest + 1 < ring.count ? oldest + 1 : 0
            count -= 1
        }
    }

    /// Multiply and fold, eight bytes at a time, as in wyhash. Never 0.
    func fingerprint(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        var hash = key ^ UInt64(truncatingIfNeeded: raw.count)
        var position = 0
        while position + 8 <= raw.count {
            hash = Self.fold(hash ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self), 0xA076_1D64_78BD_642F)
            position += 8
        }
        var tail: UInt64 = 0
        while position < raw.count {
            tail = tail << 8 | UInt64(raw[position])
            position += 1
        }
        return max(1, Self.fold(Self.fold(hash ^ tail, 0xE703_7ED1_A0B4_28DB) ^ key, 0x8EBC_6AF0_9C88_C6E3))
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

/// A set of numbers other than 0 that are hashes already: open addressing with linear probing.
private struct FingerprintTable {
    /// 0 is free. A power of two, at most three quarters full.
    private var slots: [UInt64]
    private var used = 0
    /// See ``Slots/touched``.
    private var touched: UInt64 = 0

    init(size: Int = 1024) { slots = [UInt64](repeating: 0, count: size) }

    /// Even if `more` numbers are all new, the table stays at most three quarters full.
    mutating func makeRoom(for more: Int) {
        let needed = (used + more) * 4 / 3
        guard needed > slots.count else { return }
        var size = slots.count
        while size < needed { size *= 2 }
        let old = slots
        slots = [UInt64](repeating: 0, count: size)
        used = 0
        withSlots { slots in for fingerprint in old where fingerprint != 0 { _ = slots.insert(fingerprint) } }
    }

    /// Lends the set for many changes, which are then not checked one by one for being the array's only owner.
    mutating func withSlots<R>(_ body: (inout Slots) -> R) -> R {
        var (used, touched) = (used, touched)
        defer { (self.used, self.touched) = (used, touched) }
        return slots.withUnsafeMutableBufferPointer { buffer in
            var slots = Slots(buffer: buffer, used: used, touched: touched)
            defer { (used, touched) = (slots.used, slots.touched) }
            return body(&slots)
        }
    }

    /// Unsafe: borrows the table's array, of which every index is masked to lie inside; it must not outlive the closure it is
    /// lent to.
    struct Slots {
        let buffer: UnsafeMutableBufferPointer<UInt64>
        var used: Int
        /// Nobody reads it; or the compiler would leave ``touch(_:)`` out.
        var touched: UInt64

        private var mask: Int { buffer.count - 1 }

        @inline(__always)
        private func home(of fingerprint: UInt64) -> Int { Int(truncatingIfNeeded: fingerprint) & mask }

        @inline(__always)
        mutating func touch(_ fingerprint: UInt64) { touched ^= buffer[home(of: fingerprint)] }

        /// Returns false if it is there already.
        /// - Precondition: there is room.
        @inline(__always)
        mutating func insert(_ fingerprint: UInt64) -> Bool {
            var slot = home(of: fingerprint)
            while buffer[slot] != 0 {
                if buffer[slot] == fingerprint { return false }
                slot = (slot + 1) & mask
            }
            buffer[slot] = fingerprint
            used += 1
            return true
        }

        /// - Precondition: it is there.
        mutating func remove(_ fingerprint: UInt64) {
            var hole = home(of: fingerprint)
            while buffer[hole] != fingerprint { hole = (hole + 1) & mask }
            // What stands behind moves up, unless its own place lies between (Knuth, volume 3, section 6.4, algorithm R).
            var next = (hole + 1) & mask
            while buffer[next] != 0 {
                if (next - home(of: buffer[next])) & mask >= (next - hole) & mask {
                    buffer[hole] = buffer[next]
                    hole = next
                }
                next = (next + 1) & mask
            }
            buffer[hole] = 0
            used -= 1
        }
    }
}
