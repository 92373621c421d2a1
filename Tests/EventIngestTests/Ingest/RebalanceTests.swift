import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Synchronization
import TestSupport
import Testing

/// What a change of the group's members must not do to what is being read.
@Suite(.serialized) struct RebalanceTests {
    /// The partition stays with the first member while others come and go; it must be read without a hole.
    @Test func aPartitionThatStaysIsReadWithoutAHole() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let properties = broker.properties.merging(
                KafkaProperties(["session.timeout.ms": "6000", "heartbeat.interval.ms": "200"]))
            let reader = Reader(properties)
            try await eventually("the first member reads") { reader.offsets.count > 100 }
            for round in 1...Effort.rounds(1, nightly: 30) {
                let before = reader.rebalances
                let other = try KafkaConsumer(properties: properties, group: "readers")
                try other.subscribe(["films"])
                try await eventually("member \(round) has joined", patience: .seconds(30)) {
                    other.poll(timeout: 0.01) { _ in }
                    if other.pendingRebalance != nil { try other.answerRebalance(offsets: [:]) }
                    return reader.rebalances > before
                }
                other.close()
            }
            let target = reader.offsets.count + 200
            try await eventually("reading goes on") { reader.offsets.count > target }
            try await reader.finish()
            let offsets = reader.offsets
            let holes = zip(offsets, offsets.dropFirst()).filter { $1 != $0 + 1 }
            #expect(offsets.first == 0 && holes.isEmpty, "\(offsets.count) read, holes at \(holes.prefix(5))")
        }
    }
}

/// A member of the group `readers` of the topic `films`, with long polls, and a producer that keeps it busy.
private final class Reader: Sendable {
    private let read = Mutex<[Int64]>([])
    private let answered = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let failure = Mutex<(any Error)?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ properties: KafkaProperties) {
        Thread.detachNewThread { [self] in
            do { try follow(properties) } catch { failure.withLock { $0 = error } }
            done.signal()
        }
        Thread.detachNewThread { [self] in
            do { try send(properties) } catch { failure.withLock { $0 = error } }
        }
    }

    /// The offsets read, in the order in which they came.
    var offsets: [Int64] { read.withLock { $0 } }
    var rebalances: Int { answered.load(ordering: .relaxed) }

    private func follow(_ properties: KafkaProperties) throws {
        let consumer = try KafkaConsumer(properties: properties, group: "readers")
        try consumer.subscribe(["films"])
        var next: Int64 = 0
        while !isStopped.load(ordering: .acquiring) {
            consumer.poll(timeout: 0.5) { arrival in
                guard case .messages(let messages) = arrival else { return }
                for i in 0..<messages.count where messages[i].offset >= next {
                    next = messages[i].offset + 1
                    read.withLock { $0.append(next - 1) }
                }
            }
            while consumer.pendingRebalance != nil {
                try consumer.answerRebalance(offsets: [TopicPartition("films", 0): next])
                answered.wrappingAdd(1, ordering: .relaxed)
            }
        }
    }

    private func send(_ properties: KafkaProperties) throws {
        let producer = try KafkaProducer(properties: properties.merging(KafkaProperties(["linger.ms": "1"])))
        while !isStopped.load(ordering: .acquiring) {
            for _ in 0..<5 { try producer.send(Array("x".utf8), topic: "films") }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    func finish() async throws {
        isStopped.store(true, ordering: .releasing)
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                done.wait()
                continuation.resume()
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
