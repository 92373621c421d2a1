import Domain
import Kafka
import Operations

/// Where a feed is in its partitions: nothing is stored of it, so what the broker does not have any more is passed over.
struct FeedReader {
    let consumer: KafkaConsumer
    let watch: ClusterWatch
    let log: Log
    private(set) var next: [TopicPartition: Int64] = [:]
    /// The cluster's identifier; nil if it did not say.
    private(set) var cluster: String?
    private var unavailable: Set<TopicPartition> = []
    /// Topics that did not exist when we looked last.
    private var missing: Set<String> = []
    private var stalls = StallWatch()
    private var looked = ContinuousClock.now
    /// Seconds that a partition may have messages and give none.
    private static let stallLimit = 60.0

    init(consumer: KafkaConsumer, watch: ClusterWatch, log: Log) {
        self.consumer = consumer
        self.watch = watch
        self.log = log
    }

    mutating func begin(_ start: KafkaEventFeed.Start) throws {
        let places = try consumer.partitions(of: Topics.events)
        // Only who goes on behind a table must know.
        let cluster: String
        if case .behind = start {
            cluster = try consumer.clusterID()
        } else {
            cluster = (try? consumer.clusterID()) ?? ""
        }
        self.cluster = cluster.isEmpty ? nil : cluster
        for (place, available) in zip(places, try consumer.watermarks(of: places)) {
            func newest(_ count: Int) -> Int64 { max(available.lowerBound, available.upperBound - Int64(count)) }
            next[place] =
                switch start {
                case .end: available.upperBound
                case .newest(let count): newest(count)
                case .beginning: available.lowerBound
                case .at(let offsets): offset(offsets[place], of: place, available)
                case .behind(let stored):
                    offset(stored.offset(of: place, in: cluster) ?? available.lowerBound, of: place, available)
                }
        }
        try consumer.assign(next)
        watch.watch(places)
    }

    /// Messages of a partition that are read before those that come now, at most: a feed is for the newest.
    private static let longestGap: Int64 = 250_000

    /// Where to go on in a partition that was heard, or stored, up to `expected`.
    private func offset(_ expected: Int64?, of place: TopicPartition, _ available: Range<Int64>) -> Int64 {
        let earliest = max(available.lowerBound, available.upperBound - Self.longestGap)
        guard let expected, expected <= available.upperBound else {
            // Shorter than what was stored: another log.
            if expected != nil {
                log.warning("a topic was made anew: its newest events are heard", ["partition": "\(place)"])
            }
            return earliest
        }
        if expected < earliest {
            log.warning(
                "events lie between what is stored and what is heard, and are known only when they are stored",
                ["partition": "\(place)", "from": expected, "to": earliest])
        }
        return max(expected, earliest)
    }

    /// Messages that are there and were not read; nil if no broker says so.
    var lag: Int64? {
        let view = watch.view
        guard view.outage == nil, !view.ends.isEmpty else { return nil }
        return next.reduce(0) { $0 + max(0, (view.ends[$1.key] ?? $1.value) - $1.value) }
    }

    /// One past the last message of each partition that is read, as far as the broker has said.
    var ends: [TopicPartition: Int64] { watch.view.ends.filter { next[$0.key] != nil } }

    mutating func poll(_ body: (KafkaMessages) throws -> Void) throws {
        var reached: [TopicPartition: Int64] = [:]
        var lost: Set<TopicPartition> = []
        try consumer.poll(timeout: 0.1) { arrival in
            switch arrival {
            case .messages(let messages):
                reached[messages.place] = messages.offset(at: messages.count - 1) + 1
                try body(messages)
            case .endOfPartition(let place, let offset): reached[place] = offset
            case .offsetOutOfRange(let place, _): lost.insert(place)
            case .failure: break
            }
        }
        next.merge(reached) { $1 }
        unavailable.formUnion(lost)
    }

    /// Looks after the partitions, and says whether all of them are heard.
    mutating func look() throws -> FeedState {
        let view = watch.view
        if let outage = view.outage { return .down(since: outage.since, reason: outage.reason) }
        // A topic that is back was made anew, however long it is already.
        let back = missing.subtracting(view.missingTopics)
        missing = view.missingTopics
        for place in next.keys where back.contains(place.topic) {
            next[place] = .max
            unavailable.insert(place)
        }
        beginAnew(unavailable.union(watch.takeSuspects()))
        let now = ContinuousClock.now
        let seconds = min((now - looked).inSeconds, 1)
        looked = now
        var behind: [TopicPartition: Int64] = [:]
        for (place, offset) in next {
            if let end = view.ends[place], end > offset, !view.missingTopics.contains(place.topic) {
                behind[place] = offset
            }
        }
        var stalled: TopicPartition?
        for finding in stalls.look(at: behind, after: seconds, limit: Self.stallLimit) {
            switch finding {
            case .beginAnew(let place), .stalled(let place):
                stalled = place
                try consumer.restart(next.filter { $0.key == place }, among: next)
            }
        }
        if let topic = view.missingTopics.min() {
            return .down(since: .now, reason: "the topic \(topic) does not exist any more")
        }
        if stalls.count > 0 {
            let place = stalled.map { "\($0)" } ?? "a partition"
            return .down(since: .now, reason: "\(place) has messages and has given none for a minute")
        }
        return .hearing
    }

    /// Partitions whose offset the broker does not have, or whose log may be another one.
    private mutating func beginAnew(_ places: Set<TopicPartition>) {
        let places = places.filter { next[$0] != nil && !missing.contains($0.topic) }.sorted()
        guard !places.isEmpty, let ends = try? consumer.watermarks(of: places, timeout: 2) else {
            unavailable.formUnion(places)
            return
        }
        var restarted: [TopicPartition: Int64] = [:]
        for (place, available) in zip(places, ends) {
            guard let offset = next[place] else { continue }
            if available.contains(offset) || offset == available.upperBound {
                if unavailable.contains(place) { restarted[place] = offset }
            } else {
                // Shorter than what was read: made anew. Or else cut behind us; a feed is for the newest.
                log.warning(
                    offset > available.upperBound
                        ? "a topic was made anew: events are heard from its beginning"
                        : "events were deleted before they were heard",
                    ["partition": "\(place)", "at": offset, "from": available.lowerBound])
                restarted[place] = available.lowerBound
            }
        }
        unavailable.subtract(places)
        next.merge(restarted) { $1 }
        watch.forgetEnds(of: restarted.keys)
        try? consumer.restart(restarted, among: next)
    }
}
