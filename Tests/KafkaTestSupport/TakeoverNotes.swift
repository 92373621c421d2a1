public import Kafka
public import Synchronization

/// Counts what the observer hears of producers' clients that died.
public final class TakeoverNotes: Sendable {
    public let lines = Mutex<[String]>([])

    public init() {}

    public var observer: KafkaObserver {
        KafkaObserver(log: { _, facility, text in
            if facility == KafkaObserver.takeover { self.lines.withLock { $0.append(text) } }
        })
    }
}
