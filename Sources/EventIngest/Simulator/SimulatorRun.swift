import Domain
import Foundation
import Synchronization

/// Publishes what a ``Simulator`` makes to the event topics, at a rate or as fast as the broker takes it.
public final class SimulatorRun: Sendable {
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

    public struct Progress: Sendable {
        public var sent = 0
        public var malformed = 0
        public var acknowledged = 0
        public var seconds = 0.0
        /// Of ``SimulatorSettings/count``, if that is bounded.
        public var total: Int?
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
        try await BlockingThread.run(named: "simulator", onCancel: stop) { [self] in try work() }
    }

    private func work() throws -> (progress: Progress, simulator: Simulator) {
        var simulator = simulator
        var settings = KafkaProperties(["linger.ms": options.rate.map { $0 < 1000 } == true ? "5" : "20"])
        // What waits in the queue is not yet at the broker, so a follower cannot see it.
        if options.followedGroup != nil { settings["queue.buffering.max.messages"] = "5000" }
        let producer = try KafkaProducer(properties: settings.merging(properties), observer: observer)
        let follower = try options.followedGroup.map {
            try LagFollower(properties: properties, group: $0, topics: Topics.events, limit: options.lagLimit)
        }
        let clock = ContinuousClock()
        let start = clock.now
        var progress = Progress(total: simulator.settings.count)
        var reported = start
        var followed = 0
        var messages: [SimulatedMessage] = []
        var bytes: [UInt8] = []

        func report() {
            progress.seconds = (clock.now - start).inSeconds
            progress.acknowledged = producer.counts.delivered
            options.onProgress?(progress)
        }

        while !simulator.isFinished, !isStopped.load(ordering: .acquiring) {
            messages.removeAll(keepingCapacity: true)
            simulator.nextSession(into: &messages)
            for message in messages {
                if let rate = options.rate { pace(progress.sent, rate, since: start) }
                bytes.removeAll(keepingCapacity: true)
                message.append(to: &bytes, in: options.encoding)
                if case .malformed = message { progress.malformed += 1 }
                var user = message.event.userID
                try bytes.withUnsafeBytes { payload in
                    try user.withUTF8 {
                        try producer.send(payload, key: UnsafeRawBufferPointer($0), topic: message.topic)
                    }
                }
                progress.sent += 1
            }
            if let follower, progress.sent - followed >= 2000 {
                followed = progress.sent
                try follower.wait { isStopped.load(ordering: .acquiring) }
            }
            if clock.now - reported > .milliseconds(200) {
                reported = clock.now
                report()
            }
        }
        try producer.flush()
        report()
        return (progress, simulator)
    }

    /// Sleeps until event number `sent` is due, in steps short enough to notice a stop.
    private func pace(_ sent: Int, _ rate: Double, since start: ContinuousClock.Instant) {
        while !isStopped.load(ordering: .acquiring) {
            let ahead = Double(sent) / rate - (ContinuousClock.now - start).inSeconds
            if ahead <= 0 { return }
            Thread.sleep(forTimeInterval: min(ahead, 0.1))
        }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
