import Dispatch
public import Domain
public import Kafka
import Operations
import Synchronization

/// New events as they reach the topics. Every feed reads all partitions, so each replica of the service hears of
/// everything; nothing is committed anywhere.
public final class KafkaEventFeed: EventFeed {
    /// Where a feed begins.
    public enum Start: Sendable, Equatable {
        /// Only what comes from now on.
        case end
        /// At most this many of the newest messages of each partition, then what comes.
        case newest(Int)
        case beginning
        /// Where a table ends; what it has nothing of from its beginning. At most a quarter of a million messages of each
        /// partition.
        case behind(StoredOffsets)
        /// At these offsets.
        case at([TopicPartition: Int64])
    }

    private let properties: KafkaProperties
    private let start: Mutex<Start>
    private let cluster: String?
    private let window = VisibilityWindow()
    /// What the reader has seen of the broker; without the seconds.
    private let seen = Mutex(FeedFreshness())
    private let format: EventFormat
    private let limits: EventLimits
    private let observer: KafkaObserver
    private let skippedCount = Atomic<Int>(0)
    private let current = Mutex(FeedState.hearing)
    private let log = Log("feed")
    private let isUp = Metrics.shared.gauge(
        "marquee_kafka_up", help: "1 while a broker answers.", labels: ["client": "feed"])
    private let unheard = Metrics.shared.gauge(
        "marquee_event_lag", help: "Messages at the broker that were not heard yet; NaN while that is not known.")

    /// - Parameter cluster: stands for the cluster's own identifier where a table says how far it is.
    public init(
        properties: KafkaProperties, start: Start = .end, cluster: String? = nil, format: EventFormat = .json,
        limits: EventLimits = EventLimits(), observer: KafkaObserver = KafkaObserver()
    ) {
        self.properties = properties
        self.start = Mutex(start)
        self.cluster = cluster
        self.format = format
        self.limits = limits
        self.observer = observer
    }

    /// Messages that were not events. The ingester keeps them; a feed only counts.
    public var skipped: Int { skippedCount.load(ordering: .relaxed) }

    public func begin(behind markers: [String: Int64]) {
        start.withLock { $0 = .behind(StoredOffsets(markers, cluster: cluster)) }
    }

    public var freshness: FeedFreshness {
        var freshness = seen.withLock { $0 }
        freshness.seconds = window.percentiles
        return freshness
    }

    /// Down while no broker answers, while a topic does not exist, and while a partition has messages and gives none.
    public var state: FeedState { current.withLock { $0 } }

    /// - Throws: ``IngestError`` if the broker cannot be reached at the start, a topic is missing, or the registry does
    ///   not answer when a message names a schema not seen before. Other failures are retried until the task is cancelled.
    public func run(_ receive: @Sendable ([Event]) -> Void) async throws {
        let (batches, sender) = AsyncThrowingStream<Batch, any Error>.makeStream()
        let state = State()
        SystemThread.start("event-feed") { [self] in
            sender.finish(throwing: Result { try work(state) { sender.yield($0) } }.failure)
        }
        defer { state.isCancelled.store(true, ordering: .releasing) }
        for try await batch in batches {
            receive(batch.events)
            window.note(batch.sentAt)
            // Lets the reader go on: it is never more than a few batches ahead of a slow receiver.
            state.room.signal()
        }
        try Task.checkCancellation()
    }

    private struct Batch: Sendable {
        var events: [Event] = []
        /// When they were sent, in milliseconds since 1970, of those that came since the feed runs.
        var sentAt: [Int64] = []
    }

    private final class State: Sendable {
        let isCancelled = Atomic<Bool>(false)
        /// Begins at 0 and is raised: Dispatch traps when a semaphore goes with less than it began with.
        let room = DispatchSemaphore(value: 0)

        init() { for _ in 0..<4 { room.signal() } }
    }

    private func work(_ state: State, _ send: (Batch) -> Void) throws {
        let consumer = try KafkaConsumer(
            properties: KafkaProperties(["fetch.wait.max.ms": "50"]).merging(properties), group: "marquee-feed",
            batch: 1024, observer: observer)
        defer { consumer.close() }
        let watch = ClusterWatch(consumer)
        defer { watch.stop() }
        var reader = FeedReader(consumer: consumer, watch: watch, log: log)
        let begun = Timestamp.now.microseconds / 1000
        try reader.begin(start.withLock { $0 })
        // A feed that is taken up again goes on where it was.
        var reached = reader.next
        defer { start.withLock { $0 = .at(reached) } }
        let decoder = format.decoder(limits: limits)
        var batch = Batch()
        while !state.isCancelled.load(ordering: .acquiring) {
            try reader.poll { messages in
                let latest = decoder.latest(.now)
                var position = 0
                while position < messages.count {
                    do throws(RejectReason) {
                        batch.events.append(try decoder.decode(messages.payload(at: position), latest: latest).event)
                        let sent = messages.timestamp(at: position)
                        if sent >= begun { batch.sentAt.append(sent) }
                    } catch {
                        if try decoder.mayRetry(after: error) { continue }
                        skippedCount.add(1, ordering: .relaxed)
                    }
                    position += 1
                }
            }
            show(try reader.look())
            show(reader)
            guard !batch.events.isEmpty else {
                reached = reader.next
                continue
            }
            while state.room.wait(timeout: .now() + 0.1) == .timedOut {
                if state.isCancelled.load(ordering: .acquiring) { return }
            }
            send(batch)
            batch = Batch()
            reached = reader.next
        }
    }

    private func show(_ reader: FeedReader) {
        let lag = reader.lag
        seen.withLock {
            $0.lag = lag
            $0.ends = reader.ends
            $0.cluster = cluster ?? reader.cluster
        }
        unheard.set(lag.map(Double.init) ?? .nan)
    }

    /// Says once in the log what changed.
    private func show(_ trouble: FeedState) {
        let before = current.withLock { current -> FeedState in
            defer {
                // The first reason stands until all is well again.
                if case .down = current, case .down = trouble {} else { current = trouble }
            }
            return current
        }
        isUp.set(trouble == .hearing ? 1 : 0)
        switch (before, trouble) {
        case (.hearing, .down(let since, let reason)):
            log.error("new events are not heard", ["since": "\(since)", "why": reason])
        case (.down(let since, _), .hearing):
            log.info("new events are heard again", ["not_heard_since": "\(since)"])
        default: break
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
