import Foundation
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@Suite struct EmbeddedBrokerTests {
    @Test func theEmbeddedBrokerWritesAndRemovesItsBootstrapFile() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "bootstrap").path
            var broker: EmbeddedBroker? = try EmbeddedBroker(bootstrapFile: file)
            let properties = try KafkaProperties(contentsOfFile: file)
            #expect(properties.bootstrapServers == broker?.bootstrapServers)
            broker = nil
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func aBootstrapFileThatCannotBeWrittenIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "missing/bootstrap").path
            #expect {
                _ = try EmbeddedBroker(bootstrapFile: file)
            } throws: { error in
                guard let error = error as? KafkaError else { return false }
                return error.code == "setting-invalid"
                    && error.message == "--bootstrap-file \(file) is not usable: cannot write there."
            }
        }
    }

    /// A broker with a port is started again under a producer that runs on.
    @Test func clientsFindABrokerThatIsStartedAgain() async throws {
        var broker: EmbeddedBroker? = try EmbeddedBroker()
        // A port that was free a moment ago.
        let port = try #require(broker?.bootstrapServers.split(separator: ":").last.flatMap { Int($0) })
        broker = nil
        broker = try EmbeddedBroker(port: port)
        #expect(broker?.bootstrapServers == "127.0.0.1:\(port)")
        let properties = KafkaProperties([
            "bootstrap.servers": "127.0.0.1:\(port)", "reconnect.backoff.max.ms": "200",
            "topic.metadata.refresh.interval.ms": "500",
        ])
        let producer = try KafkaProducer(properties: properties)
        try producer.send(Array("one".utf8), key: "k", topic: "t")
        try producer.flush()
        #expect(producer.counts.delivered == 1)
        #expect(throws: KafkaError.self) { _ = try EmbeddedBroker(port: port) }
        broker = nil
        broker = try EmbeddedBroker(port: port)
        try await eventually("the new broker has its topic") {
            let consumer = try KafkaConsumer(properties: properties, group: "g")
            return try consumer.partitions(of: ["t"]).count > 0
        }
        try producer.send(Array("two".utf8), key: "k", topic: "t")
        try producer.flush()
        #expect(producer.counts.delivered == 2)
        withExtendedLifetime(broker) {}
    }
}
