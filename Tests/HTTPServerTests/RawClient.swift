import Foundation
import HTTPServer

/// A client that sends exactly the bytes it is given: hostile ones too.
struct RawClient: ~Copyable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw RawClientError.cannotConnect(errno) }
        // A test that waits for ever says nothing.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// - Returns: false once the server has closed.
    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let written = bytes[start...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            start += written
        }
        return true
    }

    /// Says that no more will be sent; what comes back can still be read.
    func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    func pause(milliseconds: Int32) { poll(nil, 0, milliseconds) }

    /// Whether something to read (or the end) comes within some milliseconds.
    func hasInput(within milliseconds: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, milliseconds) > 0
    }

    /// Everything until the server closes.
    func readToEnd() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// Reads until `text` has been seen `times` times or the server closes.
    func read(until text: String, times: Int = 1) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
            let seen = String(decoding: bytes, as: UTF8.self)
            if seen.components(of: text) > times { return seen }
        }
    }
}

enum RawClientError: Error { case cannotConnect(Int32) }

extension String {
    /// The number of pieces that `separator` cuts this into.
    func components(of separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}

/// Runs blocking client code on a thread of its own: pools have too few for clients that wait for each other.
func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// Starts a server on a free port for the length of `body`.
func withServer<R>(
    _ adjust: (inout HTTPServerConfiguration) -> Void = { _ in }, handler: any HTTPHandler,
    _ body: (HTTPServer) async throws -> R
) async throws -> R {
    var configuration = HTTPServerConfiguration(port: 0)
    configuration.threads = 2
    adjust(&configuration)
    let server = HTTPServer(configuration, handler: handler)
    try server.start()
    do {
        let result = try await body(server)
        await server.stop(grace: .seconds(5))
        return result
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
}

/// Sends one request and returns all that comes back until the server closes.
func exchange(_ server: HTTPServer, _ request: String) async throws -> String {
    let port = server.port
    return try await blocking {
        let client = try RawClient(port: port)
        client.write(request)
        return client.readToEnd()
    }
}
