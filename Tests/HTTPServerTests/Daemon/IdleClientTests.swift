import Foundation
import HTTPServer
import TestSupport
import Testing

@Suite("Clients that keep a server waiting", .serialized, .timeLimit(.minutes(2)))
struct IdleClientTests {
    @Test("two thousand idle connections, and as many slow ones as there are loops times ten, starve nobody")
    func idle() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        // Both ends of each connection lie in this process.
        try #require(limit.rlim_max >= 6000, "the system allows \(limit.rlim_max) open files")
        try await withServer(handler: Echo()) { server in
            let port = server.port
            try await blocking {
                var held: [HeldClient] = []
                for _ in 0..<2000 { held.append(try HeldClient(port: port)) }
                var dripping: [HeldClient] = []
                for _ in 0..<20 {
                    let client = try HeldClient(port: port)
                    client.drip("POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
                    dripping.append(client)
                }
                while server.load.connections < 2020 { usleep(5000) }
                for _ in 0..<50 {
                    let other = try RawClient(port: port)
                    other.write("GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                    #expect(other.readToEnd().hasPrefix("HTTP/1.1 200"))
                    for client in dripping { client.drip("x") }
                }
                // The idle ones are there, and are answered when they ask.
                #expect(held.last?.asks() == true && held.first?.asks() == true)
            }
        }
    }
}
