import Domain
import EventIngest
import Kafka
import KafkaTestSupport
import Operations
import Store
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct IngestMetricsTests {
    /// The value of a sample in Prometheus' text form, by its name and labels as they are printed.
    private func sample(_ name: String, in metrics: Metrics) -> Double? {
        metrics.text().split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    @Test func aRunShowsWhatItReadStoredAndRefused() async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            var payloadBytes = 0
            let texts = (0..<300).map { i in
                var bytes: [UInt8] = []
                EventEncoder.append(
                    Event(
                        eventID: "e\(i)", userID: "u", itemID: "i", kind: .view, value: 1,
                        at: Timestamp(seconds: 1_780_000_000), source: "test"), to: &bytes)
                payloadBytes += bytes.count
                return String(decoding: bytes, as: UTF8.self)
            }
            try produce(texts + ["{", "{}"], to: Topics.views, of: broker.properties)
            let metrics = Metrics()
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.untilEnd = true
            let before = sample("marquee_ingest_lag", in: metrics)
            _ = try await Ingester(
                configuration, hooks: .init(metrics: metrics), openSink: { store.sink($0) }
            ).run()
            #expect(before == nil)
            #expect(sample("marquee_ingest_messages_total", in: metrics) == 302)
            #expect(sample("marquee_ingest_bytes_total", in: metrics) == Double(payloadBytes + 3))
            #expect(sample("marquee_ingest_rows_total{table=\"events\"}", in: metrics) == 300)
            #expect(sample("marquee_ingest_rows_total{table=\"dead_letters\"}", in: metrics) == 2)
            #expect(sample("marquee_ingest_rejected_total{reason=\"malformed-json\"}", in: metrics) == 1)
            #expect(sample("marquee_ingest_rejected_total{reason=\"missing-field\"}", in: metrics) == 1)
            #expect(sample("marquee_ingest_commit_seconds_count{table=\"events\"}", in: metrics) == 1)
            #expect(sample("marquee_ingest_delay_seconds_count", in: metrics) == 1)
            #expect(sample("marquee_ingest_partitions", in: metrics) == 3)
            #expect(sample("marquee_ingest_lag", in: metrics) == 0)
            #expect(sample("marquee_ingest_partition_lag{partition=\"0\",topic=\"movie-views\"}", in: metrics) == 0)
        }
    }

    @Test func librdkafkasStatisticsBecomeGauges() async throws {
        try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
            let metrics = Metrics()
            let store = MemoryStore()
            var configuration = IngestConfiguration(
                store: EventStore(folder: ""), kafka: broker.properties, routes: [EventTable.route()])
            configuration.kafka["statistics.interval.ms"] = "100"
            let ingester = Ingester(configuration, hooks: .init(metrics: metrics), openSink: { store.sink($0) })
            async let run = ingester.run()
            try await eventually("the statistics are shown") {
                sample("marquee_kafka_broker_up{broker=\"1\",client=\"ingest\"}", in: metrics) == 1
            }
            #expect(sample("marquee_kafka_received_bytes{client=\"ingest\"}", in: metrics) ?? 0 > 0)
            #expect(sample("marquee_kafka_queue_messages{client=\"ingest\"}", in: metrics) == 0)
            #expect(sample("marquee_kafka_broker_rtt_seconds{broker=\"1\",client=\"ingest\"}", in: metrics) != nil)
            ingester.stop()
            _ = try await run
        }
    }
}
