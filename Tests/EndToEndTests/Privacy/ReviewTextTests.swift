import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// The words of reviews reach no file of a store unless somebody asks for them, also not those of refused messages.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReviewTextTests {
    private static let canary = "zebra-striped words"
    private static let topics = [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1]

    private func review(_ id: String, _ value: Double = 4) -> [UInt8] {
        Array(
            """
            {"event_id":"\(id)","user_id":"u","item_id":"i","kind":"review","value":\(value),\
            "review_text":"\(Self.canary) ü","at":"2026-10-20T12:00:00Z"}
            """.utf8)
    }

    private func files(below folder: URL) -> [Data] {
        (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? [])
            .compactMap { try? Data(contentsOf: folder.appending(path: $0)) }
    }

    @Test func wordsAreInNoFileOfTheStoreUnlessAskedFor() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let producer = try KafkaProducer(properties: broker.properties)
                // Stored, twice the same, out of range, and cut in the middle of the words.
                for message in [review("e1"), review("e1"), review("e2", 9), Array(review("e3")[..<110])] {
                    try producer.send(message, key: "u", topic: Topics.reviews)
                }
                try producer.flush()
                let csv = folder.appending(path: "reviews.csv")
                try Data("u,i,4,2026-10-21,\(Self.canary) again\n".utf8).write(to: csv)
                let map = ["--no-header", "--map", "user=1,item=2,value=3,at=4,text=5"]
                for keeps in [false, true] {
                    let store = folder.appending(path: keeps ? "with" : "without")
                    let flag = keeps ? ["--keep-text"] : []
                    let kafka = ["--bootstrap-servers", broker.bootstrapServers]
                    let place = ["--store", store.path]
                    let first = try await Loop.run(["ingest", "--until-end"] + kafka + place + flag, in: folder)
                    #expect(first.contains("3 dead letters"), "\(first)")
                    try await Loop.run(["import", "csv", csv.path] + map + place + flag, in: folder)
                    // What was stored is recognised, in whichever form.
                    for other in [[], ["--keep-text"]] {
                        let again = try await Loop.run(["ingest", "--until-end"] + kafka + place + other, in: folder)
                        #expect(again.contains("stored 0 rows"), "\(again)")
                    }
                    let rows = try await StoredEvent.rows(of: "events", in: store.path, folder)
                    #expect(rows.compactMap { $0["review_language"] as? String } == ["und-Latn", "und-Latn"])
                    #expect(Set(rows.compactMap { $0["review_length"] as? Int }) == [21, 25])
                    #expect(rows.compactMap { $0["review_text"] as? String }.count == (keeps ? 2 : 0))
                    let letters = try await StoredEvent.rows(of: "dead_letters", in: store.path, folder)
                    #expect(letters.count == 3)
                    let payloads = try DeadLetterTexts.all(in: store.path)
                    #expect(payloads.contains { $0.contains(Self.canary) } == keeps)
                    #expect(payloads.allSatisfy { $0.contains("\"event_id\":\"e") })
                    let models = folder.appending(path: "models")
                    try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
                    // Not packed, so that every byte can be looked at.
                    let report = try await MarqueeProcess.run(
                        ["privacy", "verify", Self.canary] + place + ["--models", models.path], in: folder)
                    #expect(report.status == (keeps ? 65 : 0), "\(report.output)\(report.errors)")
                    if !keeps {
                        #expect(files(below: store).allSatisfy { $0.range(of: Data("zebra".utf8)) == nil })
                    }
                }
            }
        }
    }

    /// A table of before has the words and lacks the columns: it is read, and gets them with its next writer.
    @Test func tablesOfBeforeStayReadable() async throws {
        try await withTemporaryFolder { folder in
            let store = folder.appending(path: "data").path
            let old = Schema(TableContract.events.schema.fields.filter { !$0.name.hasPrefix("review_l") })
            let whole = try EventTable.batch(
                [
                    Event(
                        eventID: "old", userID: "u", itemID: "i", kind: .review, value: 4, reviewText: Self.canary,
                        at: Timestamp(seconds: 1_790_000_000), source: "test")
                ], ingestedAt: .now, keepingText: true)
            _ = try DeltaTable.openOrCreate(
                at: "\(store)/events", schema: old, configuration: TableContract.events.properties
            ).append([RecordBatch(schema: old, columns: Array(whole.columns.prefix(old.fields.count)))])
            #expect(try await StoredEvent.all(in: store, folder).map(\.text) == [Self.canary])
            let csv = folder.appending(path: "reviews.csv")
            try Data("u,i,4,2026-10-21,new words\n".utf8).write(to: csv)
            try await Loop.run(
                [
                    "import", "csv", csv.path, "--no-header", "--map", "user=1,item=2,value=3,at=4,text=5", "--store",
                    store,
                ], in: folder)
            let rows = try await StoredEvent.rows(of: "events", in: store, folder)
            #expect(rows.count == 2)
            for row in rows {
                let isOld = row["event_id"] as? String == "old"
                #expect(row["review_text"] as? String == (isOld ? Self.canary : nil))
                #expect(row["review_length"] as? Int == (isOld ? nil : 9))
            }
        }
    }
}

/// The payloads of dead letters.
enum DeadLetterTexts {
    static func all(in store: String) throws -> [String] {
        var texts: [String] = []
        try DeadLetters(store: EventStore(folder: store)).forEach {
            texts.append(String(decoding: $0.payload, as: UTF8.self))
            return true
        }
        return texts
    }
}
