import Domain
import Foundation
import HTTPClient
import Kafka
import TestSupport
import Testing

/// The dashboard in a real browser, over a running demo.
@Suite(
    "The dashboard", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Checkout.python != nil, "needs the Python environment in .venv (make venv)"),
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/chromium"), "needs Debian's package chromium"))
struct DashboardPageTests {
    @Test(
        "every page in two widths and two themes, every control once: no error, no foreign request, nothing axe-core finds"
    )
    func pages() async throws {
        let python = try #require(Checkout.python)
        try await withTemporaryFolder { folder in
            let demo = try MarqueeProcess(
                [
                    "demo", "--port", "0", "--events", "6000", "--data", folder.appending(path: "data").path,
                    "--models", folder.appending(path: "models").path,
                ], in: folder)
            let broker = try await demo.line(after: "broker     ").prefix { $0 != "," }
            let client = Client(try await demo.line(after: "serve      "))
            defer { client.close() }
            #expect(try await demo.line(after: "Dashboard  ") == client.address + "/")
            let film = try #require(try await client.items("/v1/items/popular?n=1").first)
            // A title that is markup is a title.
            let named = try await client.send(
                path: "/v1/items/batch", headers: [HTTPHeader("Content-Type", "application/json")],
                body: #"{"items": [{"item_id": "\#(film)", "title": "<b>Bold</b> & \"quoted\" <i>film"}]}"#)
            #expect(named.status == 200, "\(named.body)")
            try refuse(at: String(broker))
            func browse(_ pictures: String, _ more: [String] = []) async throws {
                // What the run has seen, to be looked at afterwards.
                let folder = Checkout.root.appending(path: ".build/artefacts/\(pictures)")
                let (status, output) = try await runCommand(
                    python.path,
                    [
                        Checkout.root.appending(path: "Tests/Independent/dashboard/browse.py").path, client.address,
                        "u00001", film, folder.path,
                    ] + more)
                #expect(status == 0, "\(output.suffix(6000))")
            }
            try await browse("dashboard")
            let made = try Loop.json(
                try await Loop.run(
                    [
                        "keys", "create", "page", "--scopes", "read,events,catalog,models,privacy,admin",
                        "--format", "json",
                    ], in: folder))
            try await eventually("a key is asked for") { try await client.get("/v1/models").status == 401 }
            // Its looks were seen without one.
            try await browse("dashboard-with-key", ["--key", try #require(made["secret"] as? String), "--short"])
            demo.signal(SIGINT)
            let end = try await demo.result()
            #expect(end.status == 0, "\(end.errors)")
        }
    }

    /// Something that is no event, for the page of dead letters.
    private func refuse(at broker: String) throws {
        let producer = try KafkaProducer(properties: KafkaProperties(bootstrapServers: broker))
        try producer.send(Array("<i>no event</i> at all".utf8), key: "x", topic: Topics.events[0])
        try producer.flush()
    }
}
