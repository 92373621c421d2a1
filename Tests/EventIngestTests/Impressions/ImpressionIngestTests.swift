import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// Impressions from their publisher to their table.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ImpressionIngestTests {
    private static let topics = [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1, Topics.impressions: 2]

    private func impression(_ i: Int, user: String? = "u") -> Impression {
        Impression(
            impressionID: "answer/r\(i)/1", recommendationID: "r\(i)", userID: user, itemID: "i\(i)", position: i + 1,
            modelID: "m", scenario: i % 2 == 0 ? "home" : nil, propensity: i % 2 == 0 ? 0.5 : nil,
            at: Timestamp(seconds: 1_780_000_000 + Int64(i) * 86_400), source: Impression.answered)
    }

    private func configuration(_ store: EventStore, _ broker: EmbeddedBroker) -> IngestConfiguration {
        var configuration = IngestConfiguration(
            store: store, kafka: broker.properties,
            routes: [
                EventTable.route(),
                ImpressionTable.route(
                    duplicates: DuplicatePolicy(
                        store: store, table: .impressions, identifier: ImpressionColumn.impressionID)),
            ])
        configuration.untilEnd = true
        configuration.cluster = "test"
        return configuration
    }

    private func rows(_ store: EventStore) throws -> [[Value]] {
        var scan = try store.open(.impressions).snapshot().scan(columns: TableContract.impressions.schema.names)
        var rows: [[Value]] = []
        while let batch = try scan.next() {
            for row in 0..<batch.rowCount {
                rows.append(
                    zip(batch.columns, batch.schema.fields).map { $0.value(at: row, type: $1.type) })
            }
        }
        return rows.sorted { "\($0[0])" < "\($1[0])" }
    }

    @Test func whatIsPublishedIsStoredOnceWithEveryField() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let store = EventStore(folder: folder.path)
                let publisher = try KafkaEventPublisher(properties: broker.properties, timeout: 10)
                let shown = (0..<4).map { impression($0, user: $0 == 3 ? nil : "u") }
                try await publisher.publish(shown)
                _ = try await Ingester(configuration(store, broker)).run()
                // Sent again, as after a time-out: refused, also by the next ingester.
                try await publisher.publish(shown)
                let second = try await Ingester(configuration(store, broker)).run()
                #expect(second.rejected == ["duplicate-impression": 4])
                let rows = try rows(store)
                #expect(rows.count == 4)
                for (row, one) in zip(rows, shown) {
                    func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }
                    #expect(
                        Array(row[..<10]) == [
                            .string(one.impressionID), .string(one.recommendationID), text(one.userID),
                            .string(one.itemID), .int(Int64(one.position)), text(one.modelID), text(one.scenario),
                            one.propensity.map { .double($0) } ?? .null, .timestamp(one.at), .string(one.source),
                        ])
                    #expect(row[10] == .string(Topics.impressions) && row[14] == .date(one.at.date))
                }
                let snapshot = try store.open(.impressions).snapshot()
                let ends = (0..<2).compactMap { snapshot.transactions["kafka:test:impressions:\($0)"] }
                #expect(ends.reduce(0, +) == 8)
            }
        }
    }

    @Test func whatIsNoImpressionIsADeadLetterWithItsReason() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let store = EventStore(folder: folder.path)
                let good =
                    #"{"impression_id":"a","recommendation_id":"r","item_id":"i","position":1,"at":"2026-01-01T00:00:00Z"}"#
                try produce(
                    [good, "no JSON", good.replacing(":1,", with: ":0,"), good.replacing("\"i\"", with: "\"\"")],
                    key: "u", to: Topics.impressions, of: broker.properties)
                let progress = try await Ingester(configuration(store, broker)).run()
                #expect(progress.rejected == ["malformed-json": 1, "value-out-of-range": 1, "empty-id": 1])
                #expect(try rows(store).count == 1)
                var letters: [DeadLetter] = []
                try DeadLetters(store: store).forEach {
                    letters.append($0)
                    return true
                }
                #expect(letters.allSatisfy { $0.topic == Topics.impressions } && letters.count == 3)
                #expect(letters.contains { $0.reason == "value-out-of-range: position" })
            }
        }
    }

    /// A cluster of before there were impressions.
    @Test(arguments: [IngestConfiguration.Sharing.alone, .group])
    func aClusterWithoutTheTopicIsReadAndTheTopicWhenItIsThere(_ sharing: IngestConfiguration.Sharing) async throws {
        try await withTemporaryFolder { folder in
            var topics = Self.topics
            topics[Topics.impressions] = nil
            try await withMockBroker(topics: topics) { broker in
                broker.setTopic(Topics.impressions, isKnown: false)
                let store = EventStore(folder: folder.path)
                var configuration = configuration(store, broker)
                configuration.sharing = sharing
                let first = try await Ingester(configuration).run()
                #expect(first.partitions == 3)
                // The mock cluster made it, with as many partitions as it gives by default, when its error was set.
                broker.setTopic(Topics.impressions, isKnown: true)
                let consumer = try KafkaConsumer(properties: broker.properties, group: "look")
                let made = try #require(try consumer.partitionCount(of: Topics.impressions))
                let publisher = try KafkaEventPublisher(properties: broker.properties, timeout: 10)
                try await publisher.publish([impression(1)])
                let second = try await Ingester(configuration).run()
                #expect(second.partitions == 3 + made)
                #expect(second.rows == 1)
            }
        }
    }
}
