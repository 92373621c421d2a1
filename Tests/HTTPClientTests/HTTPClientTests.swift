import Domain
import Foundation
import TestSupport
import Testing

@testable import HTTPClient

/// Against a server that misbehaves on request. What is asserted is what arrived and what came back, never how long it
/// took; only what must not hang has a deadline.
@Suite struct HTTPClientTests {
    private func client(_ change: (inout HTTPClient.Configuration) -> Void = { _ in }) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.backoff = .milliseconds(2)
        configuration.breaker.failures = 0
        configuration.deadline = .seconds(30)
        change(&configuration)
        return HTTPClient(configuration)
    }

    private func expectStatus(
        _ status: Int, _ client: HTTPClient, _ request: HTTPRequest, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let response = try await client.send(request)
        #expect(response.status == status, sourceLocation: location)
    }

    @Test func sendsAndReceives() async throws {
        try await withScriptedServer({ _, _ in
            [answer("201 Created", headers: ["X-Kind:  odd\t", "X-Kind: even"], body: "héllo")]
        }) {
            let request = HTTPRequest(
                .put, $0.url + "/a/b?c=d", headers: [HTTPHeader("X-Empty", ""), HTTPHeader("X-One", "1")],
                body: Array("body".utf8))
            let response = try await client().send(request)
            #expect(response.status == 201 && response.isSuccess)
            #expect(String(decoding: response.body, as: UTF8.self) == "héllo")
            #expect(response.header("x-kind") == "odd")
            #expect(response.headers.filter { $0.name == "X-Kind" }.map(\.value) == ["odd", "even"])
            let sent = try #require($0.requests.first)
            #expect(sent.hasPrefix("PUT /a/b?c=d HTTP/1.1\r\n"))
            #expect(sent.contains("\r\nX-Empty:\r\n") && sent.contains("\r\nX-One: 1\r\n"))
            #expect(sent.contains("\r\nContent-Type: application/octet-stream\r\n"))
            #expect(!sent.contains("Expect:"))
            #expect(sent.hasSuffix("\r\n\r\nbody"))
        }
    }

    /// libcurl asks again by itself where a kept connection breaks, and nobody can tell whether the first was carried out.
    @Test(arguments: [true, false])
    func aPostIsNotSentTwiceOverAKeptConnectionThatBreaks(isIdempotent: Bool) async throws {
        try await withScriptedServer({ number, _ in number == 0 ? [answer("200 OK")] : [.reset] }) { server in
            let client = client { $0.attempts = 1 }
            try await expectStatus(200, client, HTTPRequest(.get, server.url))
            await #expect(throws: HTTPClientError.self) {
                try await client.send(
                    HTTPRequest(.post, server.url, body: Array("order".utf8), isIdempotent: isIdempotent))
            }
            #expect(server.requests.count { $0.hasPrefix("POST") } == (isIdempotent ? 2 : 1))
        }
    }

    /// For threads that may wait; here one of the cooperative pool, which it needs no other of.
    @Test func blocksUntilTheAnswerIsThereAndAsksOnce() async throws {
        try await withScriptedServer({ number, _ in
            number == 0 ? [answer("503 Service Unavailable")] : [.send("HTTP/1.1 200"), .reset]
        }) { server in
            let client = client()
            let response = try client.sendOnceBlocking(HTTPRequest(.get, server.url))
            #expect(response.status == 503 && server.requests.count == 1)
            _ = #expect(throws: HTTPClientError.self) {
                try client.sendOnceBlocking(HTTPRequest(.get, server.url + "/other"))
            }
            client.close()
            _ = #expect(throws: HTTPClientError.closed) { try client.sendOnceBlocking(HTTPRequest(.get, server.url)) }
        }
    }

    @Test func methodsWithAndWithoutBody() async throws {
        try await withScriptedServer({ _, _ in [answer("204 No Content")] }) { server in
            let client = client()
            for method in [HTTPRequest.Method.get, .head, .put, .post, .delete] {
                for body in [nil, [UInt8](), Array("x".utf8)] where method != .head || body == nil {
                    let response = try await client.send(
                        HTTPRequest(method, server.url, body: body, isIdempotent: true))
                    #expect(response.status == 204)
                    #expect(server.requests.last?.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n") == true)
                    #expect(server.requests.last?.hasSuffix("\r\n\r\n" + (body == [0x78] ? "x" : "")) == true)
                }
            }
            #expect(server.connectionCount == 1, "the connection is used again")
        }
    }

    @Test func interimAnswersAreSkipped() async throws {
        try await withScriptedServer({ _, _ in
            [.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), answer("200 OK", headers: ["A: b"], body: "y")]
        }) {
            let response = try await client().send(HTTPRequest(.get, $0.url))
            #expect(response.status == 200 && response.header("Link") == nil && response.header("A") == "b")
        }
    }

    @Test func manyRequestsAtOnceGetTheirOwnAnswers() async throws {
        try await withScriptedServer({ _, request in [answer("200 OK", body: String(request.split(separator: " ")[1]))]
        }) {
            server in
            let client = client { $0.connectionsPerServer = 4 }
            try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        (number, try await client.send(HTTPRequest(.get, "\(server.url)/\(number)")).body)
                    }
                }
                for try await (number, body) in group {
                    #expect(String(decoding: body, as: UTF8.self) == "/\(number)")
                }
            }
            #expect(server.connectionCount <= 4)
        }
    }

    // MARK: Retries

    @Test(arguments: ["429 Too Many Requests", "503 Service Unavailable"])
    func busyServersAreAskedAgain(status: String) async throws {
        try await withScriptedServer({ number, _ in
            [answer(number < 2 ? status : "200 OK", headers: ["Retry-After: 0"])]
        }) {
            let response = try await client().send(HTTPRequest(.post, $0.url, body: []))
            #expect(response.status == 200 && $0.requests.count == 3)
        }
    }

    @Test func theLastAnswerIsReturned() async throws {
        try await withScriptedServer({ _, _ in [answer("503 Service Unavailable", body: "full")] }) {
            let response = try await client().send(HTTPRequest(.get, $0.url))
            #expect(response.status == 503 && response.body == Array("full".utf8) && $0.requests.count == 3)
            _ = try await client().send(HTTPRequest(.get, $0.url, attempts: 1))
            #expect($0.requests.count == 4)
        }
    }

    @Test func aWaitPastTheDeadlineIsNotWaited() async throws {
        try await withScriptedServer({ _, _ in [answer("429 Too Many Requests", headers: ["Retry-After: 3600"])] }) {
            try await expectStatus(429, client(), HTTPRequest(.get, $0.url))
            #expect($0.requests.count == 1)
        }
    }

    @Test func onlyIdempotentRequestsAreRepeatedAfterABreak() async throws {
        let script: ScriptedServer.Script = { number, _ in
            number % 3 == 2 ? [answer("200 OK")] : [.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"), .reset]
        }
        try await withScriptedServer(script) {
            try await expectStatus(200, client(), HTTPRequest(.get, $0.url))
            #expect($0.requests.count == 3)
        }
        try await withScriptedServer(script) { server in
            let error = await #expect(throws: HTTPClientError.self) {
                try await client().send(HTTPRequest(.post, server.url, body: []))
            }
            #expect(error?.code == "http-connection-lost" && server.requests.count == 1)
        }
        try await withScriptedServer(script) {
            try await expectStatus(200, client(), HTTPRequest(.post, $0.url, body: [], isIdempotent: true))
        }
    }

    @Test(arguments: [502, 504])
    func gatewaysThatDoNotKnow(status: Int) async throws {
        try await withScriptedServer({ _, _ in [answer("\(status) Gateway")] }) {
            _ = try await client().send(HTTPRequest(.post, $0.url, body: []))
            #expect($0.requests.count == 1)
            _ = try await client().send(HTTPRequest(.get, $0.url))
            #expect($0.requests.count == 4)
        }
    }

    // MARK: Faults

    @Test func silenceEndsAtTheDeadline() async throws {
        for steps in [[ScriptedServer.Step.hang], [.send("HTTP/1.1 200 OK\r\nContent-Le"), .hang]] {
            try await withScriptedServer({ _, _ in steps }) { server in
                let error = await #expect(throws: HTTPClientError.self) {
                    try await client().send(HTTPRequest(.get, server.url, deadline: .milliseconds(50)))
                }
                #expect(error == .deadlineExceeded(server: server.url, after: .milliseconds(50)))
            }
        }
    }

    @Test func aServerThatIsNotThereIsUnavailable() async throws {
        let server = try ScriptedServer { _, _ in [] }
        server.stop()
        let error = await #expect(throws: HTTPClientError.self) {
            try await client().send(HTTPRequest(.get, server.url))
        }
        #expect(error?.code == "http-cannot-connect" && error?.category == .unavailable)
        let unknown = await #expect(throws: HTTPClientError.self) {
            try await client().send(HTTPRequest(.get, "http://nowhere.invalid/"))
        }
        #expect(unknown?.code == "http-cannot-connect")
    }

    /// For whoever wants the status alone.
    @Test func aLongAnswerCanBeCutAndCountsAsAnswered() async throws {
        let client = client {
            $0.maximumResponseBytes = 100_000
            $0.cutsLongResponses = true
        }
        for status in ["200 OK", "500 Internal Server Error"] {
            try await withScriptedServer({ _, _ in
                [.send("HTTP/1.1 \(status)\r\nContent-Length: 99999999999\r\n\r\n"), .sendBody(bytes: 300_000), .hang]
            }) { server in
                let response = try await client.send(HTTPRequest(.get, server.url))
                #expect(response.status == Int(status.prefix(3)) && response.body.count <= 100_000)
            }
        }
    }

    @Test func hugeBodiesAreCutOff() async throws {
        let client = client { $0.maximumResponseBytes = 100_000 }
        for head in ["Content-Length: 99999999999", "Transfer-Encoding: chunked\r\n\r\nFFFFFF"] {
            try await withScriptedServer({ _, _ in
                [
                    .send("HTTP/1.1 200 OK\r\n\(head)\r\n\(head.hasPrefix("C") ? "\r\n" : "")"),
                    .sendBody(bytes: 300_000), .hang,
                ]
            }) {
                server in
                let error = await #expect(throws: HTTPClientError.self) {
                    try await client.send(HTTPRequest(.get, server.url))
                }
                #expect(error == .responseTooLarge(server: server.url, limit: 100_000))
            }
        }
        try await withScriptedServer({ _, _ in
            [.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), .sendBody(bytes: 100_000)]
        }) {
            let body = try await client.send(HTTPRequest(.get, $0.url)).body
            #expect(body.count == 100_000)
        }
    }

    @Test func endlessHeadersAreCutOff() async throws {
        let header = "X-Filler: \(String(repeating: "x", count: 1000))\r\n"
        try await withScriptedServer({ _, _ in
            [.send("HTTP/1.1 200 OK\r\n" + String(repeating: header, count: 400)), .hang]
        }) { server in
            let error = await #expect(throws: HTTPClientError.self) {
                try await client().send(HTTPRequest(.get, server.url))
            }
            #expect(error?.code == "http-response-too-large")
        }
    }

    @Test(arguments: [
        "\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "\0\0\0",
    ])
    func garbageIsAnError(bytes: String) async throws {
        try await withScriptedServer({ _, _ in [.send(bytes), .close] }) { server in
            let error = await #expect(throws: HTTPClientError.self) {
                try await client().send(HTTPRequest(.get, server.url))
            }
            #expect(error?.code == "http-malformed-response")
        }
    }

    @Test func cancellationEndsTheRequest() async throws {
        try await withScriptedServer({ _, _ in [.hang] }) { server in
            let client = client()
            let task = Task { try await client.send(HTTPRequest(.get, server.url)) }
            while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let early = Task {
                try await Task.sleep(for: .seconds(60))
            }
            early.cancel()
            let late = Task {
                _ = try? await early.value
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send(HTTPRequest(.get, server.url))
            }
            await #expect(throws: CancellationError.self) { try await late.value }
        }
    }

    @Test func closingEndsEverything() async throws {
        try await withScriptedServer({ _, _ in [.hang] }) { server in
            let client = client()
            let task = Task { try await client.send(HTTPRequest(.get, server.url)) }
            while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            client.close()
            await #expect(throws: HTTPClientError.closed) { try await task.value }
            await #expect(throws: HTTPClientError.closed) { try await client.send(HTTPRequest(.get, server.url)) }
        }
    }

    // MARK: Breaker

    @Test func anOpenBreakerSendsNothing() async throws {
        try await withScriptedServer({ number, _ in [number < 3 ? .close : answer("200 OK")] }) { server in
            let client = client { $0.breaker = .init(failures: 3, coolDown: .milliseconds(100)) }
            let request = HTTPRequest(.get, server.url, attempts: 1)
            for _ in 0..<3 { await #expect(throws: HTTPClientError.self) { try await client.send(request) } }
            await #expect(throws: HTTPClientError.circuitOpen(server: server.url)) { try await client.send(request) }
            // It is the server's, whatever the path.
            let other = HTTPRequest(.get, server.url + "/any")
            await #expect(throws: HTTPClientError.circuitOpen(server: server.url)) { try await client.send(other) }
            #expect(server.requests.count == 3)
            // Half open after the cool-down: the probe succeeds and closes it.
            try await Task.sleep(for: .milliseconds(150))
            try await expectStatus(200, client, request)
            try await expectStatus(200, client, request)
        }
    }

    // MARK: What may not be sent, and what may not be shown

    @Test(arguments: [
        "", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///x", "http://:80/",
        "http://a b/",
        "http://user:secret@example.org/", "http://exämple.org/", "http://example.org/\r\nX: y",
    ])
    func oddURLsAreRefused(url: String) async throws {
        let error = await #expect(throws: HTTPClientError.self) { try await client().send(HTTPRequest(.get, url)) }
        #expect(error?.code == "http-malformed-request")
        #expect(error?.description.contains("secret") == false)
    }

    @Test func headersCannotSmuggle() async throws {
        for header in [
            HTTPHeader("X", "a\r\nY: b"), HTTPHeader("X\r\nY", "b"), HTTPHeader("", "b"), HTTPHeader("X:", "b"),
        ] {
            let request = HTTPRequest(.get, "http://127.0.0.1:9/", headers: [header])
            let error = await #expect(throws: HTTPClientError.self) { try await client().send(request) }
            #expect(error?.code == "http-malformed-request")
        }
        let request = HTTPRequest(.get, "http://127.0.0.1:9/", credentials: .bearer("a\r\nX: y"))
        let error = await #expect(throws: HTTPClientError.self) { try await client().send(request) }
        #expect(error?.code == "http-malformed-request")
    }

    @Test func credentialsAreSentAndNeverShown() async throws {
        let all: [(HTTPCredentials, String)] = [
            (.basic(user: "ann", password: "s:cret"), "Basic YW5uOnM6Y3JldA=="),
            (.apiKey("czpjcmV0"), "ApiKey czpjcmV0"),
            (.bearer("s.cret"), "Bearer s.cret"),
        ]
        for (credentials, header) in all {
            try await withScriptedServer({ _, _ in [answer("401 Unauthorized")] }) { server in
                let request = HTTPRequest(.get, server.url, credentials: credentials)
                try await expectStatus(401, client(), request)
                #expect(server.requests.first?.contains("\r\nAuthorization: \(header)\r\n") == true)
                var dumped = ""
                dump(request, to: &dumped)
                for text in [dumped, "\(request)", String(reflecting: request)] {
                    #expect(!text.contains("cret") && !text.contains("czpj"))
                }
            }
        }
    }

    @Test func redirectsAreNotFollowed() async throws {
        try await withScriptedServer({ _, _ in [answer("302 Found", headers: ["Location: file:///etc/passwd"])] }) {
            try await expectStatus(302, client(), HTTPRequest(.get, $0.url))
            #expect($0.requests.count == 1)
        }
    }
}
