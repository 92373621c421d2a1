import Domain
import HTTPServer
import Synchronization
import Testing

/// Answers with what it understood.
struct Echo: HTTPHandler {
    func respond(to request: HTTPRequest) -> HTTPReply {
        var json = JSONWriter()
        json.object {
            $0.field("method", request.method.description)
            $0.field("segments", request.segments)
            $0.field("query", request.query.parameters.map { "\($0.name)=\($0.value)" })
            $0.field("body", request.body.count)
            $0.field("agent", request.headers["user-agent"] ?? "")
        }
        let response = HTTPResponse(body: json.bytes)
        if request.segments.first == "later" {
            return .later {
                await Task.yield()
                return response
            }
        }
        return .now(response)
    }
}

@Suite("HTTP server")
struct HTTPServerTests {
    @Test("answers at once and later, on one kept-alive connection, pipelined", arguments: ["now", "later"])
    func pipelined(_ path: String) async throws {
        try await withServer(handler: Echo()) { server in
            let request = "GET /\(path)/a%2Fb?x=1%262&y=a+b&z HTTP/1.1\r\nHost: h\r\nUser-Agent: test\r\n\r\n"
            let last = "GET /\(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(server, request + request + last)
            #expect(answer.components(of: "HTTP/1.1 200 OK") == 4)
            #expect(answer.contains(#""segments":["\#(path)","a/b"],"query":["x=1&2","y=a b","z="]"#))
            #expect(answer.contains(#""agent":"test""#))
        }
    }

    @Test("blanks around a header's value are no part of it", arguments: ["now", "later"])
    func blanks(_ path: String) async throws {
        try await withServer(handler: Echo()) { server in
            for value in ["test", "  test", "test  ", "\ttest\t ", " \t test \t"] {
                let answer = try await exchange(
                    server, "GET /\(path) HTTP/1.1\r\nHost: h\r\nUser-Agent:\(value)\r\nConnection: close\r\n\r\n")
                #expect(answer.contains(#""agent":"test""#), "\(value): \(answer)")
            }
            let inner = try await exchange(
                server, "GET /\(path) HTTP/1.1\r\nHost: h\r\nUser-Agent:  a  b \r\nConnection: close\r\n\r\n")
            #expect(inner.contains(#""agent":"a  b""#))
            let none = try await exchange(
                server, "GET /\(path) HTTP/1.1\r\nHost: h\r\nUser-Agent:   \r\nConnection: close\r\n\r\n")
            #expect(none.contains(#""agent":"""#))
        }
    }

    @Test("a body arrives whole, by length and in chunks")
    func bodies() async throws {
        try await withServer({ $0.maximumBodyBytes = 300_000 }, handler: Echo()) { server in
            let body = String(repeating: "b", count: 300_000)
            let sized = try await exchange(
                server, "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n" + body)
            #expect(sized.contains(#""body":300000"#))
            let chunked = try await exchange(
                server,
                "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n")
            #expect(chunked.contains(#""body":31"#))
        }
    }

    @Test("HEAD has the headers and no body")
    func head() async throws {
        try await withServer(handler: Echo()) { server in
            let answer = try await exchange(server, "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.contains("Content-Length: "))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "other forms of the target",
        arguments: [
            ("GET http://host:80/a/b?c=d", "\"segments\":[\"a\",\"b\"],\"query\":[\"c=d\"]"),
            ("GET http://host?c=d", "\"segments\":[],\"query\":[\"c=d\"]"), ("OPTIONS *", "\"segments\":[]"),
            ("GET /?", "\"segments\":[],\"query\":[]"), ("GET /?&&a&=b&", "\"query\":[\"a=\",\"=b\"]"),
            ("GET /a//b/", "\"segments\":[\"a\",\"\",\"b\",\"\"]"), ("GET /..%2f../%41", "\"../..\""),
            ("BREW /pot", "\"method\":\"BREW\""),
        ])
    func targets(_ line: String, _ expected: String) async throws {
        try await withServer(handler: Echo()) { server in
            let answer = try await exchange(server, "\(line) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(answer.contains(expected), "\(answer)")
        }
    }

    @Test("the request's identifier is taken over, or made where it is unfit")
    func requestIdentifiers() async throws {
        try await withServer(handler: Echo()) { server in
            let own = try await exchange(
                server, "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: abc-1\r\nConnection: close\r\n\r\n")
            #expect(own.contains("X-Request-Id: abc-1\r\n"))
            let unfit = try await exchange(
                server, "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: a b\"<\r\nConnection: close\r\n\r\n")
            #expect(unfit.contains("X-Request-Id: ") && !unfit.contains("a b"))
        }
    }

    @Test("a port in use is named, with advice")
    func portInUse() async throws {
        try await withServer(handler: Echo()) { server in
            let second = HTTPServer(HTTPServerConfiguration(port: server.port), handler: Echo())
            let error = #expect(throws: HTTPServerError.self) { try second.start() }
            #expect(error == .portInUse(host: "127.0.0.1", port: server.port))
            #expect(error?.category == .unavailable)
            #expect(error?.description.contains("--port") == true)
        }
    }

    @Test("hosts and ports that cannot be are refused")
    func impossibleAddresses() {
        #expect(throws: HTTPServerError.portOutOfRange(65536)) {
            try HTTPServer(HTTPServerConfiguration(port: 65536), handler: Echo()).start()
        }
        #expect(throws: HTTPServerError.self) {
            try HTTPServer(HTTPServerConfiguration(host: "no.such.host.invalid", port: 0), handler: Echo()).start()
        }
    }

    @Test("stopping lets a request at work end, then closes")
    func drains() async throws {
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let server = HTTPServer(HTTPServerConfiguration(port: 0)) { _ in
            .later {
                begin.yield()
                for await _ in released { break }
                return HTTPResponse(text: "done")
            }
        }
        try server.start()
        async let answer = exchange(server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        for await _ in started { break }
        async let stopped: Void = server.stop(grace: .seconds(10))
        release.yield()
        await stopped
        let text = try await answer
        #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("done"))
        #expect(text.contains("Connection: close"))
    }

    @Test("stopping answers the first request of those who were connected already")
    func answersTheConnected() async throws {
        var configuration = HTTPServerConfiguration(port: 0)
        configuration.firstRequestGrace = .seconds(60)
        let server = HTTPServer(configuration) { _ in .now(HTTPResponse(text: "done")) }
        try server.start()
        let port = server.port
        let (connected, connect) = AsyncStream.makeStream(of: Void.self)
        async let answer = blocking {
            let client = try RawClient(port: port)
            connect.yield()
            while Self.isOpen(port) { client.pause(milliseconds: 5) }
            client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            return client.readToEnd()
        }
        for await _ in connected { break }
        await server.stop(grace: .seconds(60))
        let text = try await answer
        #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("done"))
        #expect(text.contains("Connection: close"))
    }

    /// Whether somebody listens on the port; whoever was taken goes at once.
    private static func isOpen(_ port: Int) -> Bool {
        do {
            _ = try RawClient(port: port)
            return true
        } catch {
            return false
        }
    }

    @Test("stopping without grace answers 503 for what is at work and cancels it")
    func stopsHard() async throws {
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        let cancelled = Mutex(false)
        let server = HTTPServer(HTTPServerConfiguration(port: 0)) { _ in
            .later {
                begin.yield()
                try? await Task.sleep(for: .seconds(3600))
                cancelled.withLock { $0 = Task.isCancelled }
                return HTTPResponse(text: "never")
            }
        }
        try server.start()
        async let answer = exchange(server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        for await _ in started { break }
        await server.stop(grace: .zero)
        let text = try await answer
        #expect(text.hasPrefix("HTTP/1.1 503") && text.contains(#""code":"stopping""#))
        while !cancelled.withLock({ $0 }) { await Task.yield() }
    }

    @Test("a handler that takes too long is answered for with 503")
    func answerDeadline() async throws {
        struct Slow: HTTPHandler {
            func respond(to request: HTTPRequest) -> HTTPReply {
                .later {
                    try? await Task.sleep(for: .seconds(3600))
                    return HTTPResponse(text: "never")
                }
            }
        }
        try await withServer({ $0.answerDeadline = .milliseconds(300) }, handler: Slow()) { server in
            let answer = try await exchange(server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 503") && answer.contains(#""code":"answer-timed-out""#))
        }
    }
}
