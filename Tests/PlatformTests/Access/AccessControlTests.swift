import Domain
import Foundation
import HTTPServer
import Operations
import TestSupport
import Testing

@testable import Platform

@Suite("Who may ask", .timeLimit(.minutes(3)))
struct AccessControlTests {
    private static let routes: [Route] = Route.Scope.allCases.map { scope in
        Route(
            scope == .catalog || scope == .models ? .post : .get, "/for/\(scope.rawValue)/{id}", "For tests.",
            scope: scope,
            answers: [.text()]
        ) { request, path in
            path[0] == "later"
                ? .later { HTTPResponse(text: "\(request.caller ?? "nobody")") }
                : .now(HTTPResponse(status: path[0] == "bad" ? 400 : 200, text: "\(request.caller ?? "nobody")"))
        }
    }

    @Test("each route wants its scope, whoever else may pass; without a key only open ones answer")
    func scopes() async throws {
        try await withAccess { keys, state, ask in
            for scope in Route.Scope.allCases { #expect(try await ask(scope, "x", nil).status == 200) }
            var secrets: [Route.Scope: String] = [:]
            for scope in Route.Scope.allCases where scope != .open {
                secrets[scope] = try keys.create(scope.rawValue, scopes: [scope.rawValue], by: "t").secret.text
            }
            try await eventually("keys are asked for") { try await ask(.read, "x", nil).status == 401 }
            try await eventually("the last key is known") { try await ask(.admin, "x", secrets[.admin]).status == 200 }
            let none = try await ask(.read, "x", nil)
            #expect(none.type == "application/problem+json" && none.body.contains("\"code\":\"key-missing\""))
            #expect(none.headers["www-authenticate"] == "Bearer realm=\"marquee\"")
            #expect(try await ask(.open, "x", nil).status == 200)
            for (owned, secret) in secrets {
                for scope in Route.Scope.allCases {
                    for path in ["x", "later"] {
                        let answer = try await ask(scope, path, secret)
                        let isAllowed = scope == .open || scope == owned
                        #expect(answer.status == (isAllowed ? 200 : 403), "\(owned) at \(scope)")
                        if isAllowed && scope != .open { #expect(answer.body == owned.rawValue) }
                        if !isAllowed {
                            #expect(answer.body.contains("'\(scope.rawValue)'"))
                            #expect(answer.headers["www-authenticate"]?.contains("scope=\"\(scope.rawValue)\"") == true)
                        }
                    }
                }
            }
        }
    }

    @Test("what is not a valid key is told so, and never by a 5xx")
    func badKeys() async throws {
        try await withAccess { keys, state, ask in
            let (key, secret) = try keys.create("a", scopes: ["read"], by: "t")
            let soon = Timestamp(microseconds: Timestamp.now.microseconds + 1_500_000)
            let short = try keys.create("short", scopes: ["read"], expiresAt: soon, by: "t").secret.text
            try await eventually("keys are asked for") { try await ask(.read, "x", nil).status == 401 }
            #expect(try await ask(.read, "x", secret.text).status == 200)
            let other = APIKeySecret.random().text
            let stolen = secret.text.prefix(12) + other.dropFirst(12)
            for text in ["", "x", other, String(stolen), secret.text + "0", key.hash.hex, "mq_\(key.id)_", "🎬"] {
                let answer = try await ask(.read, "x", text)
                #expect(answer.status == 401, "\(text): \(answer.body)")
                #expect(!answer.body.contains(secret.text))
            }
            try await eventually("it expires") {
                try await ask(.read, "x", short).body.contains("\"code\":\"key-expired\"")
            }
            try keys.revoke("a", by: "t")
            try await eventually("it is revoked") {
                try await ask(.read, "x", secret.text).body.contains("\"code\":\"key-revoked\"")
            }
        }
    }

    @Test("a key comes as Bearer or as X-API-Key; two different ones are refused")
    func places() async throws {
        try await withTemporaryFolder { folder in
            let keys = KeyStore(StateDatabase(folder: folder.path))
            let secret = try keys.create("a", scopes: ["read"], by: "t").secret.text
            let access = try AccessControl(StateDatabase(folder: folder.path))
            let route = access.guarding(Self.routes[1])
            func status(_ fields: (String, String)...) -> Int {
                var request = HTTPRequest(path: "/", segments: [])
                for (name, value) in fields { request.headers.append(name: name, value: value) }
                guard case .now(let response) = route.action(request, ["x"]) else { return 0 }
                return response.status
            }
            let other = APIKeySecret.random().text
            #expect(status(("Authorization", "Bearer \(secret)")) == 200)
            #expect(status(("authorization", "bearer \(secret)")) == 200)
            #expect(status(("X-API-Key", secret)) == 200)
            #expect(status(("X-API-Key", secret), ("Authorization", "Bearer \(secret)")) == 200)
            // Blanks around a header's value, and before the credentials, are no part of them (RFC 9110, 5.5 and 11.4).
            for blanks in [" ", "  ", "\t", " \t "] {
                #expect(status(("Authorization", "Bearer \(secret)\(blanks)")) == 200)
                #expect(status(("X-API-Key", "\(blanks)\(secret)\(blanks)")) == 200)
            }
            #expect(status(("Authorization", "Bearer   \(secret)")) == 200)
            #expect(status(("Authorization", "Bearer \(secret) x")) == 401)
            // A proxy's own user and password do not get in the way of a key.
            #expect(status(("X-API-Key", secret), ("Authorization", "Basic YTpi")) == 200)
            #expect(status(("Authorization", "Basic YTpi")) == 401)
            #expect(status(("X-API-Key", secret), ("Authorization", "Bearer \(other)")) == 401)
            #expect(status(("X-API-Key", secret), ("X-API-Key", other)) == 401)
            #expect(status(("Authorization", secret)) == 401 && status(("Authorization", "Bearer")) == 401)
        }
    }

    @Test("a key with a rate is told of it in every answer, and to wait when it is used up")
    func rates() async throws {
        try await withAccess { keys, state, ask in
            let secret = try keys.create("slow", scopes: ["read"], rate: 0.01, by: "t").secret.text
            try await eventually("keys are asked for") { try await ask(.read, "x", nil).status == 401 }
            let first = try await ask(.read, "later", secret)
            #expect(first.status == 200 && first.headers["ratelimit-policy"] == "\"key\";q=1;w=100")
            #expect(first.headers["ratelimit-remaining"] == "0")
            let second = try await ask(.read, "x", secret)
            #expect(second.status == 429 && second.type == "application/problem+json")
            #expect(second.body.contains("\"code\":\"too-many-requests\""))
            let wait = try #require(second.headers["retry-after"].flatMap { Int($0) })
            #expect((1...100).contains(wait))
            #expect(second.headers["ratelimit"]?.hasPrefix("\"key\";r=0;t=") == true)
            // Another key does not fill the bucket.
            _ = try keys.create("other", scopes: ["read"], by: "t")
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await ask(.read, "x", secret).status == 429)
        }
    }

    @Test("changes are written down with who, what and why, before and behind; reading is not")
    func audited() async throws {
        try await withAccess { keys, state, ask in
            let log = AuditLog(state)
            #expect(try await ask(.models, "m1", nil).status == 200)
            let secret = try keys.create("boss", scopes: ["models", "catalog", "admin"], by: "t").secret.text
            try await eventually("keys are asked for") { try await ask(.read, "x", nil).status == 401 }
            #expect(try await ask(.models, "later", secret, "{\"reason\":\"better\"}").body == "boss")
            #expect(try await ask(.catalog, "bad", secret, "not JSON").status == 400)
            #expect(try await ask(.admin, "x", secret).status == 200)
            let entries = try log.entries(limit: 20).reversed().map(\.change)
            #expect(
                entries.map { [$0.who, $0.action, $0.target, $0.outcome.rawValue, $0.reason] } == [
                    ["anonymous", "POST /for/models/{id}", "m1", "begun", ""],
                    ["anonymous", "POST /for/models/{id}", "m1", "done", ""],
                    ["t", "key.create", "boss", "done", ""],
                    ["boss", "POST /for/models/{id}", "later", "begun", "better"],
                    ["boss", "POST /for/models/{id}", "later", "done", "better"],
                    ["boss", "POST /for/catalog/{id}", "bad", "begun", ""],
                    ["boss", "POST /for/catalog/{id}", "bad", "failed", ""],
                ])
            #expect(entries.dropFirst(3).allSatisfy { $0.requestID.count == 13 })
            guard case .whole(7, _?) = try log.verify() else {
                Issue.record("the chain is whole")
                return
            }
        }
    }

    @Test("the audit log is read in pages by who has the scope")
    func auditRoute() async throws {
        try await withAccess { keys, state, ask in
            for n in 1...5 { try AuditLog(state).append(AuditedChange(who: "w", action: "a", target: "t\(n)")) }
            func page(_ query: String) async throws -> [String: Any] {
                let answer = try await ask.fetch("\(ask.address)/v1/audit\(query)")
                return try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any] ?? [:]
            }
            func numbers(_ page: [String: Any]) -> [Int] {
                (page["entries"] as? [[String: Any]] ?? []).compactMap { $0["number"] as? Int }
            }
            let first = try await page("?n=2")
            #expect(numbers(first) == [5, 4] && first["next_before"] as? Int == 4)
            let last = try await page("?n=4&before=4")
            #expect(numbers(last) == [3, 2, 1] && last["next_before"] == nil)
            for query in ["?n=0", "?n=501", "?n=x", "?before=0", "?before=%2B1", "?before=99999999999999999999"] {
                #expect(try await page(query)["status"] as? Int == 400, "\(query)")
            }
        }
    }

    @Test("where a change cannot be written down it is not made, and lists go on")
    func noRoomForTheLog() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.appending(path: "state").path)
            try Data("no folder".utf8).write(to: URL(filePath: state.folder))
            let access = try AccessControl(state)
            let models = access.guarding(Self.routes.first { $0.scope == .models }!)
            guard case .later(let work) = models.action(HTTPRequest(method: .post, path: "/", segments: []), ["m"])
            else {
                Issue.record("it is not answered on the connection's thread")
                return
            }
            let refused = await work()
            #expect(refused.status == 503)
            #expect(String(decoding: refused.body, as: UTF8.self).contains("\"code\":\"cannot-audit\""))
            guard
                case .now(let list) = access.guarding(Self.routes[1]).action(
                    HTTPRequest(path: "/", segments: []), ["x"])
            else { return }
            #expect(list.status == 200)
        }
    }

    @Test("while the keys cannot be read, those known stay in force; a file taken away opens nothing")
    func lost() async throws {
        try await withAccess { keys, state, ask in
            let secret = try keys.create("a", scopes: ["read"], by: "t").secret.text
            try await eventually("keys are asked for") { try await ask(.read, "x", nil).status == 401 }
            for name in try FileManager.default.contentsOfDirectory(atPath: state.folder) {
                try FileManager.default.removeItem(atPath: "\(state.folder)/\(name)")
            }
            try await eventually("the loss is noticed") {
                try await ask.fetch("\(ask.address)/healthz/ready").body.contains("\"degraded\":[\"keys\"]")
            }
            #expect(try await ask(.read, "x", nil).status == 401)
            #expect(try await ask(.read, "x", secret).status == 200)
            try Data(repeating: 65, count: 8192).write(to: URL(filePath: state.path))
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await ask(.read, "x", nil).status == 401)
            #expect(throws: SQLiteError.self) { try AccessControl(state) }
        }
    }

    @Test("without a key only this machine is listened to, unless that is asked for")
    func hosts() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let access = try AccessControl(state)
            for host in ["127.0.0.1", "127.8.0.1", "localhost", "::1", "::ffff:127.0.0.1"] {
                try access.checkHost(of: HTTPServerConfiguration(host: host))
            }
            for host in ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1"] {
                #expect(throws: AccessError.keysNeeded(host: host)) {
                    try access.checkHost(of: HTTPServerConfiguration(host: host))
                }
                try access.checkHost(of: HTTPServerConfiguration(host: host), isForDevelopment: true)
            }
            _ = try KeyStore(state).create("a", scopes: ["read"], by: "t")
            try KeyStore(state).revoke("a", by: "t")
            // Who had keys is not open without: nobody gets in.
            try AccessControl(state).checkHost(of: HTTPServerConfiguration(host: "0.0.0.0"))
            #expect(try AccessControl(state).asksForKeys)
            #expect(AccessError.keysNeeded(host: "0.0.0.0").category.exitCode == 64)
        }
    }

    /// What asks a running server.
    struct Ask: Sendable {
        let address: String
        let fetch = Fetch()

        func callAsFunction(
            _ scope: Route.Scope, _ path: String, _ key: String?, _ body: String? = nil
        ) async throws -> Fetch.Answer {
            let isPost = scope == .catalog || scope == .models
            return try await fetch(
                "\(address)/for/\(scope.rawValue)/\(path)", method: isPost ? "POST" : "GET",
                headers: key.map { ["Authorization": "Bearer \($0)"] } ?? [:], body: isPost ? body ?? "" : nil)
        }
    }

    private func withAccess(_ body: (KeyStore, StateDatabase, Ask) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let folder = folder.appending(path: "state").path
            let access = try AccessControl(StateDatabase(folder: folder))
            let service = HTTPService(HTTPServerConfiguration(port: 0), routes: Self.routes, access: access)
            try service.open()
            var group = ServiceGroup()
            group.add(access)
            group.add(service)
            let services = group
            let running = Task { try await services.run() }
            // As another process would.
            let state = StateDatabase(folder: folder)
            try await body(KeyStore(state), state, Ask(address: "http://127.0.0.1:\(service.port)"))
            running.cancel()
            _ = try await running.value
        }
    }
}
