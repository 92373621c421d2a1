import Domain
import HTTPServer
import Synchronization
import TestSupport
import Testing

/// Hands out one stream for each request and remembers it.
private final class Streaming: HTTPHandler {
    let streams = Mutex<[HTTPStream]>([])
    let limit: Int

    init(limit: Int = 1 << 20) { self.limit = limit }

    func respond(to request: HTTPRequest) -> HTTPReply {
        if request.path == "/plain" { return .now(HTTPResponse(text: "plain\n")) }
        let stream = HTTPStream(limit: limit)
        streams.withLock { $0.append(stream) }
        return .now(HTTPResponse(contentType: "text/event-stream", stream: stream))
    }

    func first() async throws -> HTTPStream {
        try await eventually("a stream is asked for") { self.streams.withLock { !$0.isEmpty } }
        return streams.withLock { $0[0] }
    }
}

@Suite("Streamed answers")
struct HTTPStreamTests {
    private static let request = "GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

    @Test("pieces arrive as they are written, in chunks, and the end closes the body")
    func pieces() async throws {
        let handler = Streaming()
        try await withServer(handler: handler) { server in
            let answer = Task.detached { try await exchange(server, Self.request) }
            let stream = try await handler.first()
            for number in 0..<5 {
                #expect(stream.write(Array("data: \(number)\n\n".utf8)))
                try await Task.sleep(for: .milliseconds(20))
            }
            stream.end()
            let text = try await answer.value
            #expect(text.hasPrefix("HTTP/1.1 200 OK"))
            #expect(text.contains("Transfer-Encoding: chunked"))
            #expect(text.contains("Content-Type: text/event-stream"))
            for number in 0..<5 { #expect(text.contains("data: \(number)\n\n")) }
            #expect(text.hasSuffix("0\r\n\r\n"))
            #expect(!stream.write([1]), "nobody reads after the end")
        }
    }

    @Test("a client that goes is noticed, and the connection is given back")
    func gone() async throws {
        let handler = Streaming()
        try await withServer(handler: handler) { server in
            try await Task.detached {
                let client = try RawClient(port: server.port)
                client.write(Self.request)
                _ = try await handler.first()
            }.value
            let stream = try await handler.first()
            try await eventually("writing finds nobody") { !stream.write(Array("data: x\n\n".utf8)) }
            try await eventually("no connection is left") { server.load.connections == 0 }
        }
    }

    @Test("a client that reads nothing is cut off at the limit, and holds up nobody")
    func slow() async throws {
        let handler = Streaming(limit: 100_000)
        try await withServer(handler: handler) { server in
            let client = try RawClient(port: server.port)
            client.write(Self.request)
            let stream = try await handler.first()
            let piece = [UInt8](repeating: 120, count: 50_000)
            // What the sockets hold is taken in; then it piles up.
            try await eventually("the stream is cut") {
                for _ in 0..<100 where !stream.write(piece) { return true }
                return false
            }
            #expect(!stream.isOpen)
            let plain = try await exchange(server, "GET /plain HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(plain.hasSuffix("plain\n"))
        }
    }

    @Test("a server that stops ends its streams, quiet ones and those at work, without waiting out its grace")
    func stopped() async throws {
        let handler = Streaming()
        let server = HTTPServer(HTTPServerConfiguration(port: 0), handler: handler)
        try server.start()
        let answers = (0..<20).map { _ in Task.detached { try await exchange(server, Self.request) } }
        try await eventually("all streams are open") { handler.streams.withLock { $0.count == 20 } }
        for stream in handler.streams.withLock({ $0.prefix(10) }) { stream.write(Array("data: x\n\n".utf8)) }
        let start = ContinuousClock.now
        await server.stop(grace: .seconds(60))
        #expect(ContinuousClock.now - start < .seconds(30))
        for answer in answers { #expect(try await answer.value.hasSuffix("0\r\n\r\n")) }
    }
}
