import Domain
import EventIngest
import Foundation
public import Kafka
import Synchronization
import TestSupport

/// A producer that keeps sending events, and now and then a message that is none, until it is told to stop. It runs on a
/// thread of its own and outlives the broker's absence.
public final class SteadyTraffic: Sendable {
    /// What was sent: events `e0…` and messages `bad 0…`.
    public struct Sent: Sendable, Equatable {
        public var events = 0
        public var bad = 0
        /// As many messages may lie in Kafka twice, because the producer's client died: see ``KafkaProducer``. Known at the end.
        public var again = 0
    }

    private let isStopped = Atomic<Bool>(false)
    private let sent = Mutex(Sent())
    private let failure = Mutex<(any Error)?>(nil)
    private let done = DispatchSemaphore(value: 0)

    /// Begins to send to the topics of events, `rate` a second, spread over three days so that a commit writes several
    /// partitions of the table.
    public init(to properties: KafkaProperties, rate: Int = 1000, seed: UInt64 = 11) {
        Thread.detachNewThread { [self] in
            do { try send(properties, rate, SeededGenerator(seed: seed)) } catch { failure.withLock { $0 = error } }
            done.signal()
        }
    }

    private func send(_ properties: KafkaProperties, _ rate: Int, _ seeded: SeededGenerator) throws {
        var random = seeded
        let producer = try KafkaProducer(
            properties: KafkaProperties([
                "linger.ms": "5", "reconnect.backoff.max.ms": "500", "topic.metadata.refresh.interval.ms": "1000",
                // With more than one, librdkafka before 2.4 can lose count of a broker that was away, and its client dies.
                // Rarely it still does: a broker that was frozen believes for a moment that it leads as before.
                "max.in.flight.requests.per.connection": "1",
            ]).merging(properties))
        let batch = max(1, rate / 50)
        while !isStopped.load(ordering: .acquiring) {
            for _ in 0..<batch {
                let (events, bad) = sent.withLock { ($0.events, $0.bad) }
                let user = "u\(events % 37)"
                let topic = EventKind.allCases[events % 3].topic
                try producer.send(Self.event(events, &random), key: user, topic: topic)
                sent.withLock { $0.events += 1 }
                if events % 50 == 0 {
                    try producer.send(Array("bad \(bad)".utf8), key: user, topic: topic)
                    sent.withLock { $0.bad += 1 }
                }
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        try producer.flush(timeout: 120)
        sent.withLock { $0.again = producer.counts.sentAgain }
    }

    private static func event(_ i: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        let at = Timestamp(seconds: 1_780_000_000 + Int64(random.below(3 * 86_400)))
        EventEncoder.append(
            Event(
                eventID: "e\(i)", userID: "u\(i % 37)", itemID: "i\(i % 11)", kind: EventKind.allCases[i % 3], value: 1,
                at: at, source: "test"), to: &bytes)
        return bytes
    }

    /// Whether it gave up, so that what waits for its events waits in vain.
    public var hasFailed: Bool { failure.withLock { $0 } != nil }

    /// - Throws: what made it give up.
    public func check() throws { if let error = failure.withLock({ $0 }) { throw error } }

    /// What was handed to the producer up to now.
    public var soFar: Sent { sent.withLock { $0 } }

    /// Stops, and waits until everything is acknowledged.
    /// - Throws: what kept a message from being delivered.
    public func finish() async throws -> Sent {
        isStopped.store(true, ordering: .releasing)
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                done.wait()
                continuation.resume()
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return sent.withLock { $0 }
    }
}
