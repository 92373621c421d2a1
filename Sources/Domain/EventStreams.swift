/// Where a room that makes events hands them over. Kafka implements it; tests give an array.
public protocol EventPublisher: Sendable {
    /// Returns when every event is durable with the broker (acknowledged by all in-sync replicas).
    /// - Throws: a ``Fault`` of category `unavailable` if one could not be delivered in time.
    func publish(_ events: [Event]) async throws
}

/// New events, as they happen: what serving folds in between two trainings.
public protocol EventFeed: Sendable {
    /// Calls `receive` with batches in order until the task is cancelled. Delivery is at least once: a receiver drops
    /// an `eventID` it has seen.
    func run(_ receive: @Sendable ([Event]) -> Void) async throws
    /// Whether new events can be heard at this moment. Quick, and may be asked from any thread.
    var state: FeedState { get }
}

extension EventFeed {
    /// A feed that knows nothing of outages.
    public var state: FeedState { .hearing }
}

/// Whether a feed hears what happens.
public enum FeedState: Sendable, Equatable {
    case hearing
    /// Since then it hears nothing, or not everything; `reason` is a sentence without a full stop.
    case down(since: Timestamp, reason: String)
}
