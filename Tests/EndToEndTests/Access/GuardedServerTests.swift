import Foundation
import HTTPClient
import TestSupport
import Testing

/// A served model behind keys, and what its log tells of who asked.
@Suite("A server behind keys", .timeLimit(.minutes(5)))
struct GuardedServerTests {
    /// A user and a film that no other text contains, as a stranger might call them.
    private static let oddUser = "user-7f3a9c\u{2028}\"é"
    private static let oddBody =
        #"{"event_id":"event-5b1d77","user_id":"user-7f3a9c2","item_id":"item-91c2d3","kind":"like","value":1}"#

    @Test("keys are made and revoked beside it; the log has neither secrets nor users; promotions are written down")
    func served() async throws {
        try await withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            try await Loop.run(["simulate", "--count", "4000", "--days", "30", "--users", "60"] + kafka, in: folder)
            try await Loop.run(["ingest", "--store", path("data"), "--until-end"] + kafka, in: folder)
            let train = [
                "train", "--store", path("data"), "--models", path("models"), "--rank", "8", "--epochs", "2",
                "--promote", "always",
            ]
            try await Loop.run(train, in: folder)
            let places = ["--store", path("data"), "--models", path("models"), "--port", "0"]

            // Not for others without a key.
            try await Loop.refused(
                ["serve", "--host", "0.0.0.0"] + places, in: folder, status: 64,
                saying: ["there is no key", "--insecure-dev"])

            let server = try MarqueeProcess(
                ["serve", "--publish-timeout", "10s"] + places + kafka, in: folder)
            let address = try await server.line(after: "serving on ")
            let http = HTTPClient.unwavering()
            func ask(_ path: String, _ key: String?, method: HTTPRequest.Method = .get, body: String? = nil)
                async throws -> Int
            {
                var headers = [HTTPHeader("Content-Type", "application/json")]
                if let key { headers.append(HTTPHeader("X-API-Key", key)) }
                return try await http.send(
                    HTTPRequest(
                        method, address + path, headers: headers, body: body.map { Array($0.utf8) }, attempts: 1)
                ).status
            }
            let odd = Self.oddUser.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            let list = "/v1/users/\(odd)/recommendations"
            #expect(try await ask(list, nil) == 200)
            func make(_ name: String, _ scopes: String) async throws -> String {
                try await Loop.run(["keys", "create", name, "--scopes", scopes], in: folder)
                    .split(separator: "\n").first.map(String.init) ?? ""
            }
            let reader = try await make("reader", "read")
            try await eventually("a key is asked for") { try await ask(list, nil) == 401 }
            #expect(try await ask(list, reader) == 200)
            #expect(try await ask("/v1/events", reader, method: .post, body: Self.oddBody) == 403)
            let sender = try await make("sender", "events")
            try await eventually("the second key is known") {
                try await ask("/v1/events", sender, method: .post, body: Self.oddBody) == 202
            }
            #expect(try await ask("/v1/events", sender, method: .post, body: Self.oddBody + "x") == 400)
            #expect(try await ask("/v1/audit", reader) == 403)
            let boss = try await make("boss", "admin")
            try await eventually("the third key is known") { try await ask("/v1/audit", boss) == 200 }
            for path in [
                "/v1/users/\(odd)/nothing", list + "?n=x&user=\(odd)", "/healthz/ready", "/metrics", "/%ff\(odd)",
            ] {
                _ = try await ask(path, reader)
            }
            try await Loop.run(["keys", "revoke", "reader"], in: folder)
            try await eventually("it is revoked") { try await ask(list, reader) == 401 }

            // A promotion by hand, with its reason in the registry and in the log of changes.
            let models = try await Loop.run(
                ["models", "list", "--models", path("models"), "--format", "jsonl"], in: folder)
            let id = try #require(try Loop.json(String(models.split(separator: "\n")[0]))["id"] as? String)
            try await Loop.run(
                ["models", "promote", id, "--models", path("models"), "--reason", "seen by eye"], in: folder)
            try await Loop.refused(
                ["models", "rollback", "--models", path("models"), "--reason", "too soon"], in: folder, status: 65,
                saying: ["to roll back to"])
            let audit = try await Loop.run(["privacy", "audit", "--format", "jsonl"], in: folder)
            let changes = try audit.split(separator: "\n").map { try Loop.json(String($0)) }
            #expect(
                changes.prefix(4).map { "\($0["action"] ?? "") \($0["outcome"] ?? "") \($0["reason"] ?? "")" } == [
                    "model.rollback failed too soon", "model.rollback begun too soon", "model.promote done seen by eye",
                    "model.promote begun seen by eye",
                ])

            server.signal(SIGTERM)
            let result = try await server.result()
            #expect(result.status == 0, "\(result.errors)")
            for secret in [reader, sender, boss, "user-7f3a9c", "user-7f3a9c2", "event-5b1d77"] {
                #expect(!result.errors.contains(secret) && !result.output.contains(secret), "the log has \(secret)")
                #expect(!result.errors.contains(secret.suffix(20)), "the log has the end of \(secret)")
            }
            broker.signal(SIGINT)
        }
    }
}
