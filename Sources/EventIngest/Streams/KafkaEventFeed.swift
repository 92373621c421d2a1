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
    }

    private let properties: KafkaProperties
    private let start: Start
    private let format: EventFormat
    private let limits: EventLimits
    private let observer: KafkaObserver
    private let skippedCount = Atomic<Int>(0)
    private let current = Mutex(FeedState.hearing)
    private let log = Log("feed")
    private let isUp = Metrics.shared.gauge(
        "marquee_kafka_up", help: "1 while a broker answers.", labels: ["client": "feed"])

    public init(
        properties: KafkaProperties, start: Start = .end, format: EventFormat = .json,
        limits: EventLimits = EventLimits(), observer: KafkaObserver = KafkaObserver()
    ) {
        self.properties = properties
        self.start = start
        self.format = format
        self.limits = limits
        self.observer = observer
    }

    /// Messages that were not events. The ingester keeps them; a feed only counts.
    public var skipped: Int { skippedCount.load(ordering: .relaxed) }

    /// Down while no broker answers, while a topic does not exist, and while a partition has messages and gives none.
    public var state: FeedState { current.withLock { $0 } }

    /// - Throws: ``IngestError`` if the broker cannot be reached at the start, a topic is missing, or the registry does
    ///   not answer when a message names a schema not seen before. Other failures are retried until the task is cancelled.
    public func run(_ receive: @Sendable ([Event]) -> Void) async throws {
        let (batches, sender) = AsyncThrowingStream<[Event], any Error>.makeStream()
        let state = State()
        SystemThread.start("event-feed") { [self] in
            sender.finish(throwing: Result { try work(state) { sender.yield($0) } }.failure)
        }
        defer { state.isCancelled.store(true, ordering: .releasing) }
        for try await batch in batches {
            receive(batch)
            // Lets the reader go on: it is never more than a few batches ahead of a slow receiver.
            state.room.signal()
        }
        try Task.checkCancellation()
    }

    private final class State: Sendable {
        let isCancelled = Atomic<Bool>(false)
        /// Begins at 0 and is raised: Dispatch traps when a semaphore goes with less than it began with.
        let room = DispatchSemaphore(value: 0)

        init() { for _ in 0..<4 { room.signal() } }
    }

    private func work(_ state: State, _ send: ([Event]) -> Void) throws {
        let consumer = try KafkaConsumer(
            properties: KafkaProperties(["fetch.wait.max.ms": "50"]).merging(properties), group: "marquee-feed",
            batch: 1024, observer: observer)
        defer { consumer.close() }
        let watch = ClusterWatch(consumer)
        defer { watch.stop() }
        var reader = FeedReader(consumer: consumer, watch: watch, log: log)
        try reader.begin(start)
        let decoder = format.decoder(limits: limits)
        var events: [Event] = []
        while !state.isCancelled.load(ordering: .acquiring) {
            try reader.poll { messages in
                let latest = decoder.latest(.now)
                var position = 0
                while position < messages.count {
                    do throws(RejectReason) {
                        events.append(try decoder.decode(messages.payload(at: position), latest: latest).event)
                    } catch {
                        if try decoder.mayRetry(after: error) { continue }
                        skippedCount.add(1, ordering: .relaxed)
                    }
                    position += 1
                }
            }
            show(try reader.look())
            guard !events.isEmpty else { continue }
            while state.room.wait(timeout: .now() + 0.1) == .timedOut {
                if state.isCancelled.load(ordering: .acquiring) { return }
            }
            send(events)
            events.removeAll(keepingCapacity: true)
        }
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
