import Foundation
import HTTPClient
import TestSupport
import Testing

/// What a server knows of users who came after the training, when it was killed and started again.
@Suite struct RestartTests {
    private func send(
        _ client: Client, _ user: String, _ item: String, _ query: String = "", timeout: String? = nil
    ) async throws -> (status: Int, body: String) {
        var headers = [HTTPHeader("Content-Type", "application/json")]
        if let timeout { headers.append(HTTPHeader("X-Timeout-Ms", timeout)) }
        let event = #"{"event_id":"\#(user)-1","user_id":"\#(user)","item_id":"\#(item)","kind":"like","value":1}"#
        return try await client.send(path: "/v1/events\(query)", headers: headers, body: event)
    }

    private func state(_ client: Client, of user: String) async throws -> String? {
        try await client.object("/v1/users/\(user)/recommendations?n=3")["user_state"] as? String
    }

    @Test func usersWhoCameAfterTheTrainingAreKnownAfterAKill() async throws {
        try await withTemporaryFolder { folder in
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            let store = ["--store", folder.appending(path: "data").path]
            let models = ["--models", folder.appending(path: "models").path]
            try await Loop.run(["simulate", "--count", "3000", "--days", "30"] + kafka, in: folder)
            try await Loop.run(["ingest", "--until-end"] + store + kafka, in: folder)
            try await Loop.run(
                ["train", "--rank", "8", "--epochs", "2", "--promote", "always"] + store + models, in: folder)
            let serve = ["serve", "--port", "0"] + store + models

            // One event is stored, one lies in the topic only.
            var server = try MarqueeProcess(serve + kafka, in: folder)
            var client = Client(try await server.line(after: "serving on "))
            let item = try #require(try await client.items("/v1/items/popular?n=1").first)
            let ingest = try MarqueeProcess(["ingest"] + store + kafka, in: folder)
            let stored = try await send(client, "stored", item, "?wait=stored", timeout: "60000")
            #expect(stored.status == 202 && stored.body.contains(#""waited_for":"stored""#), "\(stored)")
            // The same one again is the same one.
            let again = try await send(client, "stored", item, "?wait=stored", timeout: "60000")
            #expect(again.status == 202)
            ingest.signal(SIGINT)
            #expect(try await ingest.result().status == 0)
            let visible = try await send(client, "heard", item, "?wait=visible")
            #expect(visible.status == 202)
            #expect(try await state(client, of: "heard") == "folded_in")
            // Nobody stores any more.
            let late = try await send(client, "heard", item, "?wait=stored", timeout: "300")
            #expect(late.status == 504 && late.body.contains("wait-timed-out"), "\(late)")
            #expect(try await send(client, "x", item, "?wait=stored", timeout: "0").status == 400)
            #expect(try await send(client, "x", item, "?wait=long").status == 400)
            client.close()
            server.signal(SIGKILL)

            // From the store alone, before the first request is answered.
            server = try MarqueeProcess(serve, in: folder)
            client = Client(try await server.line(after: "serving on "))
            #expect(try await state(client, of: "stored") == "folded_in")
            #expect(try await state(client, of: "heard") == "new")
            let past = try await client.object("/v1/users/stored/events?n=5")["events"] as? [[String: Any]]
            #expect(past?.compactMap { $0["event_id"] as? String } == ["stored-1"])
            let alone = try await client.object("/v1/freshness")
            #expect(alone["feed"] as? String == "none" && alone["event_lag"] is NSNull)
            client.close()
            server.signal(SIGKILL)

            // And what was not stored from where the store ends.
            server = try MarqueeProcess(serve + kafka, in: folder)
            client = Client(try await server.line(after: "serving on "))
            #expect(try await state(client, of: "stored") == "folded_in")
            try await eventually("what was not stored is heard") {
                try await state(client, of: "heard") == "folded_in"
            }
            try await eventually("nothing is left") {
                let now = try await client.object("/v1/freshness")
                return now["feed"] as? String == "hearing" && now["event_lag"] as? Int == 0
            }
            let now = try await client.object("/v1/freshness")
            #expect(now["data_version"] is Int && now["index_lag"] as? Int == 0)
            #expect(try #require(now["model_age_seconds"] as? Double) >= 0)
            client.close()
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
            broker.signal(SIGINT)
            _ = try await broker.result()
        }
    }
}
