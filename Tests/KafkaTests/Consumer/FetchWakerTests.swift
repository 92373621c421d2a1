import Domain
import KafkaTestSupport
import TestSupport
import Testing

@testable import Kafka

@Suite struct FetchWakerTests {
    /// A queue of 64 KiB, filled by batches of 100 messages and read 20 at a time: librdkafka, which finds it full, is told when
    /// it is not any more, and every message comes once and in order.
    @Test func aQueueThatWasFullIsFilledAgain() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let texts = (0..<3000).map { "\($0) " + String(repeating: "x", count: 150) }
            let small = broker.properties.merging(KafkaProperties(["batch.num.messages": "100"]))
            try produce(texts, to: "films", of: small)
            let tight = broker.properties.merging(KafkaProperties(["queued.max.messages.kbytes": "64"]))
            let consumer = try KafkaConsumer(properties: tight, group: "wakes", batch: 20)
            try consumer.assign([TopicPartition("films", 0): 0])
            var found: [String] = []
            while found.count < texts.count {
                consumer.poll(timeout: 5) { arrival in
                    guard case .messages(let messages) = arrival else { return }
                    for i in 0..<messages.count {
                        found.append(String(decoding: messages.payload(at: i), as: UTF8.self))
                    }
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(found == texts)
            #expect(consumer.wakes > 0)
        }
    }

    @Test func anEmptyQueueAsksNobody() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let consumer = try KafkaConsumer(properties: broker.properties, group: "sleeps")
            try consumer.assign([TopicPartition("films", 0): 0])
            for round in 0..<20 {
                try produce(["\(round)"], to: "films", of: broker.properties)
                consumer.poll(timeout: 0.05) { _ in }
            }
            #expect(consumer.wakes == 0)
        }
    }
}
