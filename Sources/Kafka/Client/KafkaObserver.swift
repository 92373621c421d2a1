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
    /// The facility of the line that says that a client would not end and was left behind (level 4).
    public static let abandoned = "ABANDONED"

    public init(
        log: (@Sendable (_ level: Int, _ facility: String, _ text: String) -> Void)? = nil,
        statistics: (@Sendable (_ json: String) -> Void)? = nil
    ) {
        self.log = log
        self.statistics = statistics
    }
}
