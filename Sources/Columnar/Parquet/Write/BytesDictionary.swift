import Foundation

/// The distinct byte strings of a chunk in the order they came, found again by open addressing. A struct for the reason
/// ``PrimitiveDictionary`` is one.
///
/// Unsafe: reads values eight bytes at a time, inside their bounds.
struct BytesDictionary {
    private(set) var values = BytesColumn()
    /// The upper half of the hash, then the index and one; 0 where the slot is free. A power of two, at most half full.
    private var table: [UInt64] = []
    private var hashes: [UInt64] = []
    /// Random, or whoever chooses the values could make them collide. The file does not depend on it.
    private let seed = UInt64.random(in: .min ... .max)

    var count: Int { values.count }
    /// As a PLAIN page.
    var plainSize: Int { values.bytes.count + 4 * values.count }

    /// Appends the index of each value of `source` to `output`.
    /// - Returns: the length of the values together.
    mutating func append(_ source: ByteRows, to output: inout [Int32]) -> Int {
        makeRoom(for: source.count)
        // Taken out for the loop, or each look-up would be checked for being the array's only owner.
        var table: [UInt64] = []
        swap(&table, &self.table)
        defer { swap(&table, &self.table) }
        return table.withUnsafeMutableBufferPointer { table in
            // A topic, a kind, a source: one look-up for all.
            if source.areAllEqual {
                output.append(contentsOf: repeatElement(index(of: source[0], in: table), count: source.count))
                return source.count * source[0].count
            }
            var size = 0
            output.append(addingCapacity: source.count) { (output: inout OutputSpan<Int32>) in
                var last: Int32 = -1
                for i in 0..<source.count {
                    let value = source[i]
                    size += value.count
                    // Values that repeat often stand together.
                    if last < 0 || !isEqual(value, at: Int(last)) { last = index(of: value, in: table) }
                    output.append(last)
                }
            }
            return size
        }
    }

    /// Of a value, which is added where it is new.
    /// - Precondition: there is room for it.
    @inline(__always)
    private mutating func index(
        of value: UnsafeRawBufferPointer, in table: UnsafeMutableBufferPointer<UInt64>
    ) -> Int32 {
        let mask = UInt64(table.count - 1)
        let hash = Self.hash(value, seed)
        var slot = hash & mask
        while true {
            let entry = table[Int(slot)]
            if entry == 0 { break }
            if entry >> 32 == hash >> 32 {
                let candidate = Int32(truncatingIfNeeded: entry) - 1
                if isEqual(value, at: Int(candidate)) { return candidate }
            }
            slot = (slot + 1) & mask
        }
        let index = Int32(values.count)
        values.append(utf8: value.assumingMemoryBound(to: UInt8.self))
        hashes.append(hash)
        table[Int(slot)] = (hash >> 32) << 32 | UInt64(index + 1)
        return index
    }

    /// The bounds of a page, each value of which is looked at once, however often it is in the page.
    /// - Parameter hasAll: whether every value of the dictionary is in the page.
    func bounds(of indices: [Int32], hasAll: Bool) -> Bounds {
        var isIn = [Bool](repeating: hasAll, count: count)
        if !hasAll { for index in indices { isIn[Int(index)] = true } }
        var bounds = ByteBounds()
        values.bytes.withUnsafeBytes { bytes in
            var run = BoundsOfRun()
            for (index, isIn) in isIn.enumerated() where isIn {
                run.widen(UnsafeRawBufferPointer(rebasing: bytes[values.range(of: index)]))
            }
            bounds.widen(run)
        }
        return bounds.bounds
    }

    mutating func removeAll() {
        values = BytesColumn()
        table = []
        hashes = []
    }

    @inline(__always)
    private func isEqual(_ value: UnsafeRawBufferPointer, at index: Int) -> Bool {
        let start = Int(values.offsets[index])
        guard Int(values.offsets[index + 1]) - start == value.count else { return false }
        return values.bytes.withUnsafeBytes { all in
            guard let known = all.baseAddress, let other = value.baseAddress else { return true }
            return ShortBytes.areEqual(known + start, other, count: value.count)
        }
    }

    /// Of the family of wyhash: two words at a time are multiplied to 128 bits and folded.
    @inline(__always)
    private static func hash(_ value: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let (high, low) = a.multipliedFullWidth(by: b)
            return high ^ low
        }
        let count = value.count
        var hash = seed
        var position = 0
        while count - position > 16 {
            hash = fold(
                value.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ 0x9E37_79B9_7F4A_7C15,
                value.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self) ^ hash)
            position += 16
        }
        let first: UInt64
        let last: UInt64
        if count >= 8 {
            // The last two words overlap what came before where fewer bytes are left.
            first = value.loadUnaligned(fromByteOffset: min(position, count - 8), as: UInt64.self)
            last = value.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        } else if count >= 4 {
            first = UInt64(value.loadUnaligned(as: UInt32.self))
            last = UInt64(value.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
        } else if count > 0 {
            first = UInt64(value[0]) | UInt64(value[count / 2]) << 8 | UInt64(value[count - 1]) << 16
            last = 0
        } else {
            first = 0
            last = 0
        }
        return fold(
            fold(first ^ 0xD6E8_FEB8_6659_FD93, last ^ hash) ^ UInt64(count), 0xA076_1D64_78BD_642F ^ seed)
    }

    /// Even if `more` values are all new, the table stays at most half full.
    private mutating func makeRoom(for more: Int) {
        let needed = (values.count + more) * 2
        guard needed > table.count else { return }
        var size = 4096
        while size < needed { size *= 2 }
        table = [UInt64](repeating: 0, count: size)
        for index in hashes.indices {
            var slot = Int(truncatingIfNeeded: hashes[index]) & (size - 1)
            while table[slot] != 0 { slot = (slot + 1) & (size - 1) }
            table[slot] = (hashes[index] >> 32) << 32 | UInt64(index + 1)
        }
    }
}
