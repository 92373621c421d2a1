import Domain

/// Finds partitions that have messages and give none, though the broker answers and we are reading.
struct StallWatch {
    private struct Wait {
        var next: Int64
        var seconds = 0.0
        var wasBegunAnew = false
    }
    private var waits: [TopicPartition: Wait] = [:]

    /// What is to be done about a partition.
    enum Finding: Equatable {
        /// It has given nothing for the limit: begin its fetching anew.
        case beginAnew(TopicPartition)
        /// Nor has it after that.
        case stalled(TopicPartition)
    }

    /// Partitions that were begun anew and have given nothing since.
    var count: Int { waits.values.count(where: \.wasBegunAnew) }

    /// - Parameters:
    ///   - behind: the next offset of each partition that has messages beyond it.
    ///   - seconds: of reading since the last look.
    mutating func look(at behind: [TopicPartition: Int64], after seconds: Double, limit: Double) -> [Finding] {
        waits = waits.filter { behind[$0.key] == $0.value.next }
        var findings: [Finding] = []
        for (place, next) in behind.sorted(by: { $0.key < $1.key }) {
            var wait = waits[place] ?? Wait(next: next, seconds: -seconds)
            wait.seconds += seconds
            if wait.seconds >= limit {
                findings.append(wait.wasBegunAnew ? .stalled(place) : .beginAnew(place))
                wait.wasBegunAnew = true
                wait.seconds = 0
            }
            waits[place] = wait
        }
        return findings
    }
}
