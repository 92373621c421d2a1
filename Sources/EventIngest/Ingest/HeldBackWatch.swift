import Domain

/// Finds partitions in which an open transaction holds back what comes after it.
///
/// Every transaction is open for a moment, so only those count that stay so: their readable end has not moved for a while.
struct HeldBackWatch {
    private var since: [TopicPartition: (next: Int64, at: ContinuousClock.Instant)] = [:]

    /// - Parameters:
    ///   - waiting: of partitions that have more than may be read, from the next offset to the end.
    ///   - limit: seconds that this may last.
    /// - Returns: those of `waiting` that have waited longer.
    mutating func look(
        at waiting: [TopicPartition: Range<Int64>], now: ContinuousClock.Instant, after limit: Double
    ) -> [TopicPartition: Range<Int64>] {
        since = since.filter { waiting[$0.key]?.lowerBound == $0.value.next }
        return waiting.filter { place, offsets in
            let begun = since[place]?.at ?? now
            since[place] = (offsets.lowerBound, begun)
            return (now - begun).inSeconds >= limit
        }
    }
}
