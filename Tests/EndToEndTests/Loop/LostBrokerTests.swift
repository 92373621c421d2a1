import Foundation
import HTTPClient
import TestSupport
import Testing

/// `serve` when its brokers die without a word.
@Suite struct LostBrokerTests {
    /// What the service promises is 10 seconds and 2. A busy machine may take longer, but not by these factors.
    private static let noticed = Duration.seconds(60)
    private static let answered = Duration.seconds(30)

    @Test func listsSayThatEventsAreMissingAndNewOnesAreRefusedInTime() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = try await Loop.trained(in: folder)
            let file = folder.appending(path: "broker").path
            let broker = try MarqueeProcess(["broker", "--bootstrap-file", file], in: folder)
            let address = try await broker.line(after: "bootstrap.servers=")
            let server = try MarqueeProcess(
                ["serve", "--models", models, "--store", data, "--port", "0", "--bootstrap-servers", address],
                in: folder)
            let client = Client(try await server.line(after: "serving on "))
            defer { client.close() }
            let path = "/v1/users/u1/recommendations"
            func degraded() async throws -> [String] { try await client.object(path)["degraded"] as? [String] ?? [] }
            #expect(
                try await client.post(
                    "/v1/events", #"{"user_id":"u1","item_id":"f0001","kind":"like","value":1}"#) == 202)
            try await eventually("events are heard") { try await degraded() == [] }

            broker.signal(SIGKILL)
            let killed = ContinuousClock.now
            try await eventually("the lists name what is missing") { try await degraded() == ["events"] }
            #expect(ContinuousClock.now - killed < Self.noticed)
            let ready = try await client.get("/healthz/ready").body
            #expect(ready.contains("events"), "\(ready)")
            #expect(try await client.get("/metrics").body.contains(#"marquee_degraded{part="events"} 1"#))

            let asked = ContinuousClock.now
            let http = HTTPClient.unwavering()
            defer { http.close() }
            let refusal = try await http.send(
                HTTPRequest(
                    .post, client.address + "/v1/events", headers: [HTTPHeader("Content-Type", "application/json")],
                    body: Array(#"{"user_id":"u1","item_id":"f0002","kind":"like","value":1}"#.utf8),
                    deadline: .seconds(120), attempts: 1))
            #expect(ContinuousClock.now - asked < Self.answered)
            let problem = try Loop.json(String(decoding: refusal.body, as: UTF8.self))
            #expect(refusal.status == 503 && problem["code"] as? String == "publish-timed-out", "\(problem)")

            server.signal(SIGKILL)
            _ = try await server.result()
            _ = try await broker.result()
        }
    }
}
