import Columnar
import Domain
import EventIngest
import Foundation
import HTTPServer
import Store
import TestSupport
import Testing

@testable import Platform

/// `GET /v1/ingestion` over a real store.
@Suite("Ingestion over HTTP", .timeLimit(.minutes(2)))
struct IngestionRoutesTests {
    /// The route's answer.
    private func ask(_ store: EventStore, _ freshness: FeedFreshness? = nil) async throws -> [String: Any] {
        var router = HTTPRouter()
        router.add(IngestionRoutes(store: store) { freshness }.table)
        let path = ["v1", "ingestion"]
        let reply = router.respond(
            to: HTTPRequest(id: "t", method: .get, path: "/v1/ingestion", segments: path, headers: HTTPHeaders()))
        guard case .later(let answer) = reply else { return [:] }
        let response = await answer()
        #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
        return try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
    }

    /// Dead letters of one topic at offsets that go on from `first`, a minute apart.
    private func append(_ reasons: [String], from first: Int64, to store: EventStore) throws {
        let count = reasons.count
        let offsets = (0..<count).map { first + Int64($0) }
        _ = try store.openOrCreate(.deadLetters).append([
            try RecordBatch(
                schema: TableContract.deadLetters.schema,
                columns: [
                    .string(BytesColumn(reasons.map { _ in "movie-views" })),
                    .int32(PrimitiveColumn(reasons.map { _ in Int32(0) })), .int64(PrimitiveColumn(offsets)),
                    .timestamp(PrimitiveColumn(offsets.map { 1_764_000_000_000_000 + $0 * 60_000_000 })),
                    .string(BytesColumn(reasons)),
                    .binary(BytesColumn(offsets.map { "message \($0) " + String(repeating: "x", count: 1000) })),
                    .binary(BytesColumn(reasons.map { _ in "key" })),
                ])
        ])
    }

    @Test("a store that has nothing says so, and its letters are counted by reason with the newest first")
    func letters() async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.path)
            let empty = try await ask(store)
            #expect(empty["events"] is NSNull)
            #expect(
                (empty["partitions"] as? [Any])?.isEmpty == true && (empty["dead_letters"] as? [Any])?.isEmpty == true)
            try append(["b: one", "a: two", "a: three", "a: four", "a: five"], from: 0, to: store)
            let digest = DeadLetterDigest(store)
            let reasons = try digest.reasons()
            #expect(reasons.map(\.code) == ["a", "b"] && reasons.map(\.count) == [4, 1])
            #expect(reasons[0].newest.map(\.offset) == [2, 3, 4])
            #expect(reasons[0].newest.allSatisfy { $0.payload.count == DeadLetterDigest.textLimit && $0.key == nil })
            let answer = try await ask(store)
            let first = try #require((answer["dead_letters"] as? [[String: Any]])?.first)
            let examples = try #require(first["examples"] as? [[String: Any]])
            #expect(
                examples.map { $0["offset"] as? Int } == [4, 3, 2] && examples[0]["detail"] as? String == "a: five")
            #expect((examples[0]["text"] as? String)?.hasPrefix("message 4 x") == true)
        }
    }

    @Test("how far the store is behind is said for the cluster that answers, and for no other")
    func behind() async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.path)
            let event = Event(
                eventID: "e", userID: "u", itemID: "f", kind: .like, value: 1, at: Timestamp(seconds: 1_700_000_000),
                source: "test")
            _ = try store.openOrCreate(.events).append(
                [EventTable.batch([event], ingestedAt: .now)],
                transactions: [
                    Transaction(appID: "kafka:one:movie-likes:1", version: 7),
                    Transaction(appID: "kafka:a:b:movie-likes:0", version: 3),
                    Transaction(appID: "import:x", version: 1),
                ])
            var freshness = FeedFreshness(lag: 5)
            freshness.cluster = "one"
            freshness.ends = [TopicPartition("movie-likes", 1): 12, TopicPartition("movie-likes", 0): 100]
            let partitions = try #require(try await ask(store, freshness)["partitions"] as? [[String: Any]])
            #expect(partitions.map { $0["cluster"] as? String } == ["a:b", "one"])
            #expect(partitions.map { $0["stored"] as? Int } == [3, 7])
            #expect(partitions[0]["behind"] is NSNull && partitions[1]["behind"] as? Int == 5)
        }
    }
}
