public import Domain

/// Questions to the cluster. All of them block.
extension KafkaConsumer {
    /// The cluster's identifier, which stays the same for its life.
    /// - Throws: ``KafkaError/brokerUnreachable(servers:detail:)``.
    public func clusterID(timeout: Double = 10) throws -> String { try kafka.clusterID(timeout: timeout) }

    /// Partitions of the topics, in order.
    /// - Throws: ``KafkaError/topicMissing(topic:)``.
    public func partitions(of topics: [String], timeout: Double = 10) throws -> [TopicPartition] {
        try topics.flatMap { topic in
            guard let count = try kafka.partitionCount(of: topic, timeout: timeout) else {
                throw KafkaError.topicMissing(topic: topic)
            }
            return (0..<Int32(count)).map { TopicPartition(topic, $0) }
        }
    }

    /// The number of partitions of a topic, or nil if the topic does not exist.
    public func partitionCount(of topic: String, timeout: Double = 10) throws -> Int? {
        try kafka.partitionCount(of: topic, timeout: timeout)
    }

    /// The offsets the broker has of a partition: `low..<high`.
    public func watermarks(of place: TopicPartition, timeout: Double = 10) throws -> Range<Int64> {
        try kafka.watermarks(of: place, timeout: timeout)
    }

    /// The offsets the broker has of each partition, in the order of `places`; quick also where they are many.
    public func watermarks(of places: [TopicPartition], timeout: Double = 10) throws -> [Range<Int64>] {
        try kafka.watermarks(of: places, timeout: timeout)
    }

    /// One past the last message of a partition as the newest fetch of it said, committed or not; nil before the first.
    /// Does not block.
    public func fetchedEnd(of place: TopicPartition) -> Int64? { kafka.fetchedEnd(of: place) }

    /// The offsets of those partitions whose leaders answer at once; the others are left out.
    package func knownWatermarks(of places: [TopicPartition], timeout: Double) -> [TopicPartition: Range<Int64>] {
        kafka.knownWatermarks(of: places, timeout: timeout)
    }

    /// The offsets that the group has told the broker, by ``commitHint(_:)`` or otherwise.
    public func committed(_ places: [TopicPartition], timeout: Double = 10) throws -> [TopicPartition: Int64] {
        try kafka.committed(places, timeout: timeout)
    }

    /// Creates topics that do not exist yet.
    public func create(topics: [String], partitions: Int, replication: Int = -1, timeout: Double = 15) throws {
        try kafka.create(topics: topics, partitions: partitions, replication: replication, timeout: timeout)
    }
}
