import Foundation
import HTTPClient
import TestSupport
import Testing

/// Answered lists of a server that was killed.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ReplayTests {
    @Test func whatWasAnsweredBeforeAKillIsShownAgain() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = try await Loop.trained(in: folder)
            let serve = [
                "serve", "--store", data, "--models", models, "--port", "0", "--state",
                folder.appending(path: "state").path,
            ]
            var server = try MarqueeProcess(serve, in: folder)
            var client = Client(try await server.line(after: "serving on "))
            var lists: [(id: String, items: [String], answered: ContinuousClock.Instant)] = []
            for number in 0..<200 {
                let list = try await client.object("/v1/users/u\(number % 50)/recommendations?n=5")
                let id = try #require(list["recommendation_id"] as? String)
                let items = try #require(list["items"] as? [[String: Any]]).compactMap { $0["id"] as? String }
                lists.append((id, items, .now))
                try await Task.sleep(for: .milliseconds(10))
            }
            server.signal(SIGKILL)
            let killed = ContinuousClock.now
            client.close()

            server = try MarqueeProcess(serve, in: folder)
            client = Client(try await server.line(after: "serving on "))
            var lost = 0
            for list in lists {
                let (status, body) = try await client.get("/v1/recommendations/\(list.id)")
                guard status == 200 else {
                    lost += 1
                    // A busy machine writes later than a fifth of a second; what is older than seconds is there.
                    #expect(killed - list.answered < .seconds(5), "\(body)")
                    continue
                }
                let again = try Loop.json(body)
                #expect(again["replayed"] as? Bool == true)
                #expect((again["items"] as? [[String: Any]])?.compactMap { $0["id"] as? String } == list.items)
            }
            print("replay: \(lost) of \(lists.count) lists were lost by the kill")
            #expect(lost < lists.count)
            client.close()
            // One that ends as asked loses none.
            let last = Client(try await line(of: server))
            let list = try await last.object("/v1/items/popular?n=3")
            let id = try #require(list["recommendation_id"] as? String)
            last.close()
            server.signal(SIGTERM)
            #expect(try await server.result().status == 0)
            server = try MarqueeProcess(serve, in: folder)
            let next = Client(try await server.line(after: "serving on "))
            #expect(try await next.get("/v1/recommendations/\(id)").status == 200)
            next.close()
            server.signal(SIGTERM)
            _ = try await server.result()
        }
    }

    private func line(of server: MarqueeProcess) async throws -> String { try await server.line(after: "serving on ") }
}
