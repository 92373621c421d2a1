import Domain

/// Offsets that were stored before the cluster was last seen to be as before. What was stored after that may be of a log
/// that has taken the place of the one before, and agrees with it of course.
struct TrustedOffsets {
    /// Those to compare with.
    private(set) var offsets: [TopicPartition: Int64] = [:]
    private var candidates: [TopicPartition: Int64] = [:]
    private var round = 0

    /// - Parameters:
    ///   - round: of questions to the cluster; nothing happens until there is a new one.
    ///   - stored: of the partitions of which nothing strange was seen in it.
    mutating func note(round: Int, stored: [TopicPartition: Int64]) {
        guard round != self.round else { return }
        self.round = round
        for (place, offset) in stored {
            offsets[place] = candidates[place] ?? offsets[place]
            candidates[place] = offset
        }
    }

    /// What was stored beyond this offset may be of another log.
    mutating func lower(_ place: TopicPartition, to offset: Int64) {
        offsets[place] = min(offset, offsets[place] ?? offset)
        candidates[place] = nil
    }

    mutating func forget(_ place: TopicPartition) {
        offsets[place] = nil
        candidates[place] = nil
    }
}
