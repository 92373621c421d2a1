import Domain
import Foundation
import TestSupport
import Testing

/// `marquee deliver --webhook` before a receiver that fails now and then, killed at random instants.
@Suite(.serialized) struct DeliverWebhookTests {
    /// A message as it was received.
    private struct Received {
        let id: String
        let body: String
        let message: [String: Any]
        var data: [String: Any] { message["data"] as? [String: Any] ?? [:] }
        var type: String { message["type"] as? String ?? "" }

        init?(_ request: String) {
            guard let head = request.range(of: "\r\n\r\n"),
                let line = request.split(separator: "\r\n").first(where: { $0.hasPrefix("Marquee-Delivery: ") })
            else { return nil }
            id = String(line.dropFirst("Marquee-Delivery: ".count))
            body = String(request[head.upperBound...])
            guard let message = try? Loop.json(body) else { return nil }
            self.message = message
        }
    }

    private static func secrets(in folder: URL) throws -> String {
        let file = folder.appending(path: "hook.secret")
        try Data("0123456789abcdef0123456789abcdef\n".utf8).write(to: file)
        return file.path
    }

    @Test("each event brings one list into the outbox and each message to the receiver, whenever it is killed")
    func killed() async throws {
        let kills = Effort.rounds(5, nightly: 100)
        // Of three requests one fails, in different ways.
        let script: ScriptedServer.Script = { number, _ in
            switch number % 9 {
            case 2: [answer("500 Internal Server Error")]
            case 5: [.reset]
            case 8: [answer("503 Service Unavailable", headers: ["Retry-After: 0"])]
            default: [answer("200 OK")]
            }
        }
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            try await withScriptedServer(script) { server in
                let words = loop.notify([
                    "--webhook", server.url + "/hook", "--webhook-secret-file", try Self.secrets(in: folder),
                    "--webhook-allow-private", "--webhook-pause", "0.05s", "--since", "2000-01-01", "--commit-rows",
                    "60",
                ])
                var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
                for _ in 0..<kills {
                    let before = server.requests.count
                    let process = try MarqueeProcess(words, in: folder)
                    try await eventually("it sends") { server.requests.count > before || !process.isRunning }
                    try await Task.sleep(for: .milliseconds(random.below(60)))
                    process.signal(SIGKILL)
                    #expect(try await process.result().wasKilled, "\(process.errors)")
                }
                // Trained and rolled back while nobody watches: told by the next run.
                try await Loop.run(
                    [
                        "train", "--rank", "4", "--epochs", "1", "--promote", "always", "--seed", "7", "--store",
                        loop.store,
                    ]
                        + ["--models", loop.models], in: folder)
                try await Loop.run(["models", "rollback", "--models", loop.models, "--reason", "too bold"], in: folder)
                let last = try MarqueeProcess(words, in: folder)
                try await eventually("all is delivered", patience: .seconds(180)) {
                    let waiting = try await Loop.run(
                        ["webhooks", "list", "--standing", "pending", "--format", "jsonl"], in: folder)
                    return waiting.isEmpty && server.requests.contains { $0.contains("model.rolled_back") }
                }
                last.signal(SIGTERM)
                #expect(try await last.result().status == 130 || last.errors.isEmpty == false)
                try await Loop.run(words + ["--until-end"], in: folder)
                let received = server.requests.compactMap(Received.init)
                #expect(received.count == server.requests.count)
                try check(received)
                try await checkSchema(received, in: folder)
            }
        }
    }

    private func check(_ received: [Received]) throws {
        // Whatever comes again has the same id and the same bytes.
        let byID = Dictionary(grouping: received, by: \.id)
        for (id, group) in byID { #expect(Set(group.map(\.body)).count == 1, "\(id)") }
        #expect(byID.allSatisfy { $0.value[0].message["id"] as? String == $0.key })
        let messages = byID.values.map { $0[0] }
        let lists = messages.filter { $0.type == "list.created" }
        // Each event is counted in one list, and in no other.
        #expect(lists.reduce(0) { $0 + ($1.data["events"] as? Int ?? 0) } == TrainedLoop.events)
        #expect(Set(lists.compactMap { $0.data["trigger_event_id"] as? String }).count == lists.count)
        #expect(lists.allSatisfy { ($0.data["items"] as? [Any])?.count == 10 })
        let changes = messages.filter { $0.type.hasPrefix("model.") }
        #expect(changes.map(\.type).sorted() == ["model.promoted", "model.rolled_back"])
        let rollback = try #require(changes.first { $0.type == "model.rolled_back" })
        let promotion = try #require(changes.first { $0.type == "model.promoted" })
        #expect(rollback.data["reason"] as? String == "too bold")
        #expect(rollback.data["previous"] as? String == promotion.data["model"] as? String)
    }

    /// All of it is as docs/webhooks.schema.json says.
    private func checkSchema(_ received: [Received], in folder: URL) async throws {
        guard Checkout.python != nil else { return }
        let file = folder.appending(path: "bodies.jsonl")
        try Data(received.map(\.body).joined(separator: "\n").utf8).write(to: file)
        let code = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for line in open(sys.argv[2]):
                validator.validate(json.loads(line))
            """
        let schema = Checkout.root.appending(path: "docs/webhooks.schema.json").path
        let (status, output) = try await runPython(code, [schema, file.path])
        #expect(status == 0, "\(output)")
    }

    @Test("without a place to deliver to nothing begins, and a private target is refused and kept")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            let secrets = try Self.secrets(in: folder)
            try await Loop.refused(
                loop.notify([]), in: folder, status: 64, saying: ["--postgres", "--webhook", "--smtp"])
            try await Loop.refused(
                loop.notify(["--webhook", "https://example.org/"]), in: folder, status: 64,
                saying: ["--webhook-secret-file"])
            for address in ["127.0.0.1:1", "169.254.169.254", "[::1]:1", "[::ffff:10.0.0.1]"] {
                try await Loop.refused(
                    loop.notify(["--webhook", "http://\(address)/", "--webhook-secret-file", secrets]), in: folder,
                    status: 64, saying: [address, "--webhook-allow-private"])
            }
            try await Loop.refused(
                loop.notify(["--webhook-attempts", "3"]), in: folder, status: 64, saying: ["--webhook URL"])
            try await withScriptedServer({ _, _ in [answer("200 OK")] }) { inside in
                // Both at once: the deliverer ends when all have been tried.
                try await Loop.run(
                    loop.notify([
                        "--webhook", "http://localhost:\(inside.port)/", "--webhook-secret-file", secrets, "--since",
                        "2000-01-01", "--until-end",
                    ]), in: folder)
                let dead = try await Loop.run(
                    ["webhooks", "list", "--standing", "dead", "--format", "jsonl", "-n", "10000"], in: folder)
                #expect(dead.contains("private") && dead.contains("list.created"))
                #expect(inside.connectionCount == 0)
                // Of the first start on: what was there before brings nothing to a state that begins now.
                let anew = folder.appending(path: "anew").path
                try await Loop.run(
                    loop.notify([
                        "--webhook", "http://localhost:\(inside.port)/", "--webhook-secret-file", secrets,
                        "--until-end", "--state", anew,
                    ]), in: folder)
                let none = try await Loop.run(["webhooks", "list", "--state", anew, "--format", "jsonl"], in: folder)
                #expect(none.isEmpty)
            }
        }
    }
}
