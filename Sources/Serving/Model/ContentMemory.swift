internal import Synchronization

/// What to ask content similarity: the items most like `seeds` together, without the excluded ones. Places, not
/// identifiers: most questions are answered from memory, and then no string is touched.
struct ContentQuery: Hashable, Sendable {
    var seeds: [Int32]
    var excluded: [Int32]
    var limit: Int
}

/// Remembers the answers of an index that never changes, the most recently used ones.
///
/// Two generations instead of a list in order of use: when the young one is full it becomes the old one and what was
/// old is forgotten; what is asked for again while old becomes young again. So between half and all of the capacity
/// are the entries last used.
final class ContentMemory: Sendable {
    typealias Items = [(place: Int32, score: Float)]
    private struct Generations {
        var young: [ContentQuery: Items] = [:]
        var old: [ContentQuery: Items] = [:]
    }

    private let capacity: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: lists held at most, about 2 kB each.
    init(capacity: Int = 20_000) { self.capacity = capacity }

    subscript(query: ContentQuery) -> Items? {
        get {
            generations.withLock { generations in
                if let items = generations.young[query] { return items }
                guard let items = generations.old[query] else { return nil }
                insert(items, for: query, into: &generations)
                return items
            }
        }
        set {
            guard let newValue else { return }
            generations.withLock { insert(newValue, for: query, into: &$0) }
        }
    }

    private func insert(_ items: Items, for query: ContentQuery, into generations: inout Generations) {
        generations.young[query] = items
        guard generations.young.count >= capacity / 2 else { return }
        generations.old = generations.young
        generations.young = [:]
    }
}
