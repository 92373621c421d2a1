import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// What `marquee ingest` says about messages it cannot take or no longer get.
@Suite(.serialized) struct IngestRefusalTests {
    private let topics = [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1, Topics.movies: 1]

    private func event(_ i: Int, at: Timestamp = Timestamp(seconds: 1_780_000_000)) -> [UInt8] {
        var bytes: [UInt8] = []
        EventEncoder.append(
            Event(eventID: "e\(i)", userID: "u", itemID: "i", kind: .view, value: 0.5, at: at, source: "test"),
            to: &bytes)
        return bytes
    }

    private func identifiers(in store: String) throws -> [String] {
        var scan = try DeltaTable.open(at: "\(store)/\(TableContract.events.name)").snapshot().scan(columns: [
            "event_id"
        ])
        var found: [String] = []
        while let batch = try scan.next() {
            let column = try #require(try batch.column(named: "event_id").byteStrings)
            found += (0..<batch.rowCount).map { column.string(at: $0) ?? "" }
        }
        return found
    }

    /// A producer whose clock runs a day ahead.
    @Test func anEventOfTomorrowIsADeadLetter() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: topics) { broker in
                let store = folder.appending(path: "store").path
                let now = Int64(Date().timeIntervalSince1970)
                let producer = try KafkaProducer(properties: broker.properties)
                // Half an hour is within what clocks may differ by.
                for (i, ahead) in [0, 1800, 86_400].enumerated() {
                    try producer.send(event(i, at: Timestamp(seconds: now + Int64(ahead))), topic: Topics.views)
                }
                try producer.flush()
                let run = try await MarqueeProcess.run(
                    ["ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store, "--until-end"],
                    in: folder)
                #expect(run.status == 0, "\(run)")
                #expect(try identifiers(in: store).sorted() == ["e0", "e1"])
                var letters: [DeadLetter] = []
                try DeadLetters(store: EventStore(folder: store)).forEach {
                    letters.append($0)
                    return true
                }
                #expect(letters.map(\.reasonCode) == ["time-out-of-window"] && letters.map(\.offset) == [2])
                #expect(letters.map(\.payload) == [event(2, at: Timestamp(seconds: now + 86_400))])
            }
        }
    }

    /// The broker dropped messages that were never read: the run stops, and goes on behind the hole when told to.
    @Test func lostMessagesStopTheRunUnlessItIsToldToContinue() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: topics) { broker in
                let store = folder.appending(path: "store").path
                let arguments = [
                    "ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store, "--until-end",
                ]
                let producer = try KafkaProducer(
                    properties: broker.properties.merging(KafkaProperties(["compression.type": "none"])))
                for i in 0..<10 { try producer.send(event(i), topic: Topics.views) }
                try producer.flush()
                let first = try await MarqueeProcess.run(arguments, in: folder)
                #expect(first.status == 0, "\(first)")
                // More than the embedded broker keeps.
                let filler = [UInt8](repeating: 0x20, count: 10_000)
                for i in 10..<1200 { try producer.send(event(i) + filler, topic: Topics.views) }
                try producer.flush()
                let refused = try await MarqueeProcess.run(arguments, in: folder)
                #expect(refused.status == 65 && refused.errors.contains("--on-data-loss"), "\(refused)")
                #expect(try identifiers(in: store).count == 10)

                let last = try await MarqueeProcess.run(arguments + ["--on-data-loss", "continue"], in: folder)
                #expect(last.status == 0 && last.errors.contains("lost at the broker"), "\(last)")
                let found = try identifiers(in: store).compactMap { Int($0.dropFirst()) }.sorted()
                let oldest = try #require(found.first { $0 >= 10 })
                #expect(oldest > 10 && found == Array(0..<10) + Array(oldest..<1200))
            }
        }
    }
}
