import Foundation

/// The distinct byte strings of a chunk in the order they came, found again by open addressing. A struct for the reason
/// ``PrimitiveDictionary`` is one.
///
/// A value is known by its key, a number: of up to seven bytes the bytes themselves, of more a hash. Identifiers of a few
/// characters, which most are, need no look at the values themselves.
///
/// Unsafe: reads values eight bytes at a time, inside their bounds; slots hold indices of ``keys`` only.
struct BytesDictionary {
    private(set) var values = BytesColumn()
    /// Of ``values``, and room for as many as there is room in ``slots``.
    private var keys: [UInt64] = []
    /// Of a key, the index and one, below bits of its hash that do not choose the slot; 0 where the slot is free. A power of
    /// two, at most half full.
    private var slots: [UInt32] = []
    /// Random, or whoever chooses the values could make them collide. The file does not depend on it.
    private let seed = UInt64.random(in: .min ... .max)

    var count: Int { values.count }
    /// As a PLAIN page.
    var plainSize: Int { values.bytes.count + 4 * values.count }

    /// Appends the index of each value of `source` to `output`.
    /// - Returns: the length of the values together.
    mutating func append(_ source: ByteRows, to output: inout [Int32]) -> Int {
        // A topic, a kind, a source: one look-up for all.
        if source.areAllEqual {
            var index: [Int32] = []
            let size = append(source, 0..<1, to: &index)
            output.append(contentsOf: repeatElement(index[0], count: source.count))
            return source.count * size
        }
        return append(source, 0..<source.count, to: &output)
    }

    private mutating func append(_ source: ByteRows, _ rows: Range<Int>, to output: inout [Int32]) -> Int {
        var size = 0
        output.append(addingCapacity: rows.count) { (output: inout OutputSpan<Int32>) in
            var start = rows.lowerBound
            while start < rows.upperBound {
                let end = min(start + 256, rows.upperBound)
                makeRoom(for: end - start)
                size += index(source, start..<end, to: &output)
                start = end
            }
        }
        return size
    }

    /// - Precondition: there is room for the rows.
    private mutating func index(_ source: ByteRows, _ rows: Range<Int>, to output: inout OutputSpan<Int32>) -> Int {
        // Taken out for the loop, or each look-up would be checked for being the arrays' only owner.
        var (slots, keys): ([UInt32], [UInt64]) = ([], [])
        swap(&slots, &self.slots)
        swap(&keys, &self.keys)
        defer {
            swap(&slots, &self.slots)
            swap(&keys, &self.keys)
        }
        var size = 0
        slots.withUnsafeMutableBufferPointer { slots in
            keys.withUnsafeMutableBufferPointer { keys in
                let mask = UInt32(truncatingIfNeeded: slots.count) &- 1
                for row in rows {
                    let value = source[row]
                    size += value.count
                    let key = Self.key(of: value, seed)
                    let hash = Self.place(of: key, seed)
                    let tag = UInt32(truncatingIfNeeded: hash >> 32) & ~mask
                    var slot = Int(UInt32(truncatingIfNeeded: hash) & mask)
                    while true {
                        let entry = slots[slot]
                        let index = Int(entry & mask) - 1
                        if entry == 0 {
                            slots[slot] = tag | UInt32(count + 1)
                            keys[count] = key
                            output.append(Int32(count))
                            add(value)
                            break
                        }
                        if entry & ~mask == tag, keys[index] == key,
                            key < Self.hashed || isEqual(value, at: index)
                        {
                            output.append(Int32(index))
                            break
                        }
                        slot = (slot + 1) & Int(mask)
                    }
                }
            }
        }
        return size
    }

    /// Apart from the loop, which seldom comes here.
    @inline(never)
    private mutating func add(_ value: UnsafeRawBufferPointer) {
        values.append(utf8: value.assumingMemoryBound(to: UInt8.self))
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
        keys = []
        slots = []
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

    /// From here on keys are hashes; below, the bytes and, in the highest byte, how many they are.
    private static let hashed: UInt64 = 0xFF << 56

    @inline(__always)
    private static func key(of value: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        let count = value.count
        guard count < 8 else { return hash(value, seed) | hashed }
        let length = UInt64(count) << 56
        if count >= 4 {
            // The two overlap, in the same bytes.
            let first = UInt64(UInt32(littleEndian: value.loadUnaligned(as: UInt32.self)))
            let last = UInt64(UInt32(littleEndian: value.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)))
            return length | first | last << UInt64(8 * (count - 4))
        }
        guard count > 0 else { return length }
        return length | UInt64(value[0]) | UInt64(value[count / 2]) << 8 | UInt64(value[count - 1]) << 16
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = a.multipliedFullWidth(by: b)
        return high ^ low
    }

    /// Of the family of wyhash: two words at a time are multiplied to 128 bits and folded.
    /// - Precondition: there are eight bytes at least.
    @inline(__always)
    private static func hash(_ value: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        let count = value.count
        var hash = seed
        var position = 0
        while count - position > 16 {
            hash = fold(
                value.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ 0x9E37_79B9_7F4A_7C15,
                value.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self) ^ hash)
            position += 16
        }
        // The last two words overlap what came before where fewer bytes are left.
        let first = value.loadUnaligned(fromByteOffset: min(position, count - 8), as: UInt64.self)
        let last = value.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        return fold(
            fold(first ^ 0xD6E8_FEB8_6659_FD93, last ^ hash) ^ UInt64(count), 0xA076_1D64_78BD_642F ^ seed)
    }

    @inline(__always)
    private static func place(of key: UInt64, _ seed: UInt64) -> UInt64 { fold(key ^ seed, 0xA076_1D64_78BD_642F) }

    /// Even if `more` values are all new, the slots stay at most half used.
    private mutating func makeRoom(for more: Int) {
        let needed = (count + more) * 2
        guard needed > slots.count else { return }
        var size = max(512, slots.count)
        while size < needed { size *= 2 }
        precondition(size <= 1 << 31, "a dictionary has fewer than 2^30 values")
        keys.append(contentsOf: repeatElement(0, count: size / 2 - keys.count))
        slots = [UInt32](repeating: 0, count: size)
        let mask = UInt32(size - 1)
        for index in 0..<count {
            let hash = Self.place(of: keys[index], seed)
            var slot = UInt32(truncatingIfNeeded: hash) & mask
            while slots[Int(slot)] != 0 { slot = (slot &+ 1) & mask }
            slots[Int(slot)] = UInt32(truncatingIfNeeded: hash >> 32) & ~mask | UInt32(index + 1)
        }
    }
}
