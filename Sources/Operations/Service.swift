/// Something that runs for long: a server, an ingester, a feed.
public protocol Service: Sendable {
    /// A short name for the log, such as `http`.
    var name: String { get }

    /// Runs until its work is done or its task is cancelled.
    ///
    /// Cancellation is the graceful stop: take in nothing new, finish what was begun, release what is held, return.
    /// Throwing `CancellationError` then is the same as returning. Must not block a thread of the cooperative pool.
    func run() async throws
}
