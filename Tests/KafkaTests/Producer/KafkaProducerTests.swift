import Domain
import Foundation
import Kafka
import KafkaTestSupport
import Operations
import TestSupport
import Testing

@Suite struct KafkaProducerTests {
    @Test func messagesComeBackAsTheyWereSent() async throws {
        try await withMockBroker(topics: ["films": 2]) { broker in
            let texts = (0..<500).map { "message \($0)" }
            try produce(texts, to: "films", of: broker.properties)
            let found = try contents(of: "films", at: broker.properties)
            #expect(found.values.flatMap { $0 }.sorted() == texts.sorted())
            #expect(found.keys.allSatisfy { $0.partition < 2 })
        }
    }

    @Test func aKeyAlwaysMeetsTheSamePartition() async throws {
        try await withMockBroker(topics: ["films": 4]) { broker in
            try produce((0..<100).map(String.init), key: "user-7", to: "films", of: broker.properties)
            #expect(try contents(of: "films", at: broker.properties).count == 1)
        }
    }

    /// A broker that has just started says that it does not know a topic which was there before.
    @Test func aTopicThatWasThereIsWaitedFor() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let producer = try KafkaProducer(
                properties: broker.properties.merging(
                    KafkaProperties([
                        "topic.metadata.refresh.interval.ms": "200", "topic.metadata.propagation.max.ms": "100",
                    ])))
            try producer.send(bytes("before"), topic: "films")
            try producer.flush()
            broker.setTopic("films", isKnown: false)
            // Until librdkafka believes it, messages are taken: this one tells when.
            let told = ContinuousClock.now + .seconds(20)
            var isRefused = false
            while !isRefused, ContinuousClock.now < told {
                try await Task.sleep(for: .milliseconds(100))
                do {
                    try bytes("probe").withUnsafeBytes { try producer.send($0, topic: "films", patience: 0) }
                    try producer.flush()
                } catch { isRefused = true }
            }
            #expect(isRefused)
            let sent = Task.detached {
                try await BlockingWork.run("send") { _ in try producer.send(bytes("after"), topic: "films") }
            }
            try await Task.sleep(for: .milliseconds(700))
            broker.setTopic("films", isKnown: true)
            try await sent.value
            try producer.flush()
            let found = try contents(of: "films", at: broker.properties).values.flatMap { $0 }
            #expect(found.filter { $0 == "after" }.count == 1 && found.contains("before"), "\(found)")
        }
    }

    @Test func aWrongPropertyIsNamed() {
        #expect {
            _ = try KafkaProducer(properties: KafkaProperties(["no.such.thing": "1"]))
        } throws: { error in
            guard case KafkaError.unknownProperty(let name, _) = error else { return false }
            return name == "no.such.thing"
        }
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
