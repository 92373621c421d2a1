internal import CMicrohttpdGate
internal import Glibc
internal import Synchronization

/// What a connection is waiting for, and until which tick it may.
///
/// The connection's thread moves it from phase to phase, the watch ends what is late. Both do it by compare-and-swap
/// on one word, so a request is either answered or cut, never both.
final class ClientConnection: Sendable {
    enum Phase: UInt64 {
        /// Waiting for a request or for the rest of it.
        case receiving = 0
        /// The handler's task is at work.
        case answering = 1
        case sending = 2
        /// Given up: the socket is shut down and nothing more may be sent.
        case cut = 3
    }

    /// What the next bytes of the connection are expected to be.
    enum Part { case line, headers, body }

    let socket: Int32
    /// Outlives every connection: it waits for libmicrohttpd to have closed them.
    unowned let daemon: Daemon
    /// Kept by the connection's thread alone, as the next seven are: `nonisolated(unsafe)` for that reason.
    nonisolated(unsafe) var part = Part.line
    /// Nothing is answered any more after the answer at work: the client or we said so.
    nonisolated(unsafe) var isLast = false
    /// The status with which libmicrohttpd turned the bytes away that it got.
    nonisolated(unsafe) var refusedStatus: UInt32?
    /// Its last answer was sent; nothing may follow.
    nonisolated(unsafe) var hasEnded = false
    /// What the connection was greeted with: it lives as long as the connection.
    nonisolated(unsafe) var identity: ServerIdentity?
    /// A request of this connection was answered.
    nonisolated(unsafe) var hasAnswered = false
    /// The daemon counts it among those that have not sent anything yet.
    nonisolated(unsafe) var isFresh = true
    /// The tick at which it began to wait for a request line.
    nonisolated(unsafe) var waitingSince: UInt64
    /// Deadline in ticks above, phase in the lowest two bits.
    private let word: Atomic<UInt64>
    /// The request at work, while one is.
    private let exchange = Mutex<Exchange?>(nil)
    /// What is being sent to it, if that is written meanwhile.
    private let stream = Mutex<HTTPStream?>(nil)

    init(socket: Int32, daemon: Daemon, now: UInt64, deadline: UInt64) {
        self.socket = socket
        self.daemon = daemon
        waitingSince = now
        word = Atomic(deadline << 2 | Phase.receiving.rawValue)
    }

    /// Enters a phase that may last until `deadline`.
    /// - Returns: false if the connection was cut meanwhile: the caller must not send.
    func enter(_ phase: Phase, until deadline: UInt64) -> Bool {
        let next = deadline << 2 | phase.rawValue
        var current = word.load(ordering: .relaxed)
        while current & 3 != Phase.cut.rawValue {
            let (exchanged, original) = word.compareExchange(
                expected: current, desired: next, ordering: .acquiringAndReleasing)
            if exchanged { return true }
            current = original
        }
        return false
    }

    /// Answers the request at work, if one is, with 503.
    func stopWork() { exchange.withLock { $0 }?.finish(refusal: .stopping) }

    func work(on exchange: Exchange?) { self.exchange.withLock { $0 = exchange } }

    func stream(_ stream: HTTPStream?) { self.stream.withLock { $0 = stream } }

    /// Ends the stream that is being sent, if one is.
    func endStream() { stream.withLock { $0 }?.end() }

    /// Ends what is late at `now`. Called by the watch under the lock that also guards the end of this connection, so
    /// the socket is still ours.
    /// - Parameter lateRequest: makes what a request that is too slow gets, whole.
    func enforce(now: UInt64, lateRequest: () -> [UInt8]) {
        let current = word.load(ordering: .relaxed)
        guard current >> 2 <= now, let phase = Phase(rawValue: current & 3), phase != .cut else { return }
        if phase == .answering {
            exchange.withLock { $0 }?.finish(refusal: .answerTimedOut)
            return
        }
        let (exchanged, _) = word.compareExchange(
            expected: current, desired: Phase.cut.rawValue, ordering: .acquiringAndReleasing)
        guard exchanged else { return }
        if phase == .receiving, !daemon.isEncrypted {
            // libmicrohttpd sends nothing while it receives, so this cannot get into the middle of a response.
            _ = lateRequest().withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
        }
        shutdown(socket, Int32(SHUT_RDWR))
    }
}

/// All open connections and the clock of their deadlines.
final class ClientConnections: Sendable {
    /// Deadlines are counted in these: coarse enough that the clock costs a request nothing.
    static let tick: Duration = .milliseconds(250)
    /// A deadline that does not come; the phase stands beside it in one word.
    static let never = UInt64.max >> 2

    private let open = Mutex<[ObjectIdentifier: ClientConnection]>([:])
    private let ticks = Atomic<UInt64>(1)
    /// Makes what a request that is too slow gets, whole: each of them another identifier.
    private let lateRequest: @Sendable () -> [UInt8]

    init(lateRequest: @escaping @Sendable () -> [UInt8]) { self.lateRequest = lateRequest }

    var count: Int { open.withLock { $0.count } }

    var now: UInt64 { ticks.load(ordering: .relaxed) }

    /// The tick after which `duration` from now has surely passed.
    func deadline(after duration: Duration) -> UInt64 {
        ticks.load(ordering: .relaxed) + UInt64(max(0, duration / Self.tick).rounded(.up)) + 1
    }

    func insert(_ connection: ClientConnection) { open.withLock { $0[ObjectIdentifier(connection)] = connection } }

    /// After this returns nobody uses the socket any more.
    func remove(_ connection: ClientConnection) {
        open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    func stopWork() { for connection in open.withLock({ Array($0.values) }) { connection.stopWork() } }

    func endStreams() { for connection in open.withLock({ Array($0.values) }) { connection.endStream() } }

    /// Advances the clock by one tick, ends what is late and tells libmicrohttpd of ends that it missed.
    /// O(open connections).
    func advance() {
        let now = ticks.wrappingAdd(1, ordering: .relaxed).newValue
        open.withLock { open in
            for connection in open.values { connection.enforce(now: now, lateRequest: lateRequest) }
            Self.remindOfEnds(open.values)
        }
    }

    /// The end of a client's sending that comes together with its last bytes is missed by libmicrohttpd (0.9.75, epoll): it
    /// would wait a minute for the next request. Closing our side for reading, which loses nothing that was received,
    /// makes the socket readable once more.
    private static func remindOfEnds(_ connections: some Collection<ClientConnection>) {
        guard !connections.isEmpty else { return }
        let end = marquee_pollrdhup
        var places = connections.map { pollfd(fd: $0.socket, events: end, revents: 0) }
        guard poll(&places, nfds_t(places.count), 0) > 0 else { return }
        for place in places where place.revents & end != 0 { shutdown(place.fd, marquee_shut_rd) }
    }
}
