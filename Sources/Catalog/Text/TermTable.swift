import Glibc

/// Terms and their dense numbers: an open-addressing hash table over one array of bytes.
///
/// Not a `[String: Int32]`: Swift compares strings by canonical equivalence, Lucene terms by their bytes.
struct TermTable: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int32] = []
    /// The hash of a term above its number + 1, or 0 for a free slot. The size is a power of two, at most half full.
    private var slots = [UInt64](repeating: 0, count: 1024)

    var count: Int { ends.count }

    /// The UTF-8 bytes of a term. O(length).
    subscript(term: Int) -> ArraySlice<UInt8> { bytes[range(of: term)] }

    /// The number of the term, given now if it is new. Amortised O(length).
    mutating func insert(_ term: UnsafeBufferPointer<UInt8>) -> Int32 {
        let hash = Self.hash(term)
        let slot = slot(of: term, hash)
        if let number = Self.number(slots[slot]) { return number }
        bytes.append(contentsOf: term)
        ends.append(Int32(bytes.count))
        slots[slot] = UInt64(hash) << 32 | UInt64(count)
        if count * 2 > slots.count { grow() }
        return Int32(count - 1)
    }

    /// Inserts the terms of another table, and returns the number of each here. O(bytes).
    mutating func insert(allOf other: TermTable) -> [Int32] {
        other.bytes.withUnsafeBufferPointer { bytes in
            (0..<other.count).map { insert(UnsafeBufferPointer(rebasing: bytes[other.range(of: $0)])) }
        }
    }

    /// The number of a term, nil if it is none. O(length).
    func number(of term: [UInt8]) -> Int? {
        term.withUnsafeBufferPointer { Self.number(slots[slot(of: $0, Self.hash($0))]) }.map(Int.init)
    }

    /// The terms in the order of their bytes, and where each old number went.
    func sorted() -> (table: TermTable, newNumbers: [Int32]) {
        var table = TermTable()
        var newNumbers = [Int32](repeating: 0, count: count)
        bytes.withUnsafeBufferPointer { bytes in
            func term(_ number: Int) -> UnsafeBufferPointer<UInt8> {
                UnsafeBufferPointer(rebasing: bytes[range(of: number)])
            }
            for old in (0..<count).sorted(by: { Self.isBefore(term($0), term($1)) }) {
                newNumbers[old] = table.insert(term(old))
            }
        }
        return (table, newNumbers)
    }

    private static func isBefore(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        // A term may be empty, as a genre without letters is; then it has no address.
        guard let first = a.baseAddress, let second = b.baseAddress else { return a.count < b.count }
        let order = memcmp(first, second, min(a.count, b.count))
        return order != 0 ? order < 0 : a.count < b.count
    }

    private func range(of term: Int) -> Range<Int> { (term == 0 ? 0 : Int(ends[term - 1]))..<Int(ends[term]) }

    /// The number of the term in a slot; nil if that is free.
    private static func number(_ slot: UInt64) -> Int32? {
        slot > 0 ? Int32(truncatingIfNeeded: slot) - 1 : nil
    }

    private func slot(of term: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int {
        let (slots, bytes) = (slots.span, bytes.span)
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while let number = Self.number(slots[slot]) {
            // Another hash is another term, without a look at its bytes.
            if UInt32(slots[slot] >> 32) == hash {
                let range = range(of: Int(number))
                if range.count == term.count, term.indices.allSatisfy({ term[$0] == bytes[range.lowerBound + $0] }) {
                    break
                }
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        let mask = slots.count - 1
        for term in old where term > 0 {
            var slot = Int(term >> 32) & mask
            while slots[slot] > 0 { slot = (slot + 1) & mask }
            slots[slot] = term
        }
    }

    /// FNV-1a, 64 bits, folded to 32.
    private static func hash(_ term: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in term { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 29))
    }
}
