import Domain
import Foundation
import Kafka

/// The ends of partitions, with what open transactions hold back, asked for on a thread of its own: only a client that reads
/// uncommitted messages is told them, and a client takes as long to make as some hundred thousand messages to read.
///
/// Sendable unchecked: `found` is touched only under `condition`.
final class UncommittedEnds: @unchecked Sendable {
    private let condition = NSCondition()
    private var found: [TopicPartition: Int64]?
    /// Seconds; who is not answered in time is taken to hold nothing back.
    private static let patience = 5.0

    /// Begins to ask.
    init(of places: [TopicPartition], _ configuration: IngestConfiguration, _ observer: KafkaObserver) {
        let properties = configuration.kafka.merging(KafkaProperties(["isolation.level": "read_uncommitted"]))
        let group = configuration.group
        SystemThread.start("ingest-ends") { [self] in
            let ends = try? KafkaConsumer(
                properties: properties, group: group, observer: KafkaObserver(log: observer.log)
            ).knownWatermarks(of: places, timeout: Self.patience)
            condition.withLock {
                found = ends?.mapValues(\.upperBound) ?? [:]
                condition.broadcast()
            }
        }
    }

    /// What the brokers said, for which this waits.
    func ends() -> [TopicPartition: Int64] {
        condition.withLock {
            let limit = Date(timeIntervalSinceNow: Self.patience)
            while found == nil, condition.wait(until: limit) {}
            return found ?? [:]
        }
    }
}
