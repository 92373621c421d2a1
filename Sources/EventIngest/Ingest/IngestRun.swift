import Columnar
import Domain

/// One run of an ``Ingester``, on its thread.
final class IngestRun {
    let configuration: IngestConfiguration
    let hooks: Ingester.Hooks
    let consumer: KafkaConsumer
    let clock = ContinuousClock()
    let start: ContinuousClock.Instant
    private let deadLetterProducer: KafkaProducer?

    var tables: [Table] = []
    let deadLetters: any TableSink
    var deadLetterBuffer = DeadLetterBuffer()
    var ledger = PartitionLedger()
    var progress = IngestProgress()
    var cluster = ""
    private var routeOfTopic: [String: Int] = [:]
    private var oldestPending: ContinuousClock.Instant?
    private var reported: ContinuousClock.Instant
    private var lookedForPartitions: ContinuousClock.Instant
    private var hasBeenAssigned = false

    struct Table {
        var route: TopicRoute
        var sink: any TableSink
        var appender: any RowAppender
    }

    init(
        _ configuration: IngestConfiguration, hooks: Ingester.Hooks,
        openSink: (TopicRoute) throws -> any TableSink
    ) throws {
        self.configuration = configuration
        self.hooks = hooks
        start = clock.now
        reported = start
        lookedForPartitions = start
        consumer = try KafkaConsumer(
            properties: configuration.kafka, group: configuration.group, observer: hooks.kafka)
        deadLetterProducer = try configuration.deadLetterTopic.map { _ in
            try KafkaProducer(properties: configuration.kafka, observer: hooks.kafka)
        }
        for (index, route) in configuration.routes.enumerated() {
            tables.append(Table(route: route, sink: try openSink(route), appender: route.makeAppender()))
            for topic in route.topics { routeOfTopic[topic] = index }
        }
        deadLetters = try openSink(
            TopicRoute(topics: [], table: Tables.deadLetters, schema: DeadLetterTable.schema) {
                EventAppender(decoder: EventDecoder(), duplicates: nil)
            })
    }

    private var topics: [String] { configuration.routes.flatMap(\.topics) }

    func work(until isStopped: () -> Bool) throws -> IngestProgress {
        defer { consumer.close() }
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
            if isCommitDue() { try commit() }
            if configuration.untilEnd, hasBeenAssigned, ledger.isAtTarget { break }
            try lookAround()
        }
        try commit()
        report()
        return progress
    }

    // MARK: Partitions

    private func prepareTopics() throws {
        guard let partitions = configuration.createTopics else { return }
        let client = consumer.kafka
        let missing = try topics.filter { try client.partitionCount(of: $0, timeout: configuration.patience) == nil }
        if !missing.isEmpty { try consumer.create(topics: missing, partitions: partitions) }
        // A topic just made may need a moment before every broker knows it.
        for topic in missing {
            for _ in 0..<50 where try client.partitionCount(of: topic, timeout: 5) == nil { pause(0.1) }
        }
    }

    /// Takes partitions into the ledger, each at the offset its table has.
    func begin(with places: [TopicPartition]) throws {
        let known = try tables.map { try $0.sink.offsets() }
        let dead = try deadLetters.offsets()
        for place in places {
            guard let route = routeOfTopic[place.topic] else { continue }
            let appID = "kafka:\(cluster):\(place.topic):\(place.partition)"
            let available = try consumer.watermarks(of: place, timeout: configuration.patience)
            let stored = known[route][appID]
            var next = stored ?? available.lowerBound
            if next < available.lowerBound || next > available.upperBound {
                next = try afterDataLoss(place, expected: next, available: available)
            }
            ledger.take(
                place,
                .init(
                    route: route, appID: appID, next: next, stored: stored, deadStored: dead[appID],
                    target: available.upperBound, end: available.upperBound))
            try tables[route].appender.begin(place, at: next)
        }
        progress.partitions = ledger.states.count
    }

    /// Where to go on after the broker has lost `expected`.
    /// - Throws: ``IngestError/dataLoss(topic:partition:expected:available:)`` unless the policy is to continue.
    private func afterDataLoss(_ place: TopicPartition, expected: Int64, available: Range<Int64>) throws -> Int64 {
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
                try begin(with: places)
                hasBeenAssigned = true
                try consumer.answerRebalance(offsets: ledger.nextOffsets)
            case .revoked(let places, _):
                // Also when they are lost: if someone else has gone on there, the table refuses this commit.
                try commit()
                for place in places {
                    guard let route = routeOfTopic[place.topic] else { continue }
                    tables[route].appender.release(place)
                }
                ledger.release(places)
                try consumer.answerRebalance()
            }
            progress.partitions = ledger.states.count
        }
    }

    /// Reads the offsets again after a refused commit, and goes on from there.
    func resynchronise(_ detail: String, table: String) throws {
        guard configuration.sharing == .group else {
            throw IngestError.anotherIngester(table: table, detail: detail)
        }
        for index in tables.indices { tables[index].appender = tables[index].route.makeAppender() }
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
                    try begin(with: new)
                    try consumer.assign(adding: ledger.nextOffsets.filter { new.contains($0.key) })
                }
            }
        }
        if now - reported > .milliseconds(200) {
            reported = now
            report()
        }
    }

    private func report() {
        for place in ledger.places {
            if let end = consumer.knownEnd(of: place) { ledger.foundEnd(place, end) }
        }
        progress.lag = ledger.lag
        progress.seconds = (clock.now - start).inSeconds
        hooks.onProgress?(progress)
    }

    // MARK: Messages

    private func pollTimeout() -> Double {
        guard let oldestPending else { return 0.1 }
        let left = configuration.commit.age - (clock.now - oldestPending).inSeconds
        return min(max(left, 0.001), 0.1)
    }

    private func take(_ arrival: KafkaArrival) throws {
        switch arrival {
        case .messages(let messages): try take(messages)
        case .endOfPartition(let place, let offset):
            ledger.reachedEnd(place, at: offset)
        case .offsetOutOfRange(let place, _):
            guard let state = ledger[place] else { return }
            let available = try consumer.watermarks(of: place)
            let next = try afterDataLoss(place, expected: state.next, available: available)
            ledger.jump(place, to: next)
            try consumer.seek([place: next])
        case .failure(let place, let reason, let isFatal):
            if isFatal {
                throw IngestError.kafka(operation: "reading\(place.map { " \($0)" } ?? "")", reason: reason)
            }
            progress.trouble = reason
        }
    }

    private func take(_ messages: KafkaMessages) throws {
        let place = messages.place
        // A partition given back in this very poll, or messages fetched before a seek: not ours, or known.
        guard let state = ledger[place] else { return }
        var first = 0
        while first < messages.count, messages.offset(at: first) < state.next { first += 1 }
        guard first < messages.count else { return }
        let new = messages.dropping(first)
        if oldestPending == nil { oldestPending = clock.now }
        let now = Timestamp.now
        var rejections: [Rejection] = []
        try tables[state.route].appender.append(new, receivedAt: now, rejections: &rejections)
        for rejection in rejections { try reject(new[rejection.position], rejection.reason, place, state, now) }
        progress.messages += new.count
        progress.trouble = nil
        ledger.read(place, through: new.offset(at: new.count - 1))
    }

    private func reject(
        _ message: KafkaMessage, _ reason: String, _ place: TopicPartition, _ state: PartitionLedger.State,
        _ now: Timestamp
    ) throws {
        // After a crash between the two commits it is already there.
        if let deadStored = state.deadStored, message.offset < deadStored { return }
        deadLetterBuffer.append(message, topic: place.topic, reason: reason, at: now)
        ledger.hasDeadLetters(place)
        progress.rejected[String(reason.prefix { $0 != ":" }), default: 0] += 1
        guard let deadLetterProducer, let topic = configuration.deadLetterTopic else { return }
        try deadLetterProducer.send(
            message.payload, key: message.key.isEmpty ? nil : message.key, topic: topic,
            headers: [
                ("reason", Array(reason.utf8)), ("topic", Array(place.topic.utf8)),
                ("partition", Array("\(place.partition)".utf8)), ("offset", Array("\(message.offset)".utf8)),
            ])
    }

    // MARK: Commits

    private func isCommitDue() -> Bool {
        guard let oldestPending else { return false }
        if (clock.now - oldestPending).inSeconds >= configuration.commit.age { return true }
        var bytes = deadLetterBuffer.byteCount
        for table in tables {
            if table.appender.rowCount >= configuration.commit.rows { return true }
            bytes += table.appender.byteCount
        }
        return bytes >= configuration.commit.bytes
    }

    /// Stores everything that was read. Dead letters go first, see ``Ingester``.
    func commit() throws {
        oldestPending = nil
        guard ledger.isDirty else { return }
        let started = clock.now
        if deadLetterBuffer.count > 0 {
            try deadLetterProducer?.flush()
            let advances = ledger.deadLetterAdvances()
            let rows = deadLetterBuffer.count
            let outcome = try deadLetters.commit(
                [deadLetterBuffer.batch()], advancing: advances.map(\.advance), rows: rows)
            switch outcome {
            case .overtaken(let detail): return try resynchronise(detail, table: deadLetters.name)
            case .committed(let version):
                ledger.storedDeadLetters(advances)
                deadLetterBuffer = DeadLetterBuffer()
                committed(deadLetters.name, version, 0, since: started)
            }
        }
        for index in tables.indices {
            let advances = ledger.advances(of: index)
            guard !advances.isEmpty else { continue }
            let begun = clock.now
            let rows = tables[index].appender.rowCount
            let outcome = try tables[index].sink.commit(
                tables[index].appender.take(), advancing: advances.map(\.advance), rows: rows)
            switch outcome {
            case .overtaken(let detail): return try resynchronise(detail, table: tables[index].sink.name)
            case .committed(let version):
                ledger.stored(advances)
                progress.rows += rows
                committed(tables[index].sink.name, version, rows, since: begun)
                consumer.commitHint(
                    Dictionary(uniqueKeysWithValues: advances.map { ($0.place, $0.advance.to) }))
            }
        }
    }

    private func committed(_ table: String, _ version: Int64, _ rows: Int, since begun: ContinuousClock.Instant) {
        progress.commits += 1
        progress.commitSeconds = (clock.now - begun).inSeconds
        hooks.onCommit?(IngestCommit(table: table, version: version, rows: rows, seconds: progress.commitSeconds))
    }
}
