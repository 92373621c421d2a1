import Domain
import KafkaTestSupport
import TestSupport
import Testing

@testable import Kafka

@Suite struct RangeReaderTests {
    /// A broker may give one batch a fetch, and a batch may be one message: librdkafka must not rest between them.
    @Test func manySmallBatchesAreReadInTime() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let small = broker.properties.merging(KafkaProperties(["batch.num.messages": "1"]))
            try produce((0..<80).map { "film \($0)" }, to: "films", of: small)
            let place = TopicPartition("films", 0)
            let reader = try RangeReader.consumer(
                properties: broker.properties, group: "ranges", observer: KafkaObserver())
            defer { reader.close() }
            var found: [String] = []
            // Of a second for each message nothing would be left.
            let left = try RangeReader.read([place: 10..<74], with: reader, timeout: 30) { messages in
                found += (0..<messages.count).map { String(decoding: messages.payload(at: $0), as: UTF8.self) }
            }
            #expect(left == nil)
            #expect(found == (10..<74).map { "film \($0)" })
        }
    }
}
