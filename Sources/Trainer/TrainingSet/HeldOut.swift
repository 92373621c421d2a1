internal import Domain
internal import Linalg

/// What users really went for later: the truth that rankings are measured against.
///
/// Indices are those of the training set. Left out, and counted: users and items that training has not seen, pairs
/// that are in training already (they are removed from every ranking), and users of whom nothing relevant remains.
public struct HeldOut: Sendable {
    /// Users with at least one relevant item, rising.
    public internal(set) var users: [Int32] = []
    /// Relevant items of `users[n]`, rising: `items[starts[n]..<starts[n + 1]]`.
    public internal(set) var starts: [Int] = [0]
    public internal(set) var items: [Int32] = []
    public internal(set) var counts = Counts()
    /// Every pair of a known user and a known item with its weight, liked or not, by rising user: what predicted ratings
    /// are compared with. Empty unless asked for.
    var rated: [(user: Int32, item: Int32, value: Float)] = []

    /// How much was held out, and what was left out and why. Of pairs, each user and item counts once.
    public struct Counts: Codable, Hashable, Sendable {
        /// Users with at least one relevant item: those the metrics are means over.
        public var evaluatedUsers = 0
        /// Relevant pairs of evaluated users.
        public var relevantPairs = 0
        /// Users with later events whom training has not seen.
        public var usersWithoutHistory = 0
        /// Known users with later events, none of which is a liking of a known item that is new to them.
        public var usersWithoutRelevantItems = 0
        /// Liked pairs of known users left out because training has not seen the item.
        public var pairsOfUnknownItems = 0
        /// Liked pairs left out because they are in training already.
        public var pairsSeenInTraining = 0

        private enum CodingKeys: String, CodingKey {
            case evaluatedUsers = "evaluated_users"
            case relevantPairs = "relevant_pairs"
            case usersWithoutHistory = "users_without_history"
            case usersWithoutRelevantItems = "users_without_relevant_items"
            case pairsOfUnknownItems = "pairs_of_unknown_items"
            case pairsSeenInTraining = "pairs_seen_in_training"
        }
    }

    /// The relevant items of `users[position]`, rising; never empty. O(1).
    public func relevant(of position: Int) -> ArraySlice<Int32> { items[starts[position]..<starts[position + 1]] }
}

extension HeldOut {
    /// Collects the likings among the records that `isTest` takes. A pair is relevant when the weights of its test
    /// events add up to more than zero.
    /// - Parameter keepingValues: whether to fill ``rated``.
    static func build(
        from log: InteractionLog, training: TrainingSet, weights: ConfidenceWeights, keepingValues: Bool = false,
        isTest: (InteractionLog.Record) -> Bool
    ) throws -> HeldOut {
        // Log indices to training indices; −1 where training has not seen the identifier.
        let itemNumbers = (0..<log.items.count).map { training.items.index(of: $0, in: log.items) ?? -1 }
        let userNumbers = (0..<log.users.count).map { training.users.index(of: $0, in: log.users) ?? -1 }
        var lengths = [Int64](repeating: 0, count: training.userCount)
        var strangers = [Bool](repeating: false, count: log.users.count)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && isTest(record) {
                let user = userNumbers[Int(record.user)]
                if user >= 0 { lengths[Int(user)] += 1 } else { strangers[Int(record.user)] = true }
            }
        }
        // Rows over the items of the log, which hold those that training has not seen.
        var builder = RowBuilder(lengths: lengths, repeats: weights.repeats)
        try log.forEachChunk { chunk in
            for record in chunk where weights.counts(record.kind) && isTest(record) {
                let user = userNumbers[Int(record.user)]
                guard user >= 0 else { continue }
                builder.add(
                    weights.weight(of: record.kind, value: record.value), row: user, column: record.item,
                    at: record.at, kind: record.kind)
            }
        }
        let rows = try builder.finish(columns: log.items.count, ceiling: .greatestFiniteMagnitude).rows

        var result = HeldOut()
        result.counts.usersWithoutHistory = strangers.count { $0 }
        for user in 0..<training.userCount where rows.count(ofRow: user) > 0 {
            let seen = training.interactions.columnIndices[training.interactions.entries(ofRow: user)]
            if keepingValues {
                // The rows are in the log's order, which is that of the table's files; sums need one of their own.
                let rated = rows.entries(ofRow: user).map {
                    (user: Int32(user), item: itemNumbers[Int(rows.columnIndices[$0])], value: rows.values[$0])
                }
                result.rated += rated.filter { $0.item >= 0 }.sorted { $0.item < $1.item }
            }
            var relevant: [Int32] = []
            for entry in rows.entries(ofRow: user) where rows.values[entry] > 0 {
                let item = itemNumbers[Int(rows.columnIndices[entry])]
                if item < 0 {
                    result.counts.pairsOfUnknownItems += 1
                } else if seen.containsSorted(item) {
                    result.counts.pairsSeenInTraining += 1
                } else {
                    relevant.append(item)
                }
            }
            guard !relevant.isEmpty else {
                result.counts.usersWithoutRelevantItems += 1
                continue
            }
            result.users.append(Int32(user))
            result.items += relevant.sorted()
            result.starts.append(result.items.count)
        }
        result.counts.evaluatedUsers = result.users.count
        result.counts.relevantPairs = result.items.count
        return result
    }
}

extension ArraySlice<Int32> {
    /// Binary search in a rising slice.
    func containsSorted(_ value: Int32) -> Bool {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low] == value
    }
}
