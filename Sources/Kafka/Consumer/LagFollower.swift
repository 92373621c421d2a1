import Domain
import Foundation
import Synchronization

/// Keeps a producer from running too far ahead of a group of consumers: needed where the broker forgets (the embedded
/// one holds 5 MiB a partition), polite elsewhere.
///
/// It compares the end of each partition with the offset the group has told the broker. Blocks; for one thread.
public final class LagFollower {
    private let consumer: KafkaConsumer
    private let topics: [String]
    private let limit: Int64
    private var places: [TopicPartition] = []

    /// - Parameter limit: messages that a partition may hold beyond the group's offset.
    public init(properties: KafkaProperties, group: String, topics: [String], limit: Int = 6000) throws {
        consumer = try KafkaConsumer(properties: properties, group: group, batch: 1)
        self.topics = topics
        self.limit = Int64(limit)
    }

    /// The largest number of messages that a partition holds beyond the group's offset.
    public func lag() throws -> Int64 {
        if places.isEmpty { places = try consumer.partitions(of: topics) }
        let committed = try consumer.committed(places)
        var worst: Int64 = 0
        for (place, range) in zip(places, try consumer.watermarks(of: places)) {
            // A group that never told an offset starts at the beginning.
            worst = max(worst, range.upperBound - (committed[place] ?? range.lowerBound))
        }
        return worst
    }

    /// Returns once no partition is more than the limit ahead, or `shouldStop` says so.
    public func wait(unless shouldStop: () -> Bool) throws {
        while try lag() > limit, !shouldStop() { Thread.sleep(forTimeInterval: 0.02) }
    }
}
