internal import Catalog
internal import Operations

/// What to ask content similarity: the items most like `seeds` together, without the excluded ones. Places, not
/// identifiers: most questions are answered from memory, and then no string is touched.
struct ContentQuery: Sendable {
    var seeds: [Int32]
    var excluded: [Int32]
    var limit: Int
    /// Only what a filter lets through; nil: everything.
    var allowed: FilterSelection?

    /// What tells its answer from others in one state. Not the selection itself, which would be kept with it.
    struct Key: Hashable, Sendable {
        var seeds: [Int32]
        var excluded: [Int32]
        var limit: Int
        var filter: FilterText?

        /// In whole stretches: number by number costs more than the list's top-k.
        func hash(into hasher: inout Hasher) {
            seeds.withUnsafeBytes { hasher.combine(bytes: $0) }
            excluded.withUnsafeBytes { hasher.combine(bytes: $0) }
            hasher.combine(limit)
            hasher.combine(seeds.count)
            if let filter { hasher.combine(filter) }
        }
    }

    var key: Key { Key(seeds: seeds, excluded: excluded, limit: limit, filter: allowed?.text) }
}

/// The answers of an index that never changes: 20,000 lists at most, about 2 kB each.
typealias ContentMemory = RecentlyUsed<ContentQuery.Key, [(place: Int32, score: Float)]>
