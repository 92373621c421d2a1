import Foundation
import HTTPServer
import Testing

/// What a client can do to hurt: each gets a clear answer or is cut, and the server lives.
@Suite("Hostile requests")
struct HostileRequestTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        var name: String
        var request: String
        var status: Int
        var testDescription: String { name }
    }

    static let long = String(repeating: "a", count: 70_000)
    static let bad = [
        Bad(name: "% at the end", request: "GET /a% HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "% and no digits", request: "GET /a%zz HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "invalid UTF-8 in the path", request: "GET /%ff HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "overlong UTF-8", request: "GET /%c0%af HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "surrogate", request: "GET /%ed%a0%80 HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "U+0085 in the path", request: "GET /a%c2%85 HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "U+009F in the query", request: "GET /?x=%c2%9f HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "bad query", request: "GET /?x=%e2%82 HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "no slash", request: "GET a HTTP/1.1\r\nHost: h\r\n\r\n", status: 400),
        Bad(name: "no Host", request: "GET / HTTP/1.1\r\n\r\n", status: 400),
        Bad(name: "two Hosts", request: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", status: 400),
        Bad(
            name: "length and chunked",
            request: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status: 400),
        Bad(
            name: "two lengths",
            request: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", status: 400),
        Bad(
            name: "101 parameters",
            request: "GET /?\((0...100).map { "p\($0)=1" }.joined(separator: "&")) HTTP/1.1\r\nHost: h\r\n\r\n",
            status: 400),
        Bad(name: "long target", request: "GET /\(long.prefix(9000)) HTTP/1.1\r\nHost: h\r\n\r\n", status: 414),
        Bad(
            name: "large headers", request: "GET / HTTP/1.1\r\nHost: h\r\nX-A: \(long.prefix(20000))\r\n\r\n",
            status: 431),
        Bad(
            name: "body too large, asking first",
            request: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n",
            status: 413),
        Bad(
            name: "body too large, sent",
            request: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n\(long)", status: 413),
        Bad(
            name: "body too large, in chunks",
            request: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n\(long)\r\n0\r\n\r\n",
            status: 413),
        Bad(
            name: "gzip transfer coding",
            request: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", status: 501),
    ]

    @Test("gets a problem that says what is wrong", arguments: bad)
    func refused(_ bad: Bad) async throws {
        try await withServer(
            {
                $0.maximumBodyBytes = 65_536; $0.requestDeadline = .seconds(2)
            }, handler: Echo()
        ) {
            let answer = try await exchange($0, bad.request)
            #expect(answer.hasPrefix("HTTP/1.1 \(bad.status) "))
            #expect(answer.contains("Content-Type: application/problem+json"))
            #expect(answer.contains(#""status":\#(bad.status)"#))
        }
    }

    @Test("beyond every buffer is cut or refused, and the next client is served")
    func beyondBuffers() async throws {
        try await withServer({ $0.requestDeadline = .seconds(1) }, handler: Echo()) { server in
            for request in [
                "GET /" + String(repeating: "a", count: 2_000_000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X-A: b\r\n", count: 100_000) + "\r\n",
                "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: h\r\n\r\n", "\r\n\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\nConnection: close\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\n: empty\r\nConnection: close\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1e3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            ] {
                let port = server.port
                let answer = try await blocking {
                    let client = try RawClient(port: port)
                    client.write(request)
                    client.finishWriting()
                    return client.readToEnd()
                }
                #expect(!answer.hasPrefix("HTTP/1.1 5") || answer.hasPrefix("HTTP/1.1 505"), "\(request.prefix(40))")
            }
            let answer = try await exchange(server, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test(
        "a client that sends a byte now and then is cut by the request deadline",
        arguments: [
            "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n", "GE",
        ])
    func slowLoris(_ start: String) async throws {
        try await withServer({ $0.requestDeadline = .milliseconds(500) }, handler: Echo()) { server in
            let port = server.port
            let answer = try await blocking {
                let client = try RawClient(port: port)
                client.write(start)
                // The deadline is what ends this: each byte comes long before any time-out of inactivity.
                while client.write("a"), !client.hasInput(within: 100) {}
                return client.readToEnd()
            }
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test("each request that is too slow is told an identifier of its own")
    func slowIdentifiers() async throws {
        try await withServer({ $0.requestDeadline = .milliseconds(500) }, handler: Echo()) { server in
            let port = server.port
            let ids = try await blocking {
                try (0..<3).map { _ in
                    let client = try RawClient(port: port)
                    client.write("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ")
                    let answer = client.readToEnd()
                    let parts = answer.components(separatedBy: "\r\n\r\n")
                    let head = parts[0].components(separatedBy: "X-Request-Id: ").last?.prefix { $0 != "\r\n" } ?? ""
                    #expect(answer.hasPrefix("HTTP/1.1 408 ") && !head.isEmpty, "\(answer)")
                    #expect(parts.last?.contains("\"request_id\":\"\(head)\"") == true, "\(answer)")
                    return String(head)
                }
            }
            #expect(Set(ids).count == 3, "\(ids)")
        }
    }

    @Test(
        "clients that go away in the middle leave nothing behind",
        arguments: [
            "", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\n",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
            "GET /later HTTP/1.1\r\nHost: h\r\n\r\n",
        ])
    func aborts(_ start: String) async throws {
        // libmicrohttpd 0.9.75 can miss the end of a connection that comes together with data; the deadline does not.
        try await withServer({ $0.requestDeadline = .milliseconds(500) }, handler: Echo()) { server in
            let port = server.port
            try await blocking {
                for _ in 0..<20 { try RawClient(port: port).write(start) }
            }
            while server.load.requests > 0 || server.load.connections > 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }
}
