internal import Domain
internal import Synchronization

/// An HTTP/1.1 server over libmicrohttpd: event loops, limits, deadlines, drain. It knows no routes.
///
///     let server = HTTPServer(HTTPServerConfiguration(port: 8080)) { request in
///         .now(HTTPResponse(text: "hello \(request.path)\n"))
///     }
///     try server.start()
///     …
///     await server.stop()
public final class HTTPServer: Sendable {
    private enum State {
        case new
        case running(Daemon)
        case stopped
    }

    public let configuration: HTTPServerConfiguration
    private let handler: any HTTPHandler
    private let state = Mutex(State.new)

    /// Opens no port yet; see ``start()``.
    /// - Parameter handler: is kept as long as the server and called from many threads at once.
    public init(_ configuration: HTTPServerConfiguration = HTTPServerConfiguration(), handler: any HTTPHandler) {
        self.configuration = configuration
        self.handler = handler
    }

    /// A server whose handler is one closure; see ``HTTPHandler/respond(to:)``.
    public convenience init(
        _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        respond: @escaping @Sendable (HTTPRequest) -> HTTPReply
    ) {
        self.init(configuration, handler: ClosureHandler(closure: respond))
    }

    deinit {
        if case .running(let daemon) = state.withLock({ $0 }) { daemon.stop() }
    }

    /// Opens the port and serves. Returns at once.
    /// - Throws: if the port cannot be had or the daemon not be started.
    public func start() throws(HTTPServerError) {
        let outcome: Result<Void, HTTPServerError> = state.withLock { state in
            guard case .new = state else { return .failure(.alreadyStarted) }
            do throws(HTTPServerError) {
                state = .running(try Daemon(configuration, handler: handler))
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    /// The port that is listened on: the configured one, or the one the system gave for 0.
    public var port: Int {
        if case .running(let daemon) = state.withLock({ $0 }) { daemon.port } else { configuration.port }
    }

    /// Open connections, and requests that are being received, answered or sent.
    public var load: (connections: Int, requests: Int) {
        guard case .running(let daemon) = state.withLock({ $0 }) else { return (0, 0) }
        return (daemon.connections.count, daemon.requestsInFlight.load(ordering: .relaxed))
    }

    /// Reads certificate and key again, for connections that are opened from now on; without TLS nothing happens. Blocks.
    /// - Throws: ``HTTPServerError`` if they are not fit for use: those before stay.
    public func reloadCertificate() throws(HTTPServerError) {
        guard case .running(let daemon) = state.withLock({ $0 }) else { return }
        try daemon.reloadCertificate()
    }

    /// Stops: no new connections at once, those that were just opened get a moment to send their first request, requests
    /// at work get `grace` to end, what is left then is answered 503 or cut. Safe to call more than once.
    public func stop(grace: Duration = .seconds(10)) async {
        let running: Daemon? = state.withLock { state in
            defer { state = .stopped }
            if case .running(let daemon) = state { return daemon }
            return nil
        }
        guard let daemon = running else { return }
        daemon.drain()
        await Self.begun(daemon, within: min(grace, configuration.firstRequestGrace))
        await Self.quiet(daemon, within: grace)
        daemon.stopWork()
        // What was just answered 503 still has to reach the client.
        await Self.quiet(daemon, within: .seconds(1))
        // Stopping joins threads, which must not be done on a thread of the cooperative pool.
        await withCheckedContinuation { done in
            SystemThread.start("http-stop") {
                daemon.stop()
                done.resume()
            }
        }
    }

    /// Waits for the first requests of connections that were opened just now: who has connected has not been told that
    /// nobody answers here any more, and a proxy sends no second time what it may not send twice.
    private static func begun(_ daemon: Daemon, within limit: Duration) async {
        let end = ContinuousClock.now + limit
        while daemon.acceptor.freshConnections > 0, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private static func quiet(_ daemon: Daemon, within limit: Duration) async {
        let end = ContinuousClock.now + limit
        while daemon.requestsInFlight.load(ordering: .relaxed) > 0, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

private struct ClosureHandler: HTTPHandler {
    let closure: @Sendable (HTTPRequest) -> HTTPReply
    func respond(to request: HTTPRequest) -> HTTPReply { closure(request) }
}
