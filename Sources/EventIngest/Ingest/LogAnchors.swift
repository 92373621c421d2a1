import Domain

/// For each partition an offset below which the tables and the log are known to agree.
///
/// A topic that is deleted, made again and filled beyond our offset between two looks at the cluster gives no sign, and what
/// is stored from then on agrees with it. Compared at an offset that was stored before, it does not.
struct LogAnchors {
    private var offsets: [TopicPartition: Int64] = [:]
    /// Whose turn it is, the first of them next.
    private var queue: [TopicPartition] = []

    /// - Parameter trusted: where partitions begin that have no anchor yet.
    mutating func add(_ trusted: [TopicPartition: Int64]) {
        for (place, offset) in trusted where offset > 0 && offsets[place] == nil {
            offsets[place] = offset
            queue.append(place)
        }
    }

    /// Those that were not looked at for the longest time.
    mutating func next(_ count: Int) -> [(place: TopicPartition, offset: Int64)] {
        let turn = queue.prefix(count)
        queue.removeFirst(turn.count)
        queue += turn
        return turn.compactMap { place in offsets[place].map { (place, $0) } }
    }

    /// They agree; from now on it is compared at this offset.
    mutating func confirmed(_ place: TopicPartition, _ offset: Int64) {
        if offsets[place] != nil { offsets[place] = offset }
    }

    mutating func forget(_ place: TopicPartition) {
        guard offsets.removeValue(forKey: place) != nil else { return }
        queue.removeAll { $0 == place }
    }
}
