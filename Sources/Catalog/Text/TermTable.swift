/// Terms and their dense numbers: an open-addressing hash table over one array of bytes.
///
/// Not a `[String: Int32]`: Swift compares strings by canonical equivalence, Lucene terms by their bytes.
struct TermTable: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int32] = []
    /// Term number + 1, or 0 for a free slot. The size is a power of two, at most half full.
    private var slots = [Int32](repeating: 0, count: 1024)

    var count: Int { ends.count }

    /// The UTF-8 bytes of a term. O(length).
    subscript(term: Int) -> ArraySlice<UInt8> { bytes[range(of: term)] }

    /// The number of the term, given now if it is new. Amortised O(length).
    mutating func insert(_ term: UnsafeBufferPointer<UInt8>) -> Int32 {
        let slot = slot(of: term)
        if slots[slot] > 0 { return slots[slot] - 1 }
        bytes.append(contentsOf: term)
        ends.append(Int32(bytes.count))
        slots[slot] = Int32(count)
        if count * 2 > slots.count { grow() }
        return Int32(count - 1)
    }

    /// The number of a term, nil if it is none. O(length).
    func number(of term: [UInt8]) -> Int? {
        let number = term.withUnsafeBufferPointer { slots[slot(of: $0)] }
        return number > 0 ? Int(number) - 1 : nil
    }

    /// The terms in the order of their bytes, and where each old number went.
    func sorted() -> (table: TermTable, newNumbers: [Int32]) {
        let order = (0..<count).sorted { self[$0].lexicographicallyPrecedes(self[$1]) }
        var table = TermTable()
        var newNumbers = [Int32](repeating: 0, count: count)
        for old in order {
            newNumbers[old] = bytes[range(of: old)].withUnsafeBufferPointer { table.insert($0) }
        }
        return (table, newNumbers)
    }

    private func range(of term: Int) -> Range<Int> { (term == 0 ? 0 : Int(ends[term - 1]))..<Int(ends[term]) }

    private func slot(of term: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(term)) & mask
        while slots[slot] > 0 {
            let candidate = bytes[range(of: Int(slots[slot] - 1))]
            if candidate.count == term.count, candidate.elementsEqual(term) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        for term in 0..<count {
            let slot = bytes[range(of: term)].withUnsafeBufferPointer { self.slot(of: $0) }
            slots[slot] = Int32(term + 1)
        }
    }

    /// FNV-1a, 64 bits, folded so that the low bits see the high ones.
    private static func hash(_ term: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in term { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash ^ (hash >> 29)
    }
}
