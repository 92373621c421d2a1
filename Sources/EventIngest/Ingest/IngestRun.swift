import Domain
import Foundation
import Kafka
import Store

/// One run of an ``Ingester``, on its thread.
final class IngestRun {
    let configuration: IngestConfiguration
    let hooks: Ingester.Hooks
    let consumer: KafkaConsumer
    let watch: ClusterWatch
    let clock = ContinuousClock()
    let start: ContinuousClock.Instant
    /// What runs before this one took.
    var secondsBefore = 0.0
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
    /// Partitions of which the broker did not have the offset that was asked for; nothing is fetched of them.
    var unavailable: Set<TopicPartition> = []
    /// Partitions whose log may be another one, and when that was noticed. They rest, with nothing of theirs in hand, until
    /// the comparison says what they are; the others go on.
    var suspects: [TopicPartition: ContinuousClock.Instant] = [:]
    /// Suspects that could not be begun with when they were assigned.
    var unbegun: Set<TopicPartition> = []
    var inspection: LogInspection?
    var inspected: ContinuousClock.Instant
    var lookedOver: ContinuousClock.Instant
    var anchors = LogAnchors()
    /// What was stored before the watch last found nothing strange, and the time before: a log that was replaced may have
    /// been read, and stored, for a moment before that is noticed.
    var trusted = TrustedOffsets()
    /// Partitions that were found to be of another log, until they are begun with, and where.
    var foundOther: [TopicPartition: Int64] = [:]
    var stalls = StallWatch()
    var heldBack = HeldBackWatch()
    /// When offsets were passed that no message has, and that are not stored yet.
    var passedSince: ContinuousClock.Instant?
    /// Of the partitions that had nothing to read when they were begun with, for a run that ends.
    private(set) var uncommitted: [UncommittedEnds] = []
    private var cluster = ""
    private(set) var routeOfTopic: [String: Int] = [:]
    var reported: ContinuousClock.Instant
    private var lookedAround: ContinuousClock.Instant
    private var lookedForPartitions: ContinuousClock.Instant
    private var hasBeenAssigned = false
    /// What a group is to store before a member ends that stops at the end, and when that was last looked at.
    var groupTargets: [TopicPartition: Int64] = [:]
    var lookedAtGroup: ContinuousClock.Instant
    /// What the group was asked for: topics that may be missing are added when they are there.
    private var subscribed: [String] = []

    init(
        _ configuration: IngestConfiguration, hooks: Ingester.Hooks,
        openSink: (TableContract) throws -> any EventSink
    ) throws {
        self.configuration = configuration
        self.hooks = hooks
        start = clock.now
        reported = start
        lookedAround = start
        lookedAtGroup = start
        inspected = start - .seconds(1)
        lookedOver = start
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
        watch = ClusterWatch(consumer)
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

    /// Under which a table keeps the offset of a partition.
    func appID(of place: TopicPartition) -> String { StoredOffsets.marker(of: place, in: cluster) }

    private var topics: [String] { configuration.routes.flatMap(\.topics) }

    /// The topics that there are, of those that may be missing; all of the others.
    private func presentTopics(patience: Double) throws -> [String] {
        try configuration.routes.flatMap { route in
            try route.topics.filter { topic in
                try !route.isOptional || consumer.partitionCount(of: topic, timeout: patience) != nil
            }
        }
    }

    func work(until isStopped: () -> Bool) throws -> IngestProgress {
        // A commit in progress ends before the group hears that we are gone.
        defer {
            inspection?.giveUp()
            writer.finish()
            watch.stop()
            consumer.close()
        }
        try prepareTopics()
        cluster = try configuration.cluster ?? consumer.clusterID(timeout: configuration.patience)
        for topic in topics {
            let count = try consumer.partitionCount(of: topic, timeout: configuration.patience)
            if let count { try lookForLostPartitions(of: topic, now: count) }
        }
        let present = try presentTopics(patience: configuration.patience)
        switch configuration.sharing {
        case .alone:
            try begin(
                with: consumer.partitions(of: present, timeout: configuration.patience),
                patience: configuration.patience)
            try consumer.assign(ledger.nextOffsets)
            hasBeenAssigned = true
        case .group:
            if configuration.untilEnd { try noteGroupTargets(of: present) }
            try consumer.subscribe(present)
            subscribed = present
        }
        while !isStopped() {
            try consumer.poll(timeout: pollTimeout()) { try take($0) }
            try answerRebalances()
            try lookAgain()
            try commitIfDue()
            if configuration.untilEnd, hasBeenAssigned, ledger.isAtTarget, try groupIsAtTarget() { break }
            try lookAround()
        }
        // Of a log that may be another one nothing is stored; the next run finds out.
        try lookAgain()
        try commitAll()
        if configuration.untilEnd { noteHeldBack() }
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
    /// - Parameter patience: seconds for what the broker is asked for.
    /// - Throws: also a `KafkaError` of the category `unavailable`; then nothing has changed.
    func begin(with places: [TopicPartition], patience: Double) throws {
        let known = try writer.offsets()
        let places = places.filter { routeOfTopic[$0.topic] != nil }
        let ends = try ends(of: places, stored: { stored(of: $0, known.routes) }, patience: patience)
        var verdicts = try verdicts(on: places, ends, known: known.routes, patience: patience)
        for place in places {
            if let offset = foundOther.removeValue(forKey: place) { verdicts[place] = .other(offset: offset) }
            trusted.forget(place)
            anchors.forget(place)
            suspects[place] = nil
            unbegun.remove(place)
        }
        for (place, available) in zip(places, ends) {
            guard let route = routeOfTopic[place.topic] else { continue }
            let appID = appID(of: place)
            let stored = known.routes[route][appID]
            let expected = stored ?? available.lowerBound
            let next = try start(
                of: place, expected: expected, available: available, verdict: verdicts[place] ?? .unknown)
            var state = PartitionLedger.State(
                route: route, appID: appID, next: next, stored: stored, deadStored: known.deadLetters[appID],
                target: available.upperBound, end: available.upperBound)
            if next < expected || isOther(verdicts[place]) {
                state.beganAnew()
            } else if let deadStored = state.deadStored, next < deadStored {
                // A crash came between the two commits.
                state.deadLetters = try writer.deadLetters(of: place, in: next..<deadStored)
            }
            ledger.take(place, state)
        }
        try beginRows(of: places)
        progress.partitions = ledger.states.count
        watch.watch(ledger.places)
        watch.forgetEnds(of: places)
        let finished = zip(places, ends).filter { ledger[$0]?.next == $1.upperBound }.map(\.0)
        if configuration.untilEnd, !finished.isEmpty {
            uncommitted.append(UncommittedEnds(of: finished, configuration, hooks.kafka))
        }
    }

    /// Has the appenders begin with partitions of the ledger, each with all of its own at once.
    func beginRows(of places: [TopicPartition]) throws {
        var next = [[TopicPartition: Int64]](repeating: [:], count: appenders.count)
        for place in places { if let state = ledger[place] { next[state.route][place] = state.next } }
        for (appender, next) in zip(appenders, next) where !next.isEmpty { try appender.begin(next) }
    }

    /// Where to go on: at `expected`, unless the broker has lost it, or has another log.
    /// - Throws: ``IngestError/dataLoss(topic:partition:expected:available:)`` or
    ///   ``IngestError/otherLog(topic:partition:stored:offset:available:)`` unless the policy is to continue.
    private func start(
        of place: TopicPartition, expected: Int64, available: Range<Int64>, verdict: LogIdentity.Verdict
    ) throws -> Int64 {
        let loss: IngestError
        if case .other(let offset) = verdict {
            loss = .otherLog(
                topic: place.topic, partition: place.partition, stored: expected, offset: offset, available: available)
        } else if expected >= available.lowerBound, expected <= available.upperBound {
            return expected
        } else {
            loss = .dataLoss(
                topic: place.topic, partition: place.partition, expected: expected, available: available)
        }
        guard configuration.onDataLoss == .continue else { throw loss }
        progress.skipped.append(loss.message)
        // A log that is shorter than before is another log too: all of it is new to us.
        return available.lowerBound
    }

    private func answerRebalances() throws {
        while let rebalance = consumer.pendingRebalance {
            switch rebalance {
            case .assigned(let places):
                try settle()
                try takeOver(places)
                hasBeenAssigned = true
                try consumer.answerRebalance(offsets: ledger.nextOffsets)
            case .revoked(let places, _):
                // Also when they are lost: if someone else has gone on there, the table refuses this commit. Of a log that may
                // be another one nothing is committed: who gets it compares.
                try lookAgain()
                try commitAll()
                for place in places {
                    guard let route = routeOfTopic[place.topic] else { continue }
                    appenders[route].release(place)
                }
                ledger.release(places)
                watch.watch(ledger.places)
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
        try dropPending()
    }

    /// Forgets what was read and not stored, and reads it again from where the tables are.
    func dropPending() throws {
        appenders = configuration.routes.map { $0.makeAppender() }
        deadLetterBuffer = DeadLetterBuffer()
        oldestPending = nil
        passedSince = nil
        unavailable = []
        try begin(with: ledger.places, patience: configuration.patience)
        try consumer.restart(ledger.nextOffsets, among: ledger.nextOffsets)
    }

    /// Once in a while: new partitions, progress.
    private func lookAround() throws {
        let now = clock.now
        try lookForStalls(after: min((now - lookedAround).inSeconds, 1))
        lookedAround = now
        if configuration.sharing == .alone, now - lookedForPartitions > .seconds(20) {
            lookedForPartitions = now
            // The broker may be away just now; that is no reason to stop.
            if let present = try? presentTopics(patience: 2),
                let all = try? consumer.partitions(of: present, timeout: 2)
            {
                let new = all.filter { ledger[$0] == nil && !progress.missingTopics.contains($0.topic) }
                if !new.isEmpty {
                    try settle()
                    try takeOver(new)
                    try consumer.assign(adding: ledger.nextOffsets.filter { new.contains($0.key) })
                }
            }
        }
        if configuration.sharing == .group, subscribed.count < topics.count,
            now - lookedForPartitions > .seconds(20)
        {
            lookedForPartitions = now
            if let present = try? presentTopics(patience: 2), present != subscribed {
                try consumer.subscribe(present)
                subscribed = present
            }
        }
        reportIfDue()
    }
}
