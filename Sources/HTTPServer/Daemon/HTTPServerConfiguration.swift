/// Where a server listens and what it bears. The defaults suit a service on one machine behind a proxy or on its own.
public struct HTTPServerConfiguration: Sendable {
    /// Name or address to listen on. `127.0.0.1` is reachable from this machine alone, `0.0.0.0` and `::` from all.
    public var host: String
    /// 0 takes any free port; see ``HTTPServer/port``.
    public var port: Int
    /// Event loops, each with its own epoll. 0 is one a core.
    public var threads: Int = 0
    /// Open connections; what comes beyond waits in the listening queue.
    public var maximumConnections: Int = 4096
    /// Open connections of one client address; 0 is no limit (a proxy in front is one address).
    public var maximumConnectionsPerAddress: Int = 0
    /// Bytes of path and query; longer is 414.
    public var maximumTargetBytes: Int = 8192
    /// Bytes of all header names and values; more is 431.
    public var maximumHeaderBytes: Int = 16384
    /// Bytes of a body; more is 413.
    public var maximumBodyBytes: Int = 8 << 20
    /// Parameters in one query; more is 400.
    public var maximumQueryParameters: Int = 100
    /// From the first byte (or the accepted connection) to the last of a request; slower is 408. Unlike a time-out of
    /// inactivity it also ends a client that sends one byte a second.
    public var requestDeadline: Duration = .seconds(20)
    /// From the whole request to the handler's answer; slower is 503.
    public var answerDeadline: Duration = .seconds(30)
    /// From the answer to its last byte sent; a client that reads slower is cut.
    public var sendDeadline: Duration = .seconds(60)
    /// How long a kept-alive connection may wait for its next request.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a server that stops waits for the first request of connections that are open and have sent none yet: at most,
    /// and not longer than its grace.
    public var firstRequestGrace: Duration = .seconds(1)
    /// Certificate and key for TLS 1.2 and 1.3; nil to speak plain HTTP.
    public var tls: TLSFiles?

    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }

    /// Whether ``host`` is an address that this machine alone can reach. Blocks for a name look-up unless it is an address.
    /// - Throws: ``HTTPServerError/hostUnknown(_:reason:)``.
    public func isLoopback() throws(HTTPServerError) -> Bool { try ListeningSocket.isLoopback(host) }
}
