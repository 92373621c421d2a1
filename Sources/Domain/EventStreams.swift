/// Where a room that makes events hands them over. Kafka implements it; tests give an array.
public protocol EventPublisher: Sendable {
    /// Returns when every event is durable with the broker (acknowledged by all in-sync replicas).
    /// - Throws: a ``Fault`` of category `unavailable` if one could not be delivered in time.
    func publish(_ events: [Event]) async throws
}

/// Where a room that shows lists says what it has shown. Kafka implements it; tests give an array.
public protocol ImpressionPublisher: Sendable {
    /// Returns when every impression is durable with the broker (acknowledged by all in-sync replicas).
    /// - Throws: a ``Fault`` of category `unavailable` if one could not be delivered in time.
    func publish(_ impressions: [Impression]) async throws
}

/// New events, as they happen: what serving folds in between two trainings.
public protocol EventFeed: Sendable {
    /// Calls `receive` with batches in order until the task is cancelled. Delivery is at least once: a receiver drops
    /// an `eventID` it has seen.
    func run(_ receive: @Sendable ([Event]) -> Void) async throws
    /// Whether new events can be heard at this moment. Quick, and may be asked from any thread.
    var state: FeedState { get }
    /// Begins where a table of events ends, by the progress markers of its newest version: whoever has read the table
    /// then hears each event that it has not. Called before ``run(_:)``.
    func begin(behind markers: [String: Int64])
    /// How new what is heard is. Quick, and may be asked from any thread.
    var freshness: FeedFreshness { get }
}

extension EventFeed {
    /// A feed that knows nothing of outages.
    public var state: FeedState { .hearing }
    /// A feed that always begins where it wants to.
    public func begin(behind markers: [String: Int64]) {}
    /// A feed that knows nothing of it.
    public var freshness: FeedFreshness { FeedFreshness() }
}

/// How new what a feed has handed over is.
public struct FeedFreshness: Sendable, Equatable {
    /// Events that are there and were not handed over; nil if that is not known.
    public var lag: Int64?
    /// Seconds from an event's arrival at the broker until it was taken in, of the newest few thousand events: the median
    /// and the 99th percentile; nil before the first.
    public var seconds: (p50: Double, p99: Double)?
    /// One past the last message of each partition, as the broker has said last.
    public var ends: [TopicPartition: Int64] = [:]
    /// What a table calls the cluster that ``ends`` are of; nil before it has answered.
    public var cluster: String?

    public init(lag: Int64? = nil, seconds: (p50: Double, p99: Double)? = nil) {
        self.lag = lag
        self.seconds = seconds
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.lag == b.lag && a.seconds?.p50 == b.seconds?.p50 && a.seconds?.p99 == b.seconds?.p99 && a.ends == b.ends
            && a.cluster == b.cluster
    }
}

/// What is stored of events: to answer what neither a model nor a feed tells.
public protocol EventArchive: Sendable {
    /// Those of the events that are not stored, by their identifiers. Blocks.
    func unstored(of events: [Event]) throws -> [Event]
    /// Lends the events that were stored since a time (all, if nil), a batch at a time, those of the newest days first; not
    /// more than whoever asks can hold. Blocks.
    func events(storedSince time: Timestamp?, _ receive: ([Event]) -> Void) throws
    /// A user's newest events, newest first. Blocks.
    func events(of userID: String, limit: Int) throws -> [Event]
    /// What people did with an item. Blocks.
    func activity(ofItem itemID: String) throws -> ItemActivity
}

/// What people did with one item, in numbers: nobody is in it.
public struct ItemActivity: Sendable, Equatable {
    /// By the hour of the day, UTC: 24 of them.
    public private(set) var byHour = [Int](repeating: 0, count: 24)
    /// Reviews by half stars, from 0.5 to 5: ten of them.
    public private(set) var byHalfStars = [Int](repeating: 0, count: 10)

    /// Nothing yet.
    public init() {}

    /// All of them.
    public var events: Int { byHour.reduce(0, +) }

    /// Counts one event. O(1).
    public mutating func count(_ event: Event) {
        let second = event.at.microseconds / 1_000_000
        byHour[Int((second % 86_400 + 86_400) % 86_400 / 3600)] += 1
        if event.kind == .review {
            byHalfStars[min(9, max(0, Int((event.value * 2).rounded()) - 1))] += 1
        }
    }
}

/// Whether a feed hears what happens.
public enum FeedState: Sendable, Equatable {
    case hearing
    /// Since then it hears nothing, or not everything; `reason` is a sentence without a full stop.
    case down(since: Timestamp, reason: String)
}
