public import Domain
public import Linalg

/// What a model is fitted to: dense indices, and per user the items with how sure we are of each.
///
/// Invariants: users and items rise by the bytes of their identifiers; rows are sorted by item without repetition; values
/// are finite and within the weights' ceiling; every user and item has at least one event.
public struct TrainingSet: Sendable {
    public let users: IdentifierPool
    public let items: IdentifierPool
    /// Users × items, one entry for each pair with an event. Above zero: the confidence that the user likes the item.
    /// Zero or below: the confidence, negated, that the user does not.
    public let interactions: SparseRows
    /// By entry of ``interactions``, of which kinds its events were.
    public let kinds: [EventKinds]
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
    /// Users and items are numbered by the bytes of their identifiers, and events of a pair are joined in an order of
    /// their own, so the set depends on the events alone and not on the order in which they are stored.
    ///
    /// Two passes over the log: row lengths, values. At the peak it holds 9 bytes an event (17 where the newest counts)
    /// beside the identifiers.
    /// - Throws: ``TrainerError/emptyTrainingSet(source:reason:)`` if no liking is left.
    static func build(
        from log: InteractionLog, weights: ConfidenceWeights, accept: (InteractionLog.Record) -> Bool = { _ in true }
    ) throws -> TrainingSet {
        var counts = [Int64](repeating: 0, count: log.users.count)
        var newestOf = [Int64](repeating: .min, count: log.users.count)
        var isPresent = [Bool](repeating: false, count: log.items.count)
        var eventCount = 0
        var first = Int64.max
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && accept(record) {
                let user = Int(record.user)
                counts[user] += 1
                isPresent[Int(record.item)] = true
                if record.at > newestOf[user] { newestOf[user] = record.at }
                if record.at < first { first = record.at }
                eventCount += 1
            }
        }
        guard eventCount > 0, let newest = newestOf.max() else {
            throw TrainerError.emptyTrainingSet(source: log.source, reason: "it holds no events of a kind that counts")
        }
        let userOrder = log.users.inByteOrder { counts[$0] > 0 }
        let (users, userNumbers) = numbered(userOrder, of: log.users)
        let (items, itemNumbers) = numbered(log.items.inByteOrder { isPresent[$0] }, of: log.items)
        let lastEventAt = userOrder.map { newestOf[Int($0)] }
        // Events from after the clock do not age those before it.
        let present = min(newest, log.clock.microseconds)
        var rows = RowBuilder(lengths: userOrder.map { counts[Int($0)] }, repeats: weights.repeats, keepsKinds: true)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && accept(record) {
                let weight =
                    weights.weight(of: record.kind, value: record.value) * weights.decay(record.at, newest: present)
                rows.add(
                    weight, row: userNumbers[Int(record.user)], column: itemNumbers[Int(record.item)], at: record.at,
                    kind: record.kind)
            }
        }
        let (interactions, kinds) = try rows.finish(columns: items.count, ceiling: weights.ceiling)
        guard interactions.values.contains(where: { $0 > 0 }) else {
            throw TrainerError.emptyTrainingSet(
                source: log.source, reason: "none of its events says that a user liked an item")
        }
        return TrainingSet(
            users: users, items: items, interactions: interactions, kinds: kinds,
            lastEventAt: lastEventAt.map { Timestamp(microseconds: $0) }, eventCount: eventCount,
            first: Timestamp(microseconds: first), last: Timestamp(microseconds: newest), source: log.source,
            version: log.version)
    }
}

extension TrainingSet {
    /// Identifiers of a pool in a new order, and by old index the new one, −1 for those left out.
    private static func numbered(
        _ order: [Int32], of pool: IdentifierPool
    ) -> (identifiers: IdentifierPool, numbers: [Int32]) {
        var identifiers = IdentifierPool()
        var numbers = [Int32](repeating: -1, count: pool.count)
        for index in order { numbers[Int(index)] = identifiers.insert(Int(index), of: pool) }
        return (identifiers, numbers)
    }

    /// The items that a ranking for `user` leaves out.
    func seen(by user: Int32) -> ItemBitmap {
        var bitmap = ItemBitmap(itemCount: itemCount)
        for entry in interactions.entries(ofRow: Int(user)) {
            bitmap.insert(ItemIndex(rawValue: interactions.columnIndices[entry]))
        }
        return bitmap
    }
}
