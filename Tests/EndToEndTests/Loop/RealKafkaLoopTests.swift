import Domain
import Foundation
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

/// `serve` and `ingest` beside a real Kafka.
@Suite(.enabled(if: KafkaServer.isAvailable, "there is no ../shared/servers/kafka beside the checkout"))
struct RealKafkaLoopTests {
    @Test func aTombstoneTakesItsFilmOutOfEveryList() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = try await Loop.trained(in: folder)

            try await KafkaServer.with { kafka in
                let consumer = try KafkaConsumer(properties: kafka.properties, group: "setup")
                try consumer.create(topics: Topics.events + [Topics.movies], partitions: 1)
                let kafkaOptions = ["--bootstrap-servers", kafka.bootstrapServers]
                let server = try MarqueeProcess(
                    ["serve", "--models", models, "--store", data, "--port", "0"] + kafkaOptions, in: folder)
                let client = Client(try await server.line(after: "serving on "))
                defer { client.close() }

                let gone = try #require(try await client.items("/v1/items/popular?n=1").first)
                let producer = try KafkaProducer(properties: kafka.properties)
                try Array(gone.utf8).withUnsafeBytes {
                    try producer.send(
                        UnsafeRawBufferPointer(start: nil, count: 0), key: $0, topic: Topics.movies)
                }
                try producer.flush()
                try await Loop.run(["ingest", "--store", data, "--until-end"] + kafkaOptions, in: folder)
                try await eventually("the film is in no list") {
                    try await !client.items("/v1/items/popular?n=100").contains(gone)
                }
                for path in ["/v1/users/u1/recommendations?n=500", "/v1/items/f0100/similar?n=500"] {
                    #expect(try await !client.items(path).contains(gone), "\(path)")
                }
                #expect(try await client.object("/v1/items/\(gone)")["in_catalogue"] as? Bool == false)

                server.signal(SIGINT)
                #expect(try await server.result().status == 0)
            }
        }
    }
}
