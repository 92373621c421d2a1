public import Domain

/// A set of items, one bit each: what must not appear in a ranking.
public struct ItemBitmap: Sendable, Hashable {
    /// Items are `0..<itemCount`.
    public let itemCount: Int
    private(set) var words: [UInt32]

    /// The empty set.
    public init(itemCount: Int) {
        precondition(itemCount >= 0, "a negative number of items")
        self.itemCount = itemCount
        words = [UInt32](repeating: 0, count: (itemCount + 31) / 32)
    }

    /// Items outside `0..<itemCount` are left out: they cannot be ranked anyway.
    public init(itemCount: Int, items: some Sequence<ItemIndex>) {
        self.init(itemCount: itemCount)
        for item in items where item.position >= 0 && item.position < itemCount { insert(item) }
    }

    /// The set of the items whose bits are set: bit `i % 32` of word `i / 32`. O(itemCount / 32).
    /// - Precondition: as many words as the items need; bits behind the last item are taken as 0.
    public init(itemCount: Int, words: [UInt32]) {
        precondition(itemCount >= 0 && words.count == (itemCount + 31) / 32, "words for another number of items")
        self.itemCount = itemCount
        self.words = words
        clearRest()
    }

    /// Whether the item is in the set. O(1).
    /// - Precondition: the item is in `0..<itemCount`.
    public func contains(_ item: ItemIndex) -> Bool {
        precondition(item.position >= 0 && item.position < itemCount, "item out of range")
        return words[item.position / 32] >> UInt32(item.position % 32) & 1 != 0
    }

    /// Puts the item in, if it is not there yet. O(1).
    /// - Precondition: the item is in `0..<itemCount`.
    public mutating func insert(_ item: ItemIndex) {
        precondition(item.position >= 0 && item.position < itemCount, "item out of range")
        words[item.position / 32] |= 1 << UInt32(item.position % 32)
    }

    /// Takes the item out, if it is there. O(1).
    /// - Precondition: the item is in `0..<itemCount`.
    public mutating func remove(_ item: ItemIndex) {
        precondition(item.position >= 0 && item.position < itemCount, "item out of range")
        words[item.position / 32] &= ~(1 << UInt32(item.position % 32))
    }

    /// O(itemCount / 32).
    public mutating func formUnion(_ other: ItemBitmap) {
        precondition(other.itemCount == itemCount, "bitmaps of different sizes")
        for i in words.indices { words[i] |= other.words[i] }
    }

    /// Keeps the items that are in the other set, too. O(itemCount / 32).
    public mutating func formIntersection(_ other: ItemBitmap) {
        precondition(other.itemCount == itemCount, "bitmaps of different sizes")
        for i in words.indices { words[i] &= other.words[i] }
    }

    /// The same of the first `count` items alone. O(count / 32).
    public func prefix(_ count: Int) -> ItemBitmap {
        precondition(count >= 0 && count <= itemCount, "more items than there are")
        return ItemBitmap(itemCount: count, words: Array(words.prefix((count + 31) / 32)))
    }

    /// The items that are not in this set: turns "only these" into "not those". O(itemCount / 32).
    public func complement() -> ItemBitmap {
        var result = self
        for i in words.indices { result.words[i] = ~words[i] }
        result.clearRest()
        return result
    }

    private mutating func clearRest() {
        if itemCount % 32 != 0 { words[words.count - 1] &= (1 << UInt32(itemCount % 32)) - 1 }
    }

    /// How many items are in it. O(itemCount / 32).
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
