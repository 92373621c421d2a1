public import Domain
import Foundation
public import Kafka
import Operations
import Synchronization

/// Publishes what a ``Simulator`` makes to the event topics, at a rate or as fast as the broker takes it.
public final class SimulatorRun: Sendable {
    /// How fast, in which form, and behind whom.
    public struct Options: Sendable {
        /// Events a second; nil is as fast as possible.
        public var rate: Double?
        /// Wait for this consumer group whenever it falls more than ``lagLimit`` messages a partition behind.
        public var followedGroup: String?
        public var lagLimit = 6000
        public var encoding = EventEncoding.json
        /// Called about five times a second, and at the end, on the run's own thread.
        public var onProgress: (@Sendable (Progress) -> Void)?

        public init(rate: Double? = nil, followedGroup: String? = nil) {
            self.rate = rate
            self.followedGroup = followedGroup
        }
    }

    /// How far a run is.
    public struct Progress: Sendable {
        public var sent = 0
        public var malformed = 0
        public var acknowledged = 0
        public var seconds = 0.0
        /// Of ``SimulatorSettings/count``, if that is bounded.
        public var total: Int?
        /// Events sent a second, since the start.
        public var eventsPerSecond: Double { seconds > 0 ? Double(sent) / seconds : 0 }
    }

    private let simulator: Simulator
    private let properties: KafkaProperties
    private let options: Options
    private let observer: KafkaObserver
    private let isStopped = Atomic<Bool>(false)

    public init(
        simulator: Simulator, properties: KafkaProperties, options: Options = Options(),
        observer: KafkaObserver = KafkaObserver()
    ) {
        self.simulator = simulator
        self.properties = properties
        self.options = options
        self.observer = observer
    }

    /// Ends the run after the session it is in; what was sent is still delivered.
    public func stop() { isStopped.store(true, ordering: .releasing) }

    /// Runs until the simulator has made its count, or until stopped or cancelled.
    /// - Returns: the last progress, and the simulator as it is then (for its planted truth).
    /// - Throws: ``IngestError`` if a message could not be delivered.
    @discardableResult
    public func run() async throws -> (progress: Progress, simulator: Simulator) {
        try await BlockingWork.run("simulator", onCancel: stop) { [self] in try work() }
    }

    private func work() throws -> (progress: Progress, simulator: Simulator) {
        var simulator = simulator
        let producer = try KafkaProducer(
            properties: KafkaProperties(producerDefaults).merging(properties), observer: observer)
        let follower = try options.followedGroup.map {
            try LagFollower(properties: properties, group: $0, topics: Topics.events, limit: options.lagLimit)
        }
        let clock = ContinuousClock()
        let start = clock.now
        var progress = Progress(total: simulator.settings.count)
        var reported = start
        var followed = 0
        var looked = 0
        var messages: [SimulatedMessage] = []
        var outbox = Outbox(simulator.scribe, producer, options.encoding)

        func report() {
            progress.seconds = (clock.now - start).inSeconds
            progress.acknowledged = producer.counts.delivered
            options.onProgress?(progress)
        }

        while !isStopped.load(ordering: .acquiring), simulator.nextSession(into: &messages) {
            for message in messages {
                if let rate = options.rate { try pace(progress.sent, rate, since: start, &outbox) }
                try outbox.add(message)
                if message.isMalformed { progress.malformed += 1 }
                progress.sent += 1
            }
            messages.removeAll(keepingCapacity: true)
            if let follower, progress.sent - followed >= 2000 {
                followed = progress.sent
                try outbox.send()
                try follower.wait { isStopped.load(ordering: .acquiring) }
            }
            // The clock is not asked for each session of a fast run.
            guard options.rate != nil || progress.sent - looked >= 1000 else { continue }
            looked = progress.sent
            if clock.now - reported > .milliseconds(200) {
                reported = clock.now
                report()
            }
        }
        try outbox.send()
        try producer.flush()
        report()
        return (progress, simulator)
    }

    private var producerDefaults: [String: String] {
        // What waits in the queue is not yet at the broker, so a follower cannot see it.
        if options.followedGroup != nil { return ["linger.ms": "20", "queue.buffering.max.messages": "5000"] }
        // Slow runs are watched live.
        if let rate = options.rate, rate < 1000 { return ["linger.ms": "5"] }
        // Five batches may be on their way to a broker, so large ones are what fast runs need.
        return [
            "linger.ms": "100", "queue.buffering.max.messages": "500000", "queue.buffering.max.kbytes": "131072",
        ]
    }

    /// Sleeps until event number `sent` is due, in steps short enough to notice a stop; what was made before is sent
    /// first.
    private func pace(
        _ sent: Int, _ rate: Double, since start: ContinuousClock.Instant, _ outbox: inout Outbox
    ) throws {
        while !isStopped.load(ordering: .acquiring) {
            let ahead = Double(sent) / rate - (ContinuousClock.now - start).inSeconds
            if ahead <= 0 { return }
            try outbox.send()
            Thread.sleep(forTimeInterval: min(ahead, 0.1))
        }
    }
}

/// Written messages by topic, which are handed to the producer some hundreds at a time.
private struct Outbox {
    private var scribe: Scribe
    private let producer: KafkaProducer
    private let encoding: EventEncoding
    /// By the number of the kind.
    private var batches = [MessageBatch](repeating: MessageBatch(), count: EventKind.allCases.count)
    private static let full = 256

    init(_ scribe: Scribe, _ producer: KafkaProducer, _ encoding: EventEncoding) {
        self.scribe = scribe
        self.producer = producer
        self.encoding = encoding
    }

    mutating func add(_ message: SimulatedMessage) throws {
        let place = Int(message.kind.rawValue)
        scribe.append(message, to: &batches[place], in: encoding)
        if batches[place].count >= Self.full { try send(message.kind) }
    }

    mutating func send() throws {
        for kind in EventKind.allCases { try send(kind) }
    }

    private mutating func send(_ kind: EventKind) throws {
        let place = Int(kind.rawValue)
        try producer.send(batches[place], topic: kind.topic)
        batches[place].removeAll()
    }
}
