import Domain
import Foundation
import Kafka
import Store

/// One run of an ``Ingester``, on its thread.
final class IngestRun {
    let configuration: IngestConfiguration
    let hooks: Ingester.Hooks
    let consumer: KafkaConsumer
    let clock = ContinuousClock()
    let start: ContinuousClock.Instant
    let deadLetterProducer: KafkaProducer?

    /// What collects the rows of each route.
    var appenders: [any RowAppender]
    let writer: SinkWriter
    var deadLetterBuffer = DeadLetterBuffer()
    var ledger = PartitionLedger()
    var progress = IngestProgress()
    var metrics: IngestMetrics
    /// When the oldest message came that is in no batch yet.
    var oldestPending: ContinuousClock.Instant?
    /// Of the batch in the writer's hands: when its oldest message came, and when it was sealed.
    var inHand: (oldest: ContinuousClock.Instant, sealed: ContinuousClock.Instant)?
    /// See ``Ingester/hurry(_:)``.
    var isHurried: () -> Bool = { false }
    /// Messages at the broker that were not read yet, as of the last report.
    var unread: Int64 = 0
    private var cluster = ""
    private var routeOfTopic: [String: Int] = [:]
    private var reported: ContinuousClock.Instant
    private var lookedForPartitions: ContinuousClock.Instant
    private var hasBeenAssigned = false

    init(
        _ configuration: IngestConfiguration, hooks: Ingester.Hooks,
        openSink: (TableContract) throws -> any EventSink
    ) throws {
        self.configuration = configuration
        self.hooks = hooks
        start = clock.now
        reported = start
        lookedForPartitions = start
        metrics = IngestMetrics(hooks.metrics)
        var observer = hooks.kafka
        observer.statistics = { [metrics = hooks.metrics] json in
            KafkaStatistics(json: json)?.show(in: metrics, client: "ingest")
            hooks.kafka.statistics?(json)
        }
        consumer = try KafkaConsumer(
            properties: configuration.kafka, group: configuration.group,
            batch: min(max(configuration.commit.rows, 1), 8192), observer: observer)
        let deadLetterProducer = try configuration.deadLetterTopic.map { _ in
            // What the broker took once must fit again, with the headers: librdkafka's own limit is a little smaller.
            try KafkaProducer(
                properties: KafkaProperties(["message.max.bytes": "52428800"]).merging(configuration.kafka),
                observer: hooks.kafka)
        }
        self.deadLetterProducer = deadLetterProducer
        appenders = configuration.routes.map { $0.makeAppender() }
        for (index, route) in configuration.routes.enumerated() {
            for topic in route.topics { routeOfTopic[topic] = index }
        }
        writer = SinkWriter(
            sinks: try configuration.routes.map { try openSink($0.table) },
            deadLetters: try openSink(.deadLetters)
        ) { try deadLetterProducer?.flush() }
    }

    private var topics: [String] { configuration.routes.flatMap(\.topics) }

    func work(until isStopped: () -> Bool) throws -> IngestProgress {
        // A commit in progress ends before the group hears that we are gone.
        defer {
            writer.finish()
            consumer.close()
        }
        try prepareTopics()
        cluster = try configuration.cluster ?? consumer.clusterID(timeout: configuration.patience)
        switch configuration.sharing {
        case .alone:
            try begin(with: consumer.partitions(of: topics, timeout: configuration.patience))
            try consumer.assign(ledger.nextOffsets)
            hasBeenAssigned = true
        case .group: try consumer.subscribe(topics)
        }
        while !isStopped() {
            try consumer.poll(timeout: pollTimeout()) { try take($0) }
            try answerRebalances()
            try commitIfDue()
            if configuration.untilEnd, hasBeenAssigned, ledger.isAtTarget { break }
            try lookAround()
        }
        try commitAll()
        report()
        return progress
    }

    // MARK: Partitions

    private func prepareTopics() throws {
        guard let partitions = configuration.createTopics else { return }
        let missing = try topics.filter { try consumer.partitionCount(of: $0, timeout: configuration.patience) == nil }
        if !missing.isEmpty {
            try consumer.create(
                topics: missing, partitions: partitions, replication: configuration.replication ?? -1)
        }
        // A topic just made may need a moment before every broker knows it.
        for topic in missing {
            for _ in 0..<50 where try consumer.partitionCount(of: topic, timeout: 5) == nil {
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    /// Takes partitions into the ledger, each at the offset its table has.
    func begin(with places: [TopicPartition]) throws {
        let known = try writer.offsets()
        let places = places.filter { routeOfTopic[$0.topic] != nil }
        let ends = try consumer.watermarks(of: places, timeout: configuration.patience)
        for (place, available) in zip(places, ends) {
            guard let route = routeOfTopic[place.topic] else { continue }
            let appID = "kafka:\(cluster):\(place.topic):\(place.partition)"
            let stored = known.routes[route][appID]
            let expected = stored ?? available.lowerBound
            let next = try start(of: place, expected: expected, available: available)
            var state = PartitionLedger.State(
                route: route, appID: appID, next: next, stored: stored, deadStored: known.deadLetters[appID],
                target: available.upperBound, end: available.upperBound)
            if next < expected {
                state.beganAnew()
            } else if let deadStored = state.deadStored, next < deadStored {
                // A crash came between the two commits.
                state.deadLetters = try writer.deadLetters(of: place, in: next..<deadStored)
            }
            ledger.take(place, state)
            try appenders[route].begin(place, at: next)
        }
        progress.partitions = ledger.states.count
    }

    /// Where to go on: at `expected`, unless the broker has lost it.
    /// - Throws: ``IngestError/dataLoss(topic:partition:expected:available:)`` unless the policy is to continue.
    func start(of place: TopicPartition, expected: Int64, available: Range<Int64>) throws -> Int64 {
        if expected >= available.lowerBound, expected <= available.upperBound { return expected }
        let loss = IngestError.dataLoss(
            topic: place.topic, partition: place.partition, expected: expected, available: available)
        guard configuration.onDataLoss == .continue else { throw loss }
        progress.skipped.append(loss.message)
        // A log that is shorter than before is another log: all of it is new to us.
        return available.lowerBound
    }

    private func answerRebalances() throws {
        while let rebalance = consumer.pendingRebalance {
            switch rebalance {
            case .assigned(let places):
                try settle()
                try begin(with: places)
                hasBeenAssigned = true
                try consumer.answerRebalance(offsets: ledger.nextOffsets)
            case .revoked(let places, _):
                // Also when they are lost: if someone else has gone on there, the table refuses this commit.
                try commitAll()
                for place in places {
                    guard let route = routeOfTopic[place.topic] else { continue }
                    appenders[route].release(place)
                }
                ledger.release(places)
                try consumer.answerRebalance(offsets: ledger.nextOffsets)
            }
            progress.partitions = ledger.states.count
        }
    }

    /// Reads the offsets again after a refused commit, and goes on from there.
    func resynchronise(_ detail: String, table: String) throws {
        guard configuration.sharing == .group else {
            throw IngestError.anotherIngester(table: table, detail: detail)
        }
        appenders = configuration.routes.map { $0.makeAppender() }
        deadLetterBuffer = DeadLetterBuffer()
        oldestPending = nil
        try begin(with: ledger.places)
        try consumer.seek(ledger.nextOffsets)
    }

    /// Once in a while: new partitions, progress.
    private func lookAround() throws {
        let now = clock.now
        if configuration.sharing == .alone, now - lookedForPartitions > .seconds(20) {
            lookedForPartitions = now
            // The broker may be away just now; that is no reason to stop.
            if let all = try? consumer.partitions(of: topics, timeout: 2) {
                let new = all.filter { ledger[$0] == nil }
                if !new.isEmpty {
                    try settle()
                    try begin(with: new)
                    try consumer.assign(adding: ledger.nextOffsets.filter { new.contains($0.key) })
                }
            }
        }
        reportIfDue()
    }

    func reportIfDue() {
        guard clock.now - reported > .milliseconds(200) else { return }
        reported = clock.now
        report()
    }

    func report() {
        for place in ledger.places {
            if let end = consumer.knownEnd(of: place) { ledger.foundEnd(place, end) }
        }
        progress.lag = ledger.lag
        unread = ledger.unread
        progress.seconds = (clock.now - start).inSeconds
        metrics.show(progress, pending: pending, lags: ledger.lags)
        hooks.onProgress?(progress)
    }
}
