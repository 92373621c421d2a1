/// Where a Kafka client's log lines and statistics go. The closures are called on librdkafka's threads: they must be
/// quick and must not call back into the client.
public struct KafkaObserver: Sendable {
    /// A syslog level (3 error … 7 debug), the facility such as `FAIL`, and the text.
    public var log: (@Sendable (_ level: Int, _ facility: String, _ text: String) -> Void)?
    /// librdkafka's statistics document (JSON), every `statistics.interval.ms`; from within a poll.
    public var statistics: (@Sendable (_ json: String) -> Void)?

    /// The facility of the line that says that a producer's client died and another took over (level 4), or that none
    /// will (level 3): see ``KafkaProducer``.
    public static let takeover = "TAKEOVER"

    public init(
        log: (@Sendable (_ level: Int, _ facility: String, _ text: String) -> Void)? = nil,
        statistics: (@Sendable (_ json: String) -> Void)? = nil
    ) {
        self.log = log
        self.statistics = statistics
    }
}

/// A partition of a topic.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var topic: String
    public var partition: Int32

    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public var description: String { "\(topic)[\(partition)]" }

    public static func < (a: Self, b: Self) -> Bool {
        a.topic == b.topic ? a.partition < b.partition : a.topic < b.topic
    }
}

/// Places in a partition that are not plain offsets.
public enum LogicalOffset {
    public static let beginning: Int64 = -2
    public static let end: Int64 = -1
}
