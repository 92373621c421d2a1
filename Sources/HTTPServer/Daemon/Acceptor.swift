internal import Dispatch
internal import Domain
internal import Glibc
internal import Synchronization

/// Takes connections from the listening socket, on a thread of its own, and hands them on.
///
/// libmicrohttpd would do it itself, but cannot be told to stop accepting: two threads then take the socket out of one epoll
/// set, and the one that comes second ends the process (MHD_quiesce_daemon with a pool of threads, 0.9.75).
final class Acceptor: Sendable {
    private let listener: Int32
    private let maximum: Int
    /// Two ends of a socket: the thread waits for the first to see that the other was closed.
    private let bell: (listened: Int32, held: Int32)
    private let isStopped = Atomic<Bool>(false)
    /// Connections that were handed on and are not closed.
    private let open = Atomic<Int>(0)
    /// Those of them that have not sent a request line yet: their first request is on its way, most likely.
    private let fresh = Atomic<Int>(0)
    private let thread = DispatchGroup()

    /// - Parameters:
    ///   - listener: a listening socket that does not block; now the acceptor's.
    ///   - maximum: of open connections. Those beyond wait in the socket's backlog.
    init(listener: Int32, maximum: Int) throws(HTTPServerError) {
        self.listener = listener
        self.maximum = maximum
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw .cannotStart(reason: SystemError.last.message)
        }
        bell = (ends[0], ends[1])
    }

    deinit {
        stop()
        close(bell.listened)
    }

    /// - Parameter body: takes a connection, or closes it and returns false.
    func start(_ body: @escaping @Sendable (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool) {
        thread.enter()
        SystemThread.start("http-accept") { [self] in
            while !isStopped.load(ordering: .acquiring) { if wait() { accept(body) } }
            // Closing the socket would reset those that are connected already and wait to be taken.
            accept(body, atMost: ListeningSocket.backlog)
            thread.leave()
        }
    }

    /// A connection was closed.
    func left() { open.wrappingSubtract(1, ordering: .relaxed) }

    /// A connection has sent its first request line, or ends without.
    func hasBegun() { fresh.wrappingSubtract(1, ordering: .relaxed) }

    var freshConnections: Int { fresh.load(ordering: .relaxed) }

    /// Closes the socket: whoever connects from now on is refused.
    func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        close(bell.held)
        thread.wait()
        close(listener)
    }

    /// Waits for a connection, or a moment where there is no room for one.
    /// - Returns: whether there is room.
    private func wait() -> Bool {
        let isFull = open.load(ordering: .relaxed) >= maximum
        var places = [
            pollfd(fd: bell.listened, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
        ]
        poll(&places, isFull ? 1 : 2, isFull ? 5 : -1)
        return !isFull
    }

    /// Takes those that wait, while there is room.
    /// - Parameter last: how many at most after the stop was asked for; nil to take them until then.
    private func accept(_ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool, atMost last: Int? = nil) {
        var count = 0
        while open.load(ordering: .relaxed) < maximum {
            guard last.map({ count < $0 }) ?? !isStopped.load(ordering: .acquiring) else { return }
            count += 1
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let isTaken: Bool? = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    let connection = Glibc.accept(listener, address, &length)
                    guard connection >= 0 else { return nil }
                    _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                    // Before it is handed on: it may be closed before that returns.
                    open.wrappingAdd(1, ordering: .relaxed)
                    fresh.wrappingAdd(1, ordering: .relaxed)
                    return body(connection, address, length)
                }
            }
            guard let isTaken else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                // Out of descriptors or memory: what waits goes on waiting.
                if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) { usleep(5000) }
                return
            }
            if !isTaken {
                hasBegun()
                left()
            }
        }
    }
}
