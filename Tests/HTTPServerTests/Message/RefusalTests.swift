import HTTPServer
import Testing

/// What libmicrohttpd itself turns away is answered as all else: one problem, once, and the connection ends.
@Suite("Refusals")
struct RefusalTests {
    static let post = "POST / HTTP/1.1\r\nHost: h\r\n"
    static let long = String(repeating: "a", count: 300_000)

    @Test(
        "of what is no request are one problem+json with one status line",
        arguments: [
            ("GET\r\n\r\n", 400), ("\u{1}\u{2}\u{3}\r\n\r\n", 400), ("garbage here is\r\nHost: h\r\n\r\n", 400),
            ("GET / HTTP/9.9\r\nHost: h\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400),
            (post + "Content-Length: -1\r\n\r\n", 400), (post + "Content-Length: 1e3\r\n\r\n", 400),
            (post + "Content-Length: 99999999999999999999999\r\n\r\n", 413),
            (post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nbad trailer\r\n\r\n", 400),
            (post + "Content-Length : 2\r\n\r\nab", 400),

            ("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400), ("GET /\r\n\r\n", 400),
            (post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 413),
            (post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400),
            ("GET /" + long + " HTTP/1.1\r\nHost: h\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: h\r\nX-A: " + long + "\r\n\r\n", 431),
            ("GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", 400), ("GET /a?b=%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            (post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
            (post + "Content-Encoding: br, gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
        ], [false, true])
    func refused(_ bad: (request: String, status: Int), afterAnother: Bool) async throws {
        try await withServer(handler: Echo()) {
            let answer = try await exchange(
                $0, (afterAnother ? "GET /first HTTP/1.1\r\nHost: h\r\n\r\n" : "") + bad.request)
            let answers = answer.components(of: "HTTP/1.1 ") - 1
            #expect(answers == (afterAnother ? 2 : 1), "\(bad.request.prefix(60)): \(answer)")
            if afterAnother { #expect(answer.hasPrefix("HTTP/1.1 200 ")) }
            let last = answer.split(separator: "HTTP/1.1 ").last ?? ""
            #expect(last.hasPrefix("\(bad.status) "), "\(bad.request.prefix(60)): \(last)")
            #expect(last.contains("Content-Type: application/problem+json"))
            #expect(last.contains(#""status":\#(bad.status)"#) && last.contains(#""request_id":""#))
            #expect(!answer.contains("<html>"))
        }
    }

    @Test("an identity Content-Encoding is none")
    func identity() async throws {
        try await withServer(handler: Echo()) {
            let request = Self.post + "Content-Encoding: identity\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            let answer = try await exchange($0, request)
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(
        "a client that has closed for writing is answered, and the connection closed",
        arguments: [
            "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", "GET /later HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok",
            "GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET /y HTTP/1.1\r\nHost: h\r\n\r\n",
        ])
    func halfClosed(_ request: String) async throws {
        // Far beyond the time a test is given, so that only the end of the connection can be what ends it.
        try await withServer(
            {
                $0.idleTimeout = .seconds(3600); $0.requestDeadline = .seconds(3600)
            }, handler: Echo()
        ) {
            let port = $0.port
            let answer = try await blocking {
                let client = try RawClient(port: port)
                client.write(request)
                client.finishWriting()
                return (text: client.readToEnd(), hasEnded: client.hasInput(within: 0))
            }
            #expect(answer.text.components(of: "HTTP/1.1 200 ") == request.components(of: "Host: h"))
            // At the end of a stream there is always something to read: that it is over.
            #expect(answer.hasEnded)
        }
    }

    @Test("a connection that only opens and closes, or ends after its answer, gets nothing more")
    func quiet() async throws {
        try await withServer(handler: Echo()) {
            let port = $0.port
            let nothing = try await blocking {
                let client = try RawClient(port: port)
                client.finishWriting()
                return client.readToEnd()
            }
            #expect(nothing.isEmpty)
            for close in ["HTTP/1.1\r\nConnection: close", "HTTP/1.0"] {
                let answer = try await exchange($0, "GET /x \(close)\r\nHost: h\r\n\r\n")
                #expect(answer.components(of: "HTTP/1.1 ") == 2, "\(answer)")
            }
        }
    }
}
