import Domain
import Foundation
import Operations
import TestSupport
import Testing

@testable import Delivery

@Suite("Webhooks", .timeLimit(.minutes(2)))
struct WebhookTests {
    private static let secrets = ["0123456789abcdef-new", "0123456789abcdef-old"].map(WebhookSecret.init)

    private func endpoint(_ url: String, allowsPrivateTargets: Bool = true) throws -> WebhookEndpoint {
        try WebhookEndpoint(url: url, secrets: Self.secrets, allowsPrivateTargets: allowsPrivateTargets)
    }

    /// Runs a sender over an outbox while `body` does.
    private func withSender(
        _ endpoints: [WebhookEndpoint], timeout: Duration = .seconds(20),
        _ body: (WebhookSender, Outbox) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let outbox = Outbox(state)
            var policy = WebhookPolicy()
            (policy.firstPause, policy.timeout) = (.milliseconds(1), timeout)
            let sender = WebhookSender(endpoints, state: state, policy: policy)
            let running = Task { try await sender.run() }
            try await body(sender, outbox)
            running.cancel()
            try await running.value
        }
    }

    private func header(_ name: String, of request: String) -> String? {
        request.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map {
            String($0.dropFirst(name.count + 2))
        }
    }

    /// The code that docs/webhooks.md tells receivers to use.
    private static func verifier() throws -> String {
        let page = try String(contentsOf: Checkout.root.appending(path: "docs/webhooks.md"), encoding: .utf8)
        let start = try #require(page.range(of: "```python\n"))
        let end = try #require(page.range(of: "\n```", range: start.upperBound..<page.endIndex))
        return String(page[start.upperBound..<end.lowerBound])
    }

    @Test("the receiver's code of the manual knows a message by either secret, and no altered, old or foreign one")
    func verified() async throws {
        try await withScriptedServer({ _, _ in [answer("204 No Content")] }) { server in
            try await withSender([endpoint(server.url + "/hook?x=1")]) { sender, outbox in
                try sender.post(WebhookMessage("training.promoted") { $0.field("title", "Amélie") })
                try await eventually("it is delivered") { try outbox.messages(.delivered).count == 1 }
                let request = try #require(server.requests.first)
                let message = try #require(try outbox.messages().first)
                #expect(request.hasPrefix("POST /hook?x=1 HTTP/1.1\r\n"))
                #expect(header("Content-Type", of: request) == "application/json")
                #expect(header("Marquee-Delivery", of: request) == message.id)
                #expect(header("Marquee-Event", of: request) == "training.promoted")
                let body = try #require(request.range(of: "\r\n\r\n").map { String(request[$0.upperBound...]) })
                #expect(body.contains(message.id) && body.hasSuffix("\"Amélie\"}}"))
                let signature = try #require(header("Marquee-Signature", of: request))
                #expect(signature.wholeMatch(of: /t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}/) != nil, "\(signature)")
                let code =
                    try Self.verifier() + """

                        import sys
                        body, header = sys.argv[1].encode(), sys.argv[2]
                        new, old, other = b"0123456789abcdef-new", b"0123456789abcdef-old", b"0123456789abcdef-oth"
                        at = int(header.split(",")[0][2:])
                        assert verify(body, header, [new]) and verify(body, header, [old]) and verify(body, header, [other, old])
                        assert verify(body, header, [new], now=at + 300) and not verify(body, header, [new], now=at + 301)
                        assert not verify(body, header, [new], now=at - 301)
                        assert not verify(body + b" ", header, [new]) and not verify(body, header, [other])
                        assert not verify(body, header.replace(f"t={at}", f"t={at + 1}"), [new])
                        for bad in ["", "t=", f"t={at}", "v1=00", "t=x,v1=00", f"t={at},t={at},v1=00", "t=²,v1=00"]:
                            assert not verify(body, bad, [new]), bad
                        """
                let (status, output) = try await runCommand("/usr/bin/env", ["python3", "-c", code, body, signature])
                #expect(status == 0, "\(output)")
            }
        }
    }

    @Test("what fails is tried again under the same id, what is refused for good is not")
    func retries() async throws {
        let script: ScriptedServer.Script = { number, request in
            if request.hasPrefix("POST /gone") { return [answer("410 Gone")] }
            return [number < 2 ? answer("500 Internal Server Error") : answer("200 OK")]
        }
        try await withScriptedServer(script) { server in
            try await withSender([endpoint(server.url)]) { sender, outbox in
                try sender.post(WebhookMessage("a") { _ in })
                try await eventually("it is delivered") { try outbox.messages(.delivered).count == 1 }
                #expect(server.requests.count == 3)
                #expect(Set(server.requests.map { header("Marquee-Delivery", of: $0) }).count == 1)
                #expect(try outbox.messages().first?.attempts == 3)
            }
            try await withSender([endpoint(server.url + "/gone")]) { sender, outbox in
                try sender.post(WebhookMessage("a") { _ in })
                try await eventually("it is dead") { try outbox.messages(.dead).count == 1 }
                #expect(try outbox.messages().first?.reason?.contains("410") == true)
            }
        }
        // Nothing listens there any more.
        try await withSender([endpoint("http://127.0.0.1:1/")]) { sender, outbox in
            try sender.post(WebhookMessage("a") { _ in })
            try await eventually("it was tried more than once") { try (outbox.messages().first?.attempts ?? 0) > 1 }
            #expect(try outbox.messages().first?.reason?.contains("Cannot connect") == true)
        }
    }

    @Test("a redirect is not followed, and a private target is not asked unless it is allowed")
    func targets() async throws {
        try await withScriptedServer({ _, _ in [answer("200 OK")] }) { inside in
            let script: ScriptedServer.Script = { _, _ in
                [answer("302 Found", headers: ["Location: \(inside.url)/meta"])]
            }
            try await withScriptedServer(script) { server in
                try await withSender([endpoint(server.url)]) { sender, outbox in
                    try sender.post(WebhookMessage("a") { _ in })
                    try await eventually("it is tried again") { server.requests.count > 2 }
                    #expect(try outbox.messages().first?.reason?.contains("redirects are not followed") == true)
                    #expect(inside.requests.isEmpty)
                }
            }
            for host in [
                "127.0.0.1:\(inside.port)", "localhost:\(inside.port)", "169.254.169.254", "10.0.0.1", "[fe80::1]",
            ] {
                try await withSender([endpoint("http://\(host)/", allowsPrivateTargets: false)]) { sender, outbox in
                    try sender.post(WebhookMessage("a") { _ in })
                    try await eventually("\(host) is refused") { try outbox.messages(.dead).count == 1 }
                    #expect(try outbox.messages().first?.reason?.contains("private") == true)
                }
            }
            #expect(inside.requests.isEmpty && inside.connectionCount == 0)
        }
    }

    @Test("a receiver that hangs holds up neither who posts nor another receiver, and its message is kept")
    func hanging() async throws {
        try await withScriptedServer({ _, _ in [.hang] }) { hanging in
            try await withScriptedServer({ _, _ in [answer("200 OK")] }) { server in
                try await withTemporaryFolder { folder in
                    let state = StateDatabase(folder: folder.path)
                    let outbox = Outbox(state)
                    var policy = WebhookPolicy()
                    (policy.timeout, policy.concurrency) = (.seconds(60), 3)
                    let sender = WebhookSender(
                        [try endpoint(hanging.url), try endpoint(server.url)], state: state, policy: policy)
                    let running = Task { try await sender.run() }
                    for _ in 0..<10 { try sender.post(WebhookMessage("a") { _ in }) }
                    try await eventually("the other has all") { server.requests.count == 10 }
                    try await eventually("it hangs") { hanging.requests.count == 3 }
                    // Cancelled long before the time-out: what was on the wire goes back.
                    running.cancel()
                    try await running.value
                    #expect(try outbox.messages(.pending).filter { $0.endpoint == hanging.url }.count == 10)
                    #expect(hanging.requests.count == 3, "no more are on the wire at once")
                    #expect(try outbox.next(for: hanging.url).map { $0 <= .now } == true)
                    #expect(try outbox.messages(.pending).allSatisfy { $0.attempts == 0 }, "nor do they count")
                    // A process that is about to end waits no longer than it was told.
                    await WebhookSender([try endpoint(hanging.url)], state: state).flush(within: .milliseconds(50))
                    #expect(try outbox.messages(.pending).filter { $0.endpoint == hanging.url }.count == 10)
                }
            }
        }
    }

    @Test("a receiver that asks to wait is left alone for so long, with all that waits for it")
    func retryAfter() async throws {
        let script: ScriptedServer.Script = { _, _ in
            [answer("429 Too Many Requests", headers: ["Retry-After: 3600"])]
        }
        try await withScriptedServer(script) { server in
            try await withTemporaryFolder { folder in
                let state = StateDatabase(folder: folder.path)
                let sender = WebhookSender([try endpoint(server.url)], state: state)
                for _ in 0..<40 { try sender.post(WebhookMessage("a") { _ in }) }
                let soon = Timestamp.now.advanced(bySeconds: 3000)
                let running = Task { try await sender.run() }
                let outbox = Outbox(state)
                try await eventually("some are put off") {
                    try outbox.messages(.pending).contains { $0.nextAt > soon && $0.attempts == 1 }
                }
                running.cancel()
                try await running.value
                // What was on the wire when the first answer came, and no more.
                #expect(server.requests.count <= WebhookPolicy().concurrency)
                let attempts = try outbox.messages(.pending).map(\.attempts)
                #expect(attempts.count == 40 && attempts.reduce(0, +) <= WebhookPolicy().concurrency)
            }
        }
    }

    @Test("after the last attempt a message is dead, and can be revived")
    func deadLetters() async throws {
        try await withScriptedServer({ number, _ in
            [number < 3 ? answer("500 Internal Server Error") : answer("200 OK")]
        }) { server in
            try await withTemporaryFolder { folder in
                let state = StateDatabase(folder: folder.path)
                var policy = WebhookPolicy()
                (policy.attempts, policy.firstPause) = (3, .milliseconds(1))
                let sender = WebhookSender([try endpoint(server.url)], state: state, policy: policy)
                let running = Task { try await sender.run() }
                try sender.post(WebhookMessage("a") { _ in })
                let outbox = Outbox(state)
                try await eventually("it is dead") { try outbox.messages(.dead).count == 1 }
                #expect(try outbox.revive(nil) == 1)
                try await eventually("it is delivered") { try outbox.messages(.delivered).count == 1 }
                #expect(Set(server.requests.map { header("Marquee-Delivery", of: $0) }).count == 1)
                running.cancel()
                try await running.value
            }
        }
    }

    @Test("a growing record is told from where it was left off, once, by whoever looks")
    func following() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let senders = try (0..<2).map { _ in WebhookSender([try endpoint("http://a.example/")], state: state) }
            for count in [2, 2, 5, 4, 6] {
                for sender in senders {
                    try sender.follow("r", count: count) { place in
                        place == 3 ? nil : WebhookMessage("n\(place)") { _ in }
                    }
                }
            }
            // Of 3 nothing is told; after it became shorter it goes on from there.
            #expect(try Outbox(state).messages().map(\.type).reversed() == ["n2", "n4", "n4", "n5"])
        }
    }

    @Test("a file of secrets is read, and what cannot protect is refused")
    func secretFiles() async throws {
        try await withTemporaryFolder { folder in
            func read(_ text: String) throws -> [WebhookSecret] {
                let file = folder.appending(path: "secrets")
                try Data(text.utf8).write(to: file)
                return try WebhookSecret.read(fromFile: file.path)
            }
            let both = try read("# new\n0123456789abcdef\n\n  fedcba9876543210  \r\n")
            #expect(both.count == 2 && "\(both)" == "[******, ******]")
            #expect(Secrets.masked("it is fedcba9876543210.") == "it is ******.")
            #expect(throws: DeliveryError.self) { try read("0123456789abcdef\nshort\n") }
            #expect(throws: DeliveryError.self) { try read("# nothing\n") }
            #expect(throws: DeliveryError.self) { try WebhookSecret.read(fromFile: folder.path + "/none") }
            for url in ["", "ftp://a/", "https:///x", "https://u:p@a/", "https://a/\u{e9}", "https://a b/", "//a/"] {
                #expect(throws: DeliveryError.self, "\(url)") { try endpoint(url) }
            }
        }
    }
}
