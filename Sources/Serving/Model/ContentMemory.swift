internal import Operations

/// What to ask content similarity: the items most like `seeds` together, without the excluded ones. Places, not
/// identifiers: most questions are answered from memory, and then no string is touched.
struct ContentQuery: Hashable, Sendable {
    var seeds: [Int32]
    var excluded: [Int32]
    var limit: Int
}

/// The answers of an index that never changes: 20,000 lists at most, about 2 kB each.
typealias ContentMemory = RecentlyUsed<ContentQuery, [(place: Int32, score: Float)]>
