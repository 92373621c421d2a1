internal import CMicrohttpd
internal import CMicrohttpdGate
internal import Dispatch
internal import Domain
internal import Glibc
internal import Synchronization

/// Owns a running libmicrohttpd daemon: the one place that starts and stops it.
///
/// The callbacks get an unowned pointer to this object. That is sound because ``stop()`` joins the daemon's threads
/// and runs before the object can go: whoever holds a running daemon must stop it.
final class Daemon: Sendable {
    let configuration: HTTPServerConfiguration
    let handler: any HTTPHandler
    let connections: ClientConnections
    let port: Int
    /// Requests whose target has arrived and whose response has not gone.
    let requestsInFlight = Atomic<Int>(0)
    let isDraining = Atomic<Bool>(false)
    /// No request may be suspended any more: libmicrohttpd aborts the process if it is stopped with one.
    let isStopping = Atomic<Bool>(false)
    let acceptor: Acceptor
    /// What new connections are greeted with, if they are encrypted.
    let identity: Mutex<ServerIdentity?>
    private let handle = Mutex<Handle>(Handle(pointer: nil))
    /// `nonisolated(unsafe)`: set up in `init`, then only cancelled, and a dispatch source may be cancelled anywhere.
    private nonisolated(unsafe) let watch: any DispatchSourceTimer

    /// `@unchecked Sendable`: the pointer is only used under the mutex, and libmicrohttpd locks for itself.
    private struct Handle: @unchecked Sendable {
        var pointer: OpaquePointer?
    }

    init(_ configuration: HTTPServerConfiguration, handler: any HTTPHandler) throws(HTTPServerError) {
        Self.allowDescriptors(configuration.maximumConnections)
        let identity: ServerIdentity?
        if let files = configuration.tls { identity = try ServerIdentity(files) } else { identity = nil }
        self.identity = Mutex(identity)
        let socket = try ListeningSocket(host: configuration.host, port: configuration.port)
        self.configuration = configuration
        self.handler = handler
        do throws(HTTPServerError) {
            acceptor = try Acceptor(listener: socket.descriptor, maximum: max(1, configuration.maximumConnections))
        } catch {
            close(socket.descriptor)
            throw error
        }
        port = socket.port
        // Sent past libmicrohttpd.
        connections = ClientConnections { LastAnswer.bytes(of: .requestTimedOut, handler) }
        watch = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "marquee.http.watch"))

        var settings = marquee_mhd_settings()
        settings.threads = UInt32(Self.threads(configuration.threads))
        // Divided among the threads, each of which may have all: the limit is the acceptor's.
        settings.connections = UInt32(clamping: max(1, configuration.maximumConnections) * Int(settings.threads))
        settings.connections_per_address = UInt32(clamping: configuration.maximumConnectionsPerAddress)
        settings.idle_seconds = UInt32(clamping: max(1, configuration.idleTimeout.components.seconds))
        // Requests above our own limits must still fit, so that it is we who refuse them and know the request's id.
        // No more than that: libmicrohttpd writes zeros over all of it after each request.
        let head = configuration.maximumHeaderBytes + configuration.maximumTargetBytes
        settings.connection_memory = max(32 << 10, 2 * head)
        settings.context = Unmanaged.passUnretained(self).toOpaque()
        settings.on_request = Callbacks.request
        settings.on_target = Callbacks.target
        settings.unescape = Callbacks.unescape
        settings.on_completed = Callbacks.completed
        settings.on_connection = Callbacks.connection
        if configuration.tls != nil {
            // A C function travels as an untyped address here, and libmicrohttpd takes it as what it is.
            settings.choose_certificate = unsafeBitCast(
                Callbacks.chooseCertificate, to: UnsafeMutableRawPointer?.self)
        }
        marquee_mhd_set_refused(Callbacks.refused)
        guard let pointer = marquee_mhd_start(&settings) else {
            let reason = SystemError.last.message
            acceptor.stop()
            throw .cannotStart(reason: reason)
        }
        let handle = Handle(pointer: pointer)
        self.handle.withLock { $0 = handle }
        // The daemon lives until the acceptor has stopped.
        acceptor.start { MHD_add_connection(handle.pointer, $0, $1, $2) == .YES }
        let milliseconds = Int(ClientConnections.tick / .milliseconds(1))
        watch.schedule(deadline: .now(), repeating: .milliseconds(milliseconds))
        let connections = connections
        watch.setEventHandler { connections.advance() }
        watch.resume()
    }

    /// Accepts no more connections, closes each one after its next response, and ends the streams, which have no end.
    func drain() {
        guard !isDraining.exchange(true, ordering: .sequentiallyConsistent) else { return }
        acceptor.stop()
        connections.endStreams()
    }

    /// A connection has sent a request line, or ends without. Called on its thread; the first call counts.
    func hasBegun(_ client: ClientConnection) {
        guard client.isFresh else { return }
        client.isFresh = false
        acceptor.hasBegun()
    }

    /// Reads certificate and key again: for connections that are opened from now on. If they are not fit, all stays as it is.
    func reloadCertificate() throws(HTTPServerError) {
        guard let files = configuration.tls else { return }
        let next = try ServerIdentity(files)
        identity.withLock { $0 = next }
    }

    /// Whether what goes over a socket is encrypted: then nothing may be written to it past libmicrohttpd.
    var isEncrypted: Bool { configuration.tls != nil }

    /// Answers 503 for every handler that is still at work, and cancels it.
    func stopWork() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        connections.stopWork()
    }

    /// Cuts what is left and joins the daemon's threads: blocks for as long as a handler keeps one of them.
    func stop() {
        drain()
        stopWork()
        let pointer = handle.withLock { handle in
            defer { handle.pointer = nil }
            return handle.pointer
        }
        if let pointer { MHD_stop_daemon(pointer) }
        watch.cancel()
    }

    private static func threads(_ wanted: Int) -> Int {
        wanted > 0 ? min(wanted, 256) : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Raises the process's limit of open files towards what the connections need, as far as the system lets it: the
    /// usual soft limit of 1024 is from the days of select().
    private static func allowDescriptors(_ connections: Int) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, rlim_t(connections) + 1024)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        setrlimit(resource, &limit)
    }
}
