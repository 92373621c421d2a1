internal import Domain
import Foundation
import Synchronization

/// A port of our choice in front of one that the system chose: what comes in goes to the other and back.
///
/// The embedded broker cannot choose its port. Clients that know it by a fixed address ask there for the brokers of the
/// cluster and then speak to those directly; so little goes this way, and after a new start they find it again.
///
/// Sendable: what changes lies in the mutex. Two threads a connection, which end with it.
final class PortRelay: Sendable {
    let port: Int
    private let target: Int
    private let state: Mutex<State>

    private struct State {
        /// -1 once closed.
        var listener: Int32
        var open: Set<Int32> = []
    }

    /// Listens on 127.0.0.1.
    /// - Throws: ``KafkaError/failed(operation:reason:)`` if the port cannot be had.
    init(port: Int, to target: Int) throws {
        self.port = port
        self.target = target
        let listener = try Self.socket("listening on port \(port)", at: port) { descriptor, address, length in
            // A broker that is started again must not wait for connections of the one before to be forgotten.
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            return bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0
        }
        state = Mutex(State(listener: listener))
        SystemThread.start("port-relay") { [weak self] in
            // A closed relay shuts its listener down, which ends the wait.
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    break
                }
                guard let self else {
                    Glibc.close(client)
                    break
                }
                self.serve(client)
            }
            Glibc.close(listener)
        }
    }

    deinit { close() }

    /// Takes no more connections and ends those there are.
    func close() {
        let (listener, open) = state.withLock { state in
            defer { state.listener = -1 }
            return (state.listener, state.open)
        }
        if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func serve(_ client: Int32) {
        guard let broker = try? Self.socket("connecting", at: target, { connect($0, $1, $2) == 0 }) else {
            Glibc.close(client)
            return
        }
        let isOpen = state.withLock { state in
            guard state.listener >= 0 else { return false }
            state.open.formUnion([client, broker])
            return true
        }
        guard isOpen else {
            Glibc.close(client)
            Glibc.close(broker)
            return
        }
        let halves = Halves()
        for (from, to) in [(client, broker), (broker, client)] {
            SystemThread.start("port-relay") { [weak self] in
                Self.copy(from, to)
                shutdown(from, Int32(SHUT_RDWR))
                shutdown(to, Int32(SHUT_RDWR))
                guard halves.isLastToLeave else { return }
                _ = self?.state.withLock { $0.open.subtract([client, broker]) }
                Glibc.close(client)
                Glibc.close(broker)
            }
        }
    }

    /// The second of a connection's two threads closes both ends.
    private final class Halves: Sendable {
        private let left = Atomic(2)
        var isLastToLeave: Bool { left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
    }

    private static func copy(_ from: Int32, _ to: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            var sent = 0
            while sent < count {
                let part = buffer.withUnsafeBytes {
                    send(to, $0.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
                }
                if part < 0 && errno == EINTR { continue }
                guard part > 0 else { return }
                sent += part
            }
        }
    }

    /// A TCP socket that `use` has bound or connected to a port of 127.0.0.1.
    private static func socket(
        _ operation: String, at port: Int, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        let isUsed = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                descriptor >= 0 && use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isUsed else {
            let reason = SystemError.last.message
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw KafkaError.failed(operation: operation, reason: reason)
        }
        return descriptor
    }
}
