internal import Synchronization

/// Remembers what was made of keys, the most recently used ones: a cache with a bound. Any number of threads may use it.
///
/// Two generations instead of a list in order of use: when the young one is full it becomes the old one and what was
/// old is forgotten; what is asked for again while old becomes young again. So between half and all of the capacity
/// are the entries last used. O(1).
public final class RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Generations {
        var young: [Key: Value] = [:]
        var old: [Key: Value] = [:]
    }

    private let capacity: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: entries held at most, two or more.
    public init(capacity: Int) {
        precondition(capacity >= 2, "room for two entries at least")
        self.capacity = capacity
    }

    /// What is remembered of the key; setting nil changes nothing.
    public subscript(key: Key) -> Value? {
        get {
            generations.withLock { generations in
                if let value = generations.young[key] { return value }
                guard let value = generations.old[key] else { return nil }
                insert(value, for: key, into: &generations)
                return value
            }
        }
        set {
            guard let newValue else { return }
            generations.withLock { insert(newValue, for: key, into: &$0) }
        }
    }

    /// Entries held now.
    public var count: Int {
        generations.withLock { generations in
            generations.young.count + generations.old.keys.count { generations.young[$0] == nil }
        }
    }

    private func insert(_ value: Value, for key: Key, into generations: inout Generations) {
        generations.young[key] = value
        guard generations.young.count >= capacity / 2 else { return }
        generations.old = generations.young
        generations.young = [:]
    }
}
