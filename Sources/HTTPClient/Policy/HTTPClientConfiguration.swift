/// How an ``HTTPClient`` sends. The defaults suit services in the same network.
public struct HTTPClientConfiguration: Sendable {
    public var connectTimeout = Duration.seconds(2)
    /// Time for one `send`, retries and waits included, unless the request says otherwise.
    public var deadline = Duration.seconds(10)
    /// How often a request is sent at most; 1 means never again.
    public var attempts = 3
    /// The wait before the first retry; it doubles each time, up to `maximumBackoff`, with half of it random so
    /// that clients which failed together do not come back together.
    public var backoff = Duration.milliseconds(100)
    public var maximumBackoff = Duration.seconds(5)
    /// Larger bodies (after decompression) end the transfer.
    public var maximumResponseBytes = 64 << 20
    /// Whether the status is all that is wanted: an answer that is longer than ``maximumResponseBytes`` is then cut off there,
    /// and no failure.
    public var cutsLongResponses = false
    /// More requests wait for one that is free; 0 for no limit.
    public var connectionsPerServer = 16
    public var idleConnections = 32
    public var breaker = CircuitBreaker.Policy()
    /// PEM file of certificate authorities to trust instead of the system's.
    public var certificateAuthority: String?
    /// Whether a connection is only made to an address of the public internet: for targets that somebody else names. It is
    /// looked at after the name is resolved, for each connection, so that no name can lead elsewhere later. Proxies of the
    /// environment are not used then: they would hide the address.
    public var onlyPublicAddresses = false
    public var userAgent = "marquee"

    public init() {}
}
