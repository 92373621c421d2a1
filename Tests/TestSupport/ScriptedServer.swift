import Foundation
import Synchronization

/// A server that does what a test tells it, byte by byte: for the faults that a proper server does not commit.
///
/// One thread for each connection. `@unchecked Sendable`: the descriptor is written once, before the threads start.
public final class ScriptedServer: @unchecked Sendable {
    public enum Step: Sendable {
        /// Sends these bytes.
        case send(String)
        /// Sends that many more bytes of body.
        case sendBody(bytes: Int)
        /// Keeps the connection open and silent until the server stops.
        case hang
        /// Ends the connection with a reset.
        case reset
        /// Ends the connection.
        case close
    }

    /// The steps for the request with that number, counted from 0 over all connections. After the last step the
    /// connection waits for its next request.
    public typealias Script = @Sendable (_ number: Int, _ request: String) -> [Step]

    private let listener: Int32
    private let script: Script
    private struct State {
        var requests: [String] = []
        var connections: Set<Int32> = []
        var accepted = 0
        var isStopped = false
    }
    private let state = Mutex(State())
    public let port: Int

    public init(_ script: @escaping Script) throws {
        self.script = script
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [self] in accept() }.start()
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    /// All requests so far, head and body.
    public var requests: [String] { state.withLock { $0.requests } }
    /// How many connections were made.
    public var connectionCount: Int { state.withLock { $0.accepted } }

    public func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private func accept() {
        while case let connection = Foundation.accept(listener, nil, nil), connection >= 0 {
            state.withLock { state in
                state.connections.insert(connection)
                state.accepted += 1
            }
            Thread { [self] in serve(connection) }.start()
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        defer {
            state.withLock { _ = $0.connections.remove(connection) }
            close(connection)
        }
        while let request = receive(connection) {
            let number = state.withLock { state in
                state.requests.append(request)
                return state.requests.count - 1
            }
            for step in script(number, request) {
                switch step {
                case .send(let text): transmit(Array(text.utf8), connection)
                case .sendBody(let bytes): transmit([UInt8](repeating: 0x78, count: bytes), connection)
                case .hang:
                    // Returns when the client goes away or the server stops.
                    var byte: UInt8 = 0
                    _ = recv(connection, &byte, 1, 0)
                    return
                case .reset:
                    var now = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
                    return
                case .close: return
                }
            }
        }
    }

    private func transmit(_ bytes: [UInt8], _ connection: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// One request with its body by Content-Length; nil at the end of the connection.
    private func receive(_ connection: Int32) -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let length = text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
                if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}

/// A whole response.
public func answer(_ status: String, headers: [String] = [], body: String = "") -> ScriptedServer.Step {
    let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
    return .send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
}

/// Runs `body` with a scripted server that stops afterwards.
public func withScriptedServer<R>(_ script: @escaping ScriptedServer.Script, _ body: (ScriptedServer) async throws -> R)
    async throws
    -> R
{
    let server = try ScriptedServer(script)
    defer { server.stop() }
    return try await body(server)
}
