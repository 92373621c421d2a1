public import Kafka
internal import Operations

extension KafkaObserver {
    private static let log = Log("kafka")

    /// librdkafka's own log lines in the log of this process, at our levels.
    public static let logging = KafkaObserver(log: { level, facility, text in
        // Some messages may arrive twice; or why none will.
        if [KafkaObserver.takeover, KafkaObserver.abandoned].contains(facility) { return log.warning(text) }
        switch level {
        // A broker that cannot be reached is told once, by the service that needs it; librdkafka repeats it for ever.
        case ...4: log.debug(text, ["facility": facility])
        default: log.trace(text, ["facility": facility])
        }
    })
}
