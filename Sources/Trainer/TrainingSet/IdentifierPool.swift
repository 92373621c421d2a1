import Domain

/// Identifiers by dense index in the order of first sight, and back: their UTF-8 bytes end to end and a hash table of
/// indices.
///
/// Made for tens of millions: no string object each, about 20 bytes beside the text, and a lookup takes the bytes as a
/// column has them.
public struct IdentifierPool: Sendable {
    /// All identifiers end to end.
    private(set) var bytes: [UInt8] = []
    /// Where each begins; one more than there are.
    private(set) var starts: [Int64] = [0]
    private var hashes: [UInt32] = []
    /// Open addressing with linear probing, a power of two of slots, at most half of them taken; −1 is free.
    private var slots: [Int32] = [Int32](repeating: -1, count: 16)
    /// Differs from process to process, so that nobody can choose identifiers that collide. Indices do not depend on it.
    private let seeded = SeededHash()

    public init() {}

    /// Identifiers, each counted once; the indices are `0..<count`.
    public var count: Int { hashes.count }

    /// All identifiers as strings, by index. O(total length).
    public var ids: [String] { (0..<count).map { id(at: $0) } }

    public func id(at index: Int) -> String {
        String(decoding: bytes[Int(starts[index])..<Int(starts[index + 1])], as: UTF8.self)
    }

    /// The index of `id`, or nil if it was never inserted. O(length).
    public func index(of id: String) -> Int32? {
        var id = id
        return id.withUTF8 { index(of: $0) }
    }

    func index(of utf8: UnsafeBufferPointer<UInt8>) -> Int32? {
        let index = slots[slot(of: utf8, hash(utf8))]
        return index < 0 ? nil : index
    }

    /// The index of the identifier at `index` of another pool.
    func index(of index: Int, in other: IdentifierPool) -> Int32? {
        other.withUTF8(at: index) { self.index(of: $0) }
    }

    /// The index of `id`, given now if it has none. O(length), amortised.
    public mutating func insert(_ id: String) -> Int32 {
        var id = id
        return id.withUTF8 { insert($0) }
    }

    mutating func insert(_ utf8: UnsafeBufferPointer<UInt8>) -> Int32 {
        let hash = hash(utf8)
        let slot = slot(of: utf8, hash)
        if slots[slot] >= 0 { return slots[slot] }
        let index = Int32(hashes.count)
        bytes.append(contentsOf: utf8)
        starts.append(Int64(bytes.count))
        hashes.append(hash)
        slots[slot] = index
        if 2 * hashes.count > slots.count { grow() }
        return index
    }

    mutating func insert(_ index: Int, of other: IdentifierPool) -> Int32 {
        other.withUTF8(at: index) { insert($0) }
    }

    /// Indices by rising bytes of their identifiers: an order that does not depend on who came first.
    /// O(n log n), nearly always by one comparison of eight bytes.
    /// - Parameter isIncluded: which indices.
    func inByteOrder(where isIncluded: (Int) -> Bool = { _ in true }) -> [Int32] {
        var keys: [(prefix: UInt64, index: Int32)] = []
        for index in 0..<count where isIncluded(index) {
            let prefix = withUTF8(at: index) { utf8 in
                utf8.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } << UInt64(8 * max(0, 8 - utf8.count))
            }
            keys.append((prefix, Int32(index)))
        }
        keys.sort { a, b in
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            return withUTF8(at: Int(a.index)) { a in withUTF8(at: Int(b.index)) { a.lexicographicallyPrecedes($0) } }
        }
        return keys.map(\.index)
    }

    /// Of every identifier 64 bits of its own, the same in every process and pool: FNV-1a (Fowler, Noll and Vo 1991).
    func stableHashes() -> [UInt64] {
        (0..<count).map { index in
            withUTF8(at: index) { $0.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
        }
    }

    func withUTF8<R>(at index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let range = Int(starts[index])..<Int(starts[index + 1])
        return try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The slot that holds `utf8`, or the free one where it belongs.
    private func slot(of utf8: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if hashes[index] == hash, withUTF8(at: index, { $0.elementsEqual(utf8) }) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for (index, hash) in hashes.enumerated() {
            var slot = Int(hash) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    private func hash(_ utf8: UnsafeBufferPointer<UInt8>) -> UInt32 { UInt32(truncatingIfNeeded: seeded(utf8) >> 16) }
}
