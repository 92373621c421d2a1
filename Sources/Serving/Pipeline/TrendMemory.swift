internal import Synchronization

/// Rankings of the newest events that were made a moment ago.
final class TrendMemory: Sendable {
    struct Key: Hashable, Sendable {
        var measure: EventTrends.Measure
        var window: EventTrends.Window
    }

    private let lists = Mutex<[Key: (at: ContinuousClock.Instant, ranked: [Ranked])]>([:])
    private static let capacity = 64

    subscript(key: Key, patience: Duration) -> [Ranked]? {
        lists.withLock { lists in
            guard let list = lists[key], ContinuousClock.now - list.at < patience else { return nil }
            return list.ranked
        }
    }

    func remember(_ ranked: [Ranked], as key: Key) {
        lists.withLock { lists in
            // Windows are the caller's to choose: whoever tries many must not fill the memory.
            if lists.count >= Self.capacity { lists = [:] }
            lists[key] = (.now, ranked)
        }
    }
}
