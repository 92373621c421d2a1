/// Some of the items of a ``PackedItems``, laid out by themselves for queries that want no others: a filter that many ask
/// with. To find the best of them a scan of all would go further, for what it finds first is mostly excluded.
///
/// Lists are the same, to the last bit. It takes about a sixth of what these items' floats do.
public struct PackedPart: Sendable {
    let codes: ItemCodes
    /// How many of the items it has.
    public let itemCount: Int

    /// Of more than one in so many items it would save too little.
    static let largestShare = 8
}
