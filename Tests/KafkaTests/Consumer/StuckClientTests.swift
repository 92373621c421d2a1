import CRdKafka
import Foundation
import KafkaTestSupport
import Synchronization
import TestSupport
import Testing

@testable import Kafka

@Suite struct StuckClientTests {
    /// librdkafka 2.0.2 may wait for ever for a topic that was deleted.
    @Test func aClientThatDoesNotEndIsLeftBehindAndSaidSo() async throws {
        try await withMockBroker { broker in
            let notes = Mutex<[String]>([])
            let observer = KafkaObserver(log: { _, facility, text in
                if facility == KafkaObserver.abandoned { notes.withLock { $0.append(text) } }
            })
            let client = try KafkaClient(RD_KAFKA_CONSUMER, broker.properties, observer: observer)
            let isStuck = DispatchSemaphore(value: 0)
            // Would hang here for ever without a bound.
            #expect(!KafkaClient.finish("close", client.handle, client.context) { _ in isStuck.wait() })
            #expect(
                notes.withLock { $0.count } == 1 && notes.withLock { $0[0].contains("did not close within 8 seconds") })
            #expect(KafkaClient.finish("close", client.handle, client.context) { _ in })
            #expect(notes.withLock { $0.count } == 1)
            isStuck.signal()
        }
    }
}
