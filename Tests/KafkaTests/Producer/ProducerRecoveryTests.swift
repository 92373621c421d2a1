import Domain
import Foundation
import KafkaTestSupport
import Operations
import Synchronization
import TestSupport
import Testing

@testable import Kafka

/// A fatal error of librdkafka ends a client, but no producer.
@Suite struct ProducerRecoveryTests {
    private final class Sent: Sendable {
        let count = Atomic<Int>(0)
        let isEnough = Atomic<Bool>(false)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func whatADeadClientLeftArrivesOnceAndInOrder() async throws {
        try await withMockBroker(topics: ["films": 4, "views": 1]) { broker in
            let notes = TakeoverNotes()
            let producer = try KafkaProducer(properties: broker.properties, observer: notes.observer)
            func send(_ range: Range<Int>) throws {
                for i in range { try producer.send(bytes("\(i)"), key: "user-\(i % 5)", topic: "films") }
                var batch = MessageBatch()
                for i in range { batch.append(key: bytes("u")) { $0 += bytes("\(i)") } }
                try producer.send(batch, topic: "views")
            }
            try send(0..<100)
            try producer.flush()
            broker.setBroker(1, isUp: false)
            try send(100..<1000)
            producer.raiseFatalError("first")
            try send(1000..<2000)
            #expect(producer.counts.delivered <= 200 && producer.counts.queued >= 3800, "\(producer.counts)")
            producer.raiseFatalError("second")
            try send(2000..<2100)
            broker.setBroker(1, isUp: true)
            try producer.flush()
            // The 1,800 of the first death, and all since.
            #expect(
                producer.counts
                    == .init(delivered: 4200, failed: 0, queued: 0, firstFailure: nil, sentAgain: 1800 + 3800))
            let found = try contents(of: "films", at: broker.properties)
            #expect(found.values.flatMap { $0 }.compactMap { Int($0) }.sorted() == Array(0..<2100))
            for texts in found.values {
                for user in 0..<5 {
                    let own = texts.compactMap { Int($0) }.filter { $0 % 5 == user }
                    #expect(own == own.sorted(), "user-\(user)")
                }
            }
            let views = try contents(of: "views", at: broker.properties).values.flatMap { $0 }
            #expect(views == (0..<2100).map(String.init))
            let lines = notes.lines.withLock { $0 }
            #expect(lines.count == 2 && lines[0].contains("first") && lines[1].contains("second"), "\(lines)")
        }
    }

    @Test func aMessageIsSentAgainAsItWas() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            broker.setBroker(1, isUp: false)
            let producer = try KafkaProducer(properties: broker.properties)
            let headers = [("reason", bytes("none")), ("empty", [])]
            try bytes("payload").withUnsafeBytes { payload in
                try bytes("key").withUnsafeBytes { key in
                    try producer.send(payload, key: key, topic: "films", timestamp: 1_700_000_000_123, headers: headers)
                }
                try producer.send(payload, key: nil, topic: "films")
            }
            let before = Int64(Date().timeIntervalSince1970 * 1000)
            try await Task.sleep(for: .milliseconds(50))
            producer.raiseFatalError("once")
            broker.setBroker(1, isUp: true)
            try producer.flush()
            let consumer = try KafkaConsumer(properties: broker.properties, group: "g")
            try consumer.assign([TopicPartition("films", 0): 0])
            var seen = 0
            while seen < 2 {
                consumer.poll(timeout: 0.2) { arrival in
                    guard case .messages(let messages) = arrival else { return }
                    for i in 0..<messages.count {
                        let message = messages[i]
                        #expect(Array(message.payload) == bytes("payload"))
                        if seen == 0 {
                            #expect(Array(message.key) == bytes("key"))
                            #expect(message.timestamp == 1_700_000_000_123)
                            #expect(messages.headers(at: i).elementsEqual(headers, by: ==))
                        } else {
                            #expect(message.key.baseAddress == nil)
                            // When it was sent first.
                            #expect(message.timestamp <= before && message.timestamp > before - 60_000)
                        }
                        seen += 1
                    }
                }
            }
        }
    }

    @Test func whoeverWaitsForRoomGoesOnWithTheNextClient() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let producer = try KafkaProducer(
                properties: broker.properties.merging(KafkaProperties(["queue.buffering.max.messages": "50"])))
            try producer.send(bytes("first"), topic: "films")
            try producer.flush()
            broker.setBroker(1, isUp: false)
            let sender = Task.detached {
                try await BlockingWork.run("send") { _ in
                    for i in 0..<200 { try producer.send(Array("\(i)".utf8), topic: "films") }
                    var batch = MessageBatch()
                    for i in 200..<400 { batch.append(key: [1]) { $0 += Array("\(i)".utf8) } }
                    try producer.send(batch, topic: "films")
                }
            }
            try await eventually("the queue is full") { producer.counts.queued >= 50 }
            producer.raiseFatalError("while someone waits")
            broker.setBroker(1, isUp: true)
            try await eventually("it goes on") { producer.counts.delivered > 250 }
            producer.raiseFatalError("perhaps while a batch waits")
            try await sender.value
            try producer.flush()
            let found = try contents(of: "films", at: broker.properties).values.flatMap { $0 }
            #expect(Set(found) == Set(["first"] + (0..<400).map(String.init)))
        }
    }

    @Test func threadsThatSendMeetTheNextClient() async throws {
        try await withMockBroker(topics: ["films": 3]) { broker in
            let producer = try KafkaProducer(
                properties: broker.properties.merging(KafkaProperties(["linger.ms": "1"])))
            let sent = Sent()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for thread in 0..<3 {
                    group.addTask {
                        try await BlockingWork.run("send") { _ in
                            var i = 0
                            while !sent.isEnough.load(ordering: .relaxed) {
                                try producer.send(Array("\(thread)-\(i)".utf8), topic: "films")
                                sent.count.add(1, ordering: .relaxed)
                                i += 1
                                if i % 20 == 0 { Thread.sleep(forTimeInterval: 0.002) }
                            }
                        }
                    }
                }
                for death in 0..<6 {
                    let delivered = producer.counts.delivered
                    // Only of a client that delivered something: a producer that sees no success gives up.
                    try await eventually("it delivers") { producer.counts.delivered > delivered + 100 }
                    producer.raiseFatalError("death \(death)")
                }
                sent.isEnough.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
            try producer.flush()
            let count = sent.count.load(ordering: .relaxed)
            let counts = producer.counts
            #expect(counts.delivered == count && counts.failed == 0 && counts.queued == 0)
            let found = try contents(of: "films", at: broker.properties).values.flatMap { $0 }
            #expect(Set(found).count == count && found.count <= count + counts.sentAgain)
        }
    }

    @Test func aReportIsGivenOnceAndReleased() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let producer = try KafkaProducer(
                properties: broker.properties.merging(KafkaProperties(["delivery.report.only.error": "false"])))
            weak var released: Delivery?
            do {
                let delivery = Delivery(messages: 500)
                released = delivery
                broker.fail(.produce, with: [.outOfOrderSequence])
                for i in 0..<500 {
                    try bytes("\(i)").withUnsafeBytes {
                        try producer.send(
                            $0, key: nil, topic: "films", timestamp: 0, headers: [], patience: 60, delivery)
                    }
                }
                #expect(await delivery.outcome(within: 60)?.failed == 0)
            }
            try producer.flush()
            try await eventually("nobody holds the report any more") { released == nil }
        }
    }

    @Test(arguments: [false, true])
    func whereNoClientDeliversAnythingItEnds(laterOn: Bool) async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let notes = TakeoverNotes()
            var limits = ProducerSuccession.Limits()
            if laterOn { limits.rest = .zero }
            let producer = try KafkaProducer(properties: broker.properties, observer: notes.observer, limits: limits)
            broker.fail(.produce, with: Array(repeating: .outOfOrderSequence, count: 3))
            try producer.send(bytes("lost"), topic: "films")
            try await eventually("it gives up") { producer.counts.failed == 1 }
            #expect(producer.counts.queued == 0 && producer.counts.delivered == 0)
            #expect(notes.lines.withLock { $0.count } == 3)
            if laterOn {
                try producer.send(bytes("found"), topic: "films")
                try await eventually("it is delivered") { producer.counts.delivered == 1 }
                #expect(try contents(of: "films", at: broker.properties).values.flatMap { $0 } == ["found"])
            } else {
                for attempt in [{ try producer.send(bytes("more"), topic: "films") }, { try producer.flush() }] {
                    #expect {
                        try attempt()
                    } throws: { error in
                        guard case KafkaError.producerLost(3, _) = error else { return false }
                        return true
                    }
                }
            }
        }
    }

    @Test func aProducerThatGoesTellsWhoeverWaits() async throws {
        let delivery = Delivery(messages: 1)
        do {
            let producer = try KafkaProducer(
                properties: KafkaProperties(bootstrapServers: "127.0.0.1:1", ["delivery.report.only.error": "false"]))
            try bytes("lost").withUnsafeBytes {
                try producer.send($0, key: nil, topic: "films", timestamp: 0, headers: [], patience: 60, delivery)
            }
        }
        #expect(await delivery.outcome(within: 60)?.failed == 1)
    }
}
