import Domain
import Foundation
import HTTPServer
import Synchronization
import Testing

@testable import Catalog

/// What is sent again, and what is not: against a server that says so film by film.
@Suite struct BulkRetryTests {
    private static func ids(_ body: [UInt8]) -> [String] {
        body.split(separator: 0x0A).compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            return (object?["index"] as? [String: Any])?["_id"] as? String
        }
    }

    @Test("films without room are sent again, and only they; the others are done or dead")
    func perItem() async throws {
        let requests = Mutex<[[String]]>([])
        let server = HTTPServer(HTTPServerConfiguration(port: 0)) { request in
            let ids = Self.ids(request.body)
            let number = requests.withLock {
                $0.append(ids)
                return $0.count
            }
            let items = ids.map { id -> String in
                func failed(_ status: Int, _ type: String) -> String {
                    #"{"index":{"status":\#(status),"error":{"type":"\#(type)","reason":"\#(type) of \#(id)"}}}"#
                }
                return switch (id, number) {
                case ("busy", 1): failed(429, "es_rejected_execution_exception")
                case ("away", 1...2): failed(503, "unavailable_shards_exception")
                case ("broken", _): failed(400, "document_parsing_exception")
                case ("lost", _): failed(500, "some_exception")
                case ("old", _): failed(409, "version_conflict_engine_exception")
                case ("known", _): #"{"index":{"status":200}}"#
                default: #"{"index":{"status":201}}"#
                }
            }
            return .now(HTTPResponse(body: Array(#"{"items":[\#(items.joined(separator: ","))]}"#.utf8)))
        }
        try server.start()
        let client = ElasticsearchClient(try .init(url: "http://127.0.0.1:\(server.port)"))
        defer { client.close() }
        let names = ["new", "busy", "old", "away", "broken", "known", "lost"]
        let outcome = try await client.index(names.map { Movie(itemID: $0, title: "Title of \($0)") })
        #expect(requests.withLock { $0 } == [names, ["busy", "away"], ["away"]])
        #expect(outcome.indexed == 4 && outcome.created == 3 && outcome.stale == 1)
        #expect(outcome.rejected.map(\.itemID) == ["broken", "lost"])
        #expect(outcome.rejected.map(\.status) == [400, 500])
        #expect(outcome.rejected.first?.reason == "document_parsing_exception of broken")
        #expect(outcome.rejected.first?.document.hasPrefix(#"{"item_id":"broken","title":"Title of broken""#) == true)
        await server.stop()
    }

    @Test("a server that never has room is given up, with its own reason")
    func never() async throws {
        let server = HTTPServer(HTTPServerConfiguration(port: 0)) { request in
            let item =
                #"{"index":{"status":429,"error":{"type":"circuit_breaking_exception","reason":"Data too large"}}}"#
            let items = Self.ids(request.body).map { _ in item }.joined(separator: ",")
            return .now(HTTPResponse(body: Array(#"{"items":[\#(items)]}"#.utf8)))
        }
        try server.start()
        var configuration = try ElasticsearchClient.Configuration(url: "http://127.0.0.1:\(server.port)")
        configuration.bulkAttempts = 2
        let client = ElasticsearchClient(configuration)
        defer { client.close() }
        let error = await failure { _ = try await client.index([Movie(itemID: "1", title: "One")]) }
        #expect(error?.code == "search-unavailable" && error?.message.contains("Data too large") == true)
        await server.stop()
    }

    @Test("an answer that all were taken is read as it stands; any other is left to the parser")
    func answersByByte() {
        func created(_ text: String, of count: Int) -> Int? { BulkAnswer.created(Array(text.utf8), of: count) }
        let both = #"{"items":[{"index":{"status":201}},{"index":{"status":200}}]}"#
        #expect(created(both, of: 2) == 1)
        #expect(created(#"{"items":[{"index":{"status":201}}]}"#, of: 1) == 1)
        // Fewer or more than were sent, failures, other statuses, other forms, and each beginning of it.
        #expect(created(both, of: 1) == nil && created(both, of: 3) == nil)
        #expect(created(#"{"items":[{"index":{"status":409}}]}"#, of: 1) == nil)
        #expect(created(#"{"items":[{"index":{"status":202}}]}"#, of: 1) == nil)
        #expect(created(#"{"items":[{"index":{"status":2011}}]}"#, of: 1) == nil)
        #expect(created(#"{"errors":false,"items":[{"index":{"status":201}}]}"#, of: 1) == nil)
        #expect(created(both + " ", of: 2) == nil)
        for length in 0..<both.utf8.count { #expect(created(String(both.prefix(length)), of: 2) == nil) }
    }
}
