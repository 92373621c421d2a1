import HTTPServer
import Synchronization
import TestSupport
import Testing

/// Many clients, slow readers, limits on connections, stops under load.
@Suite("Load", .serialized, .timeLimit(.minutes(2)))
struct LoadTests {
    @Test("a thousand pipelined requests are answered in order")
    func pipelining() async throws {
        try await withServer(handler: Echo()) { server in
            let requests = (0..<1000).map { number in
                let path = number % 3 == 0 ? "later" : "now"
                let closing = number == 999 ? "Connection: close\r\n" : ""
                return "GET /\(path)/\(number) HTTP/1.1\r\nHost: h\r\n\(closing)\r\n"
            }
            let answer = try await exchange(server, requests.joined())
            let numbers = answer.split(separator: "\"segments\":[\"").dropFirst().compactMap { part in
                part.split(separator: "\"").dropFirst(2).first.flatMap { Int($0) }
            }
            #expect(numbers == Array(0..<1000))
        }
    }

    @Test("a client that does not read its answer is cut")
    func slowReader() async throws {
        struct Big: HTTPHandler {
            func respond(to request: HTTPRequest) -> HTTPReply {
                .now(HTTPResponse(body: [UInt8](repeating: 120, count: 50_000_000)))
            }
        }
        try await withServer({ $0.sendDeadline = .milliseconds(300) }, handler: Big()) { server in
            let port = server.port
            let received = try await blocking {
                let client = try RawClient(port: port)
                client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                while server.load.requests == 0 { client.pause(milliseconds: 5) }
                while server.load.requests > 0 { client.pause(milliseconds: 20) }
                return client.readToEnd().utf8.count
            }
            #expect(received < 50_000_000)
        }
    }

    @Test("connections of one address beyond the limit are closed, the others go on")
    func connectionsPerAddress() async throws {
        try await withServer({ $0.maximumConnectionsPerAddress = 8 }, handler: Echo()) { server in
            let port = server.port
            let answered = try await blocking {
                var held: [HeldClient] = []
                for _ in 0..<12 { held.append(try HeldClient(port: port)) }
                return held.count { $0.asks() }
            }
            #expect(answered == 8)
        }
    }

    @Test("connections beyond the limit wait and are served when others go")
    func connectionLimit() async throws {
        try await withServer({ $0.maximumConnections = 4 }, handler: Echo()) { server in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await exchange(server, "GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                            .hasPrefix("HTTP/1.1 200")
                    }
                }
                for try await isServed in group { #expect(isServed) }
            }
        }
    }

    /// libmicrohttpd 0.9.75 ends the process if a thread of its pool looks at its sockets while it is told to accept no more
    /// ("Failed to remove listen FD from epoll set"): once in some thousands of stops.
    @Test("servers stop while clients come, many times over")
    func stopsWhileClientsCome() async throws {
        for _ in 0..<Effort.rounds(500, nightly: 20_000) {
            let server = HTTPServer(HTTPServerConfiguration(port: 0), handler: Echo())
            try server.start()
            let port = server.port
            async let clients: Void = blocking {
                for _ in 0..<4 {
                    guard let client = try? RawClient(port: port) else { return }
                    _ = client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                }
            }
            try? await Task.sleep(for: .microseconds(Int.random(in: 0...300)))
            await server.stop(grace: .zero)
            try await clients
        }
    }

    @Test("servers that stop at any moment under load neither crash nor hang", arguments: 0..<10)
    func stopsUnderLoad(_ round: Int) async throws {
        struct Slow: HTTPHandler {
            func respond(to request: HTTPRequest) -> HTTPReply {
                .later {
                    try? await Task.sleep(for: .microseconds(Int.random(in: 0...3000)))
                    return HTTPResponse(text: "x")
                }
            }
        }
        let server = HTTPServer(HTTPServerConfiguration(port: 0), handler: Slow())
        try server.start()
        let port = server.port
        let isOver = Flag()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try? await blocking {
                        // Not until the port is closed: another server may get the same one.
                        while !isOver.isSet, let client = try? RawClient(port: port) {
                            for _ in 0..<20 where client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n") {
                                if client.read(until: "\r\n\r\nx").isEmpty { break }
                            }
                        }
                    }
                }
            }
            try? await Task.sleep(for: .milliseconds(10 * round))
            await server.stop(grace: .milliseconds(round % 3))
            isOver.set()
        }
        #expect(server.load == (0, 0))
    }
}

/// Set once, seen by many.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// A client in an array.
final class HeldClient {
    private let client: RawClient
    init(port: Int) throws { client = try RawClient(port: port) }

    /// Sends a piece of a request.
    func drip(_ text: String) { client.write(text) }

    /// Whether a request on this connection is answered.
    func asks() -> Bool {
        client.write("GET /x HTTP/1.1\r\nHost: h\r\n\r\n") && client.read(until: "agent").hasPrefix("HTTP/1.1 200")
    }
}
