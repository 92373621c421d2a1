import Columnar
import Domain
import Foundation
import Kafka
import KafkaTestSupport
import Store
import Synchronization
import TestSupport
import Testing

@testable import EventIngest

/// An import that stores events which an ingester has in hand: judged before it, and committed after it.
@Suite(.serialized) struct ImportBesideIngestTests {
    private func events(_ range: Range<Int>) -> [Event] {
        range.map {
            Event(
                eventID: "e\($0)", userID: "u\($0 % 7)", itemID: "i\($0)", kind: .review, value: 4,
                at: Timestamp(seconds: 1_700_000_000 + Int64($0) * 60), source: "test")
        }
    }

    private func send(_ events: [Event], _ properties: KafkaProperties) throws {
        let producer = try KafkaProducer(properties: properties)
        for event in events {
            var bytes: [UInt8] = []
            EventEncoder.append(event, to: &bytes)
            try producer.send(bytes, key: "one", topic: event.kind.topic)
        }
        try producer.flush()
    }

    private func `import`(_ events: [Event], into store: EventStore, folder: URL) throws -> ImportSummary {
        let file = folder.appending(path: "export.csv")
        let lines = events.map { "\($0.eventID),\($0.userID),\($0.itemID),4,\($0.at.microseconds / 1_000_000)\n" }
        try Data(("id,u,i,v,t\n" + lines.joined()).utf8).write(to: file)
        var summary = ImportSummary()
        let map = try #require(ColumnMap("event=id,user=u,item=i,value=v,at=t"))
        try MappedCSV(path: file.path, map: map).store(in: store.open(.events), atOnce: 1000, into: &summary)
        return summary
    }

    private func strings(_ column: String, of contract: TableContract, in store: EventStore) throws -> [String] {
        var scan = try store.open(contract).snapshot().scan(columns: [column])
        var values: [String] = []
        while let batch = try scan.next() {
            let bytes = try #require(try batch.column(named: column).byteStrings)
            values += (0..<batch.rowCount).compactMap { bytes.string(at: $0) }
        }
        return values
    }

    @Test func eventsInHandThatAnImportStoresMeanwhileAreNotStoredAgain() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]) { broker in
                let store = EventStore(folder: folder.appending(path: "store").path)
                let policy = DuplicatePolicy(store: store)
                var configuration = IngestConfiguration(
                    store: store, kafka: broker.properties, routes: [EventTable.route(duplicates: policy)])
                // Half of it is worth a commit; nothing is stored for its age.
                configuration.commit = CommitPolicy(rows: 400, age: 3600)
                let seen = Mutex((messages: 0, repeated: 0))
                let hooks = Ingester.Hooks(onProgress: { progress in
                    seen.withLock { $0 = (progress.messages, progress.rejected["duplicate-event"] ?? 0) }
                })
                let ingester = Ingester(configuration, hooks: hooks)
                try send(events(0..<100), broker.properties)
                async let run = ingester.run()
                try await eventually("events are in hand") { seen.withLock(\.messages) >= 100 }
                #expect(try store.open(.events).snapshot().rowCount == 0)
                let imported = try `import`(events(50..<150), into: store, folder: folder)
                #expect(imported.addedEvents == 100)
                // With these it commits, finds half of what it judged first in the table, and judges all of it again.
                try send(events(100..<300), broker.properties)
                try await eventually("they are refused") { seen.withLock(\.repeated) >= 100 }
                ingester.stop()
                _ = try await run
                let ids = try strings(EventColumn.eventID, of: .events, in: store)
                #expect(ids.count == 300 && Set(ids) == Set(events(0..<300).map(\.eventID)), "\(ids.count)")
                let refused = try strings(DeadLetterColumn.reason, of: .deadLetters, in: store)
                #expect(refused == Array(repeating: "duplicate-event", count: 100))
                // Nothing is left over, and nothing is read again.
                configuration.untilEnd = true
                let after = try await Ingester(configuration).run()
                #expect(after.rows == 0 && after.rejectedCount == 0, "\(after)")
            }
        }
    }
}
