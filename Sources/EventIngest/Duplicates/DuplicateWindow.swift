/// The identifiers that the last offsets of one partition brought, as 64-bit fingerprints under a key of the process:
/// nobody can make two that meet, and by chance it happens once in 10^14 events.
///
/// Two sets, one for the stretch of ``length`` offsets that is being read and one for the stretch before: what the window
/// holds lies in these two. So nothing is ever taken out of a set but all of it at once, and only what is found in the older
/// one need be asked for its offset.
struct DuplicateWindow {
    struct Entry {
        var fingerprint: UInt64
        var offset: Int64
    }

    /// In offsets.
    let length: Int64
    let fingerprint = Fingerprinter()
    private var current = FingerprintSet()
    private var previous = FingerprintSet()
    /// Where the stretch of ``current`` ends: a multiple of ``length``.
    private var end = Int64.min
    private var newest = Int64.min
    private var fingerprints: [UInt64] = []
    /// Nobody reads it; or the compiler would leave ``FingerprintSet/Slots/touch(_:)`` out.
    private var touched: UInt32 = 0

    /// - Parameter length: of the window, in offsets.
    init(length: Int64) { self.length = length }

    /// Takes what was stored before the start, in any order.
    /// - Precondition: nothing was admitted yet.
    mutating func fill(_ known: [Entry]) {
        for entry in known.sorted(by: { $0.offset < $1.offset }) {
            advance(to: entry.offset)
            newest = entry.offset
            current.makeRoom(for: 1)
            // Of two that are alike the newer one counts.
            current.lend { if let known = $0.insert(entry) { $0.entries[known].offset = entry.offset } }
        }
    }

    /// Takes the events that came before out of `rows`, returns their positions, and remembers the others. O(rows) on
    /// average.
    /// - Precondition: offsets ascend.
    mutating func removeDuplicates(from rows: inout [EventRow]) -> [Int] {
        fingerprints.removeAll(keepingCapacity: true)
        for row in rows { fingerprints.append(fingerprint(row.fields.eventID)) }
        var duplicates: [Int] = []
        var start = 0
        while start < rows.count {
            advance(to: rows[start].offset)
            newest = rows[start].offset
            var next = start + 1
            while next < rows.count, rows[next].offset < end, rows[next].offset >= newest {
                newest = rows[next].offset
                next += 1
            }
            admit(rows, start..<next, &duplicates)
            start = next
        }
        let positions = duplicates.map { rows[$0].position }
        for index in duplicates.reversed() { rows.remove(at: index) }
        return positions
    }

    /// The same for one identifier of what is no event. O(1) on average.
    /// - Precondition: offsets ascend.
    mutating func isDuplicate(_ identifier: UnsafeBufferPointer<UInt8>, at offset: Int64) -> Bool {
        var fields = EventFields()
        fields.eventID = identifier
        var rows = [EventRow(fields: fields, offset: offset, position: 0)]
        return !removeDuplicates(from: &rows).isEmpty
    }

    /// Rows of the current stretch.
    private mutating func admit(_ rows: [EventRow], _ range: Range<Int>, _ duplicates: inout [Int]) {
        current.makeRoom(for: range.count)
        let length = length
        fingerprints.withUnsafeBufferPointer { fingerprints in
            current.lend { current in
                previous.lend { previous in
                    // The places of the tables that these rows will come to are brought into the cache all at the same time.
                    for index in range {
                        touched ^= current.touch(fingerprints[index]) ^ previous.touch(fingerprints[index])
                    }
                    for index in range {
                        let entry = Entry(fingerprint: fingerprints[index], offset: rows[index].offset)
                        if let known = previous.find(entry.fingerprint),
                            previous.entries[known].offset >= entry.offset - length
                        {
                            duplicates.append(index)
                        } else if current.insert(entry) != nil {
                            duplicates.append(index)
                        }
                    }
                }
            }
        }
    }

    /// Begins the stretch that `offset` is in, if it is another one than that of ``current``.
    private mutating func advance(to offset: Int64) {
        // The partition was made anew: what the old one brought is nobody's duplicate.
        let isAnew = offset < newest
        guard isAnew || offset >= end else { return }
        swap(&current, &previous)
        current.removeAll()
        if isAnew || end == .min || offset - end >= length { previous.removeAll() }
        let (next, overflows) = (offset - offset % length).addingReportingOverflow(length)
        end = overflows ? .max : next
    }
}

/// A set of numbers that are hashes already, each with the offset it came at.
private struct FingerprintSet {
    /// In the order in which they came; as many as ``count`` are there.
    private var entries: [DuplicateWindow.Entry] = []
    private var count = 0
    /// Open addressing with linear probing. 0 is free; else the index in ``entries`` and one, below bits of the fingerprint
    /// that do not choose the place. A power of two, at most three quarters full.
    private var slots: [UInt32] = []

    init() { resize(1024) }

    private mutating func resize(_ size: Int) {
        slots = [UInt32](repeating: 0, count: size)
        let empty = DuplicateWindow.Entry(fingerprint: 0, offset: 0)
        entries += repeatElement(empty, count: size / 4 * 3 - entries.count)
    }

    mutating func makeRoom(for more: Int) {
        guard count + more > entries.count else { return }
        var size = slots.count
        while size / 4 * 3 < count + more { size *= 2 }
        precondition(size <= 1 << 31, "a window holds fewer than 2^31 events")
        resize(size)
        let used = count
        count = 0
        lend { for index in 0..<used { _ = $0.insert($0.entries[index]) } }
    }

    /// Forgets all, and keeps the memory.
    mutating func removeAll() {
        guard count > 0 else { return }
        count = 0
        slots.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }

    /// Lends the set for many changes, which are then not checked one by one for being the arrays' only owner.
    mutating func lend<R>(_ body: (inout Slots) -> R) -> R {
        var count = count
        defer { self.count = count }
        return slots.withUnsafeMutableBufferPointer { slots in
            entries.withUnsafeMutableBufferPointer { entries in
                var lent = Slots(slots: slots, entries: entries, count: count)
                defer { count = lent.count }
                return body(&lent)
            }
        }
    }

    /// Unsafe: borrows the set's arrays, of which every index is masked to lie inside, or was written by ``insert(_:)``; it
    /// must not outlive the closure it is lent to.
    struct Slots {
        let slots: UnsafeMutableBufferPointer<UInt32>
        let entries: UnsafeMutableBufferPointer<DuplicateWindow.Entry>
        var count: Int

        @inline(__always)
        private var mask: UInt32 { UInt32(truncatingIfNeeded: slots.count) &- 1 }

        @inline(__always)
        func touch(_ fingerprint: UInt64) -> UInt32 { slots[Int(UInt32(truncatingIfNeeded: fingerprint) & mask)] }

        /// The place of a fingerprint: its index in ``entries``, or the free slot where it would be.
        @inline(__always)
        private func look(for fingerprint: UInt64) -> (index: Int?, slot: Int) {
            let mask = mask
            let tag = UInt32(truncatingIfNeeded: fingerprint >> 32) & ~mask
            var slot = UInt32(truncatingIfNeeded: fingerprint) & mask
            while true {
                let entry = slots[Int(slot)]
                if entry == 0 { return (nil, Int(slot)) }
                if entry & ~mask == tag {
                    let index = Int(entry & mask) - 1
                    if entries[index].fingerprint == fingerprint { return (index, Int(slot)) }
                }
                slot = (slot &+ 1) & mask
            }
        }

        @inline(__always)
        func find(_ fingerprint: UInt64) -> Int? { look(for: fingerprint).index }

        /// Returns the index of the one that is there already, if one is.
        /// - Precondition: there is room.
        @inline(__always)
        mutating func insert(_ entry: DuplicateWindow.Entry) -> Int? {
            let (known, slot) = look(for: entry.fingerprint)
            if let known { return known }
            entries[count] = entry
            count += 1
            let tag = UInt32(truncatingIfNeeded: entry.fingerprint >> 32) & ~mask
            slots[slot] = tag | UInt32(truncatingIfNeeded: count)
            return nil
        }
    }
}
