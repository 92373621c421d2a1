public import Domain
public import Linalg

/// What a model is fitted to: dense indices, and per user the items with how sure we are of each.
///
/// Invariants: rows are sorted by item without repetition; values are finite and within the weights' ceiling; every
/// user and item has at least one event.
public struct TrainingSet: Sendable {
    public let users: IdentifierPool
    public let items: IdentifierPool
    /// Users × items, one entry for each pair with an event. Above zero: the confidence that the user likes the item.
    /// Zero or below: the confidence, negated, that the user does not.
    public let interactions: SparseRows
    /// By user, the time of the newest event in the set.
    public let lastEventAt: [Timestamp]
    /// How many events went in.
    public let eventCount: Int
    public let first: Timestamp
    public let last: Timestamp
    /// Where the events come from.
    public let source: String
    /// The table version, or nil if the events come from files.
    public let version: Int64?

    /// Users with at least one event: the rows of ``interactions``.
    public var userCount: Int { users.count }
    /// Items with at least one event: the columns of ``interactions``.
    public var itemCount: Int { items.count }
    /// Pairs whose events add up to a liking.
    public var likedCount: Int { interactions.values.count { $0 > 0 } }
    /// By item, how many users like it.
    public var popularity: [Int32] {
        var counts = [Int32](repeating: 0, count: itemCount)
        for (item, value) in zip(interactions.columnIndices, interactions.values) where value > 0 {
            counts[Int(item)] += 1
        }
        return counts
    }
}

extension TrainingSet {
    /// Builds the set from the events that `accept` takes.
    ///
    /// Three passes over the log: identifiers, row lengths, values. At the peak it holds 8 bytes an event beside the
    /// identifiers.
    /// - Throws: ``TrainerError/emptyTrainingSet(source:reason:)`` if no liking is left.
    static func build(
        from log: InteractionLog, weights: ConfidenceWeights, accept: (InteractionLog.Record) -> Bool = { _ in true }
    ) throws -> TrainingSet {
        var userNumbers = [Int32](repeating: -1, count: log.users.count)
        var itemNumbers = [Int32](repeating: -1, count: log.items.count)
        var users = IdentifierPool()
        var items = IdentifierPool()
        var lengths: [Int64] = []
        var lastEventAt: [Int64] = []
        var eventCount = 0
        var first = Int64.max
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && accept(record) {
                if userNumbers[Int(record.user)] < 0 {
                    userNumbers[Int(record.user)] = users.insert(Int(record.user), of: log.users)
                    lengths.append(0)
                    lastEventAt.append(.min)
                }
                if itemNumbers[Int(record.item)] < 0 {
                    itemNumbers[Int(record.item)] = items.insert(Int(record.item), of: log.items)
                }
                let user = Int(userNumbers[Int(record.user)])
                lengths[user] += 1
                if record.at > lastEventAt[user] { lastEventAt[user] = record.at }
                if record.at < first { first = record.at }
                eventCount += 1
            }
        }
        guard let newest = lastEventAt.max() else {
            throw TrainerError.emptyTrainingSet(source: log.source, reason: "it holds no events of a kind that counts")
        }
        var rows = RowBuilder(lengths: lengths)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && accept(record) {
                let weight =
                    weights.weight(of: record.kind, value: record.value) * weights.decay(record.at, newest: newest)
                rows.add(weight, row: userNumbers[Int(record.user)], column: itemNumbers[Int(record.item)])
            }
        }
        let interactions = try rows.finish(
            columns: items.count, ceiling: weights.ceiling, repeats: weights.repeats)
        guard interactions.values.contains(where: { $0 > 0 }) else {
            throw TrainerError.emptyTrainingSet(
                source: log.source, reason: "none of its events says that a user liked an item")
        }
        return TrainingSet(
            users: users, items: items, interactions: interactions,
            lastEventAt: lastEventAt.map { Timestamp(microseconds: $0) }, eventCount: eventCount,
            first: Timestamp(microseconds: first), last: Timestamp(microseconds: newest), source: log.source,
            version: log.version)
    }
}

extension TrainingSet {
    /// The items that a ranking for `user` leaves out.
    func seen(by user: Int32) -> ItemBitmap {
        var bitmap = ItemBitmap(itemCount: itemCount)
        for entry in interactions.entries(ofRow: Int(user)) {
            bitmap.insert(ItemIndex(rawValue: interactions.columnIndices[entry]))
        }
        return bitmap
    }
}
