/// At which number of a growing list a place stands: what a dictionary of places does, for some hundred of them that are
/// known for one list only.
///
/// Open addressing with linear probing. A dictionary's hash withstands keys that somebody chose; places are numbers of
/// the catalogue's order, and one multiplication spreads them.
struct PlaceIndex {
    /// A place in the upper half and its number in the lower; all ones where nothing stands.
    private var slots: [UInt64]
    private let mask: Int
    private(set) var count = 0
    private static let empty = UInt64.max

    /// - Parameter capacity: how many places come at most.
    init(capacity: Int) {
        // At most half full: runs stay short.
        let size = max(16, (2 * capacity - 1).nextPowerOfTwo)
        slots = Array(repeating: Self.empty, count: size)
        mask = size - 1
    }

    /// The number of a place; one that was not there gets the next.
    mutating func number(of place: Int32) -> (number: Int, isNew: Bool) {
        let slot = slot(of: place)
        guard slots[slot] == Self.empty else { return (Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF), false) }
        precondition(count <= mask / 2, "more places than there is room for")
        slots[slot] = UInt64(UInt32(bitPattern: place)) << 32 | UInt64(count)
        count += 1
        return (count - 1, true)
    }

    /// Where a place stands, or where it would.
    private func slot(of place: Int32) -> Int {
        let bits = UInt64(UInt32(bitPattern: place))
        var slot = Int(truncatingIfNeeded: (bits &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[slot] != Self.empty, slots[slot] >> 32 != bits { slot = (slot + 1) & mask }
        return slot
    }
}

extension Int {
    /// The least power of two above this one. For `0..<Int.max / 2`.
    fileprivate var nextPowerOfTwo: Int { 1 << (bitWidth - Swift.max(0, self).leadingZeroBitCount) }
}
