import Domain

/// Where each partition stands: what was read, what is in its table, what is in the dead letters.
///
/// A state machine without I/O. Invariants: `stored ≤ next`; a message below `next` is never taken again; the
/// messages from `stored` on that are in the dead letters already are below `deadStored`.
struct PartitionLedger {
    struct State: Equatable {
        var route: Int
        var appID: String
        /// The next offset to read.
        var next: Int64
        /// Where reading began.
        let start: Int64
        /// Where reading goes on behind all that was sealed.
        private(set) var sealedNext: Int64
        /// What the route's table holds; nil if it holds none yet.
        var stored: Int64?
        /// What the dead-letter table holds; nil if it holds none yet.
        var deadStored: Int64?
        /// The messages from `sealedNext` on that are in the dead letters, and are not judged again: what was refused because
        /// of the clock, or the settings, might now be taken, and be in both tables.
        var deadLetters: Set<Int64> = []
        /// The partition was made anew at the broker: what `deadStored` says is about messages of the old one.
        private(set) var isAnew = false
        /// Whether a rejection was collected since the last batch was sealed.
        var hasDeadLetters = false
        /// The end of the partition when the run started to wait for it.
        var target: Int64?
        /// The newest end of the partition that is known.
        var end: Int64

        init(
            route: Int, appID: String, next: Int64, stored: Int64?, deadStored: Int64?, target: Int64?, end: Int64
        ) {
            self.route = route
            self.appID = appID
            self.next = next
            self.stored = stored
            self.deadStored = deadStored
            self.target = target
            self.end = end
            start = next
            sealedNext = next
        }

        /// What the tables know about dead letters is not about the messages that come now. (A crash before the first
        /// commit after this repeats the dead letters of that commit: nothing tells them from those of the old log.)
        mutating func beganAnew() {
            deadLetters = []
            isAnew = deadStored != nil
        }

        /// Where the dead letters' offset goes with the next commit: always away from where it is, so that of two
        /// ingesters that refuse the same messages only one can store them. That it may be beyond what was read does no
        /// harm, since it only bounds the search for known dead letters.
        var deadLetterStep: Int64 {
            guard let deadStored else { return next }
            return isAnew && next != deadStored ? next : max(next, deadStored + 1)
        }

        mutating func sealed() {
            moved = false
            passed = false
            sealedNext = next
            if !deadLetters.isEmpty { deadLetters = deadLetters.filter { $0 >= next } }
            hasDeadLetters = false
            isAnew = false
        }

        /// What was read since the last batch was sealed is read again.
        mutating func rewind() {
            moved = false
            passed = false
            hasDeadLetters = false
            next = sealedNext
        }

        /// Whether anything was read since the last batch was sealed. The offsets cannot tell: after a topic was made
        /// anew they come by the old place again.
        var moved = false
        /// Whether offsets were passed, since the last batch was sealed, that no message has.
        var passed = false
        /// Whether everything was read that was there at the start.
        var isAtTarget: Bool { target.map { next >= $0 } ?? true }
    }

    private(set) var states: [TopicPartition: State] = [:]

    var places: [TopicPartition] { Array(states.keys) }
    var isDirty: Bool { states.values.contains { $0.moved || $0.passed } }
    /// Whether offsets were passed that no message has: transactions were aborted, say. They are stored too, or retention
    /// would seem to have taken messages that were never there.
    var hasPassed: Bool { states.values.contains(where: \.passed) }
    var isAtTarget: Bool { states.values.allSatisfy(\.isAtTarget) }
    var nextOffsets: [TopicPartition: Int64] { states.mapValues(\.next) }
    /// Messages at the broker that are not in a table, by partition.
    var lags: [TopicPartition: Int64] { states.mapValues { max(0, $0.end - ($0.stored ?? $0.start)) } }
    /// Messages at the broker that were not read.
    var unread: Int64 { states.values.reduce(0) { $0 + max(0, $1.end - $1.next) } }
    var lag: Int64 { lags.values.reduce(0, +) }

    subscript(place: TopicPartition) -> State? { states[place] }

    mutating func take(_ place: TopicPartition, _ state: State) { states[place] = state }
    mutating func release(_ places: [TopicPartition]) { for place in places { states[place] = nil } }

    /// Everything up to and including `offset` was read.
    mutating func read(_ place: TopicPartition, through offset: Int64) {
        guard var state = states[place], offset >= state.next else { return }
        state.next = offset + 1
        state.end = max(state.end, state.next)
        state.moved = true
        states[place] = state
    }

    /// There is nothing below `offset` that has not been read; what lay there was no message (a transaction's marker).
    mutating func reachedEnd(_ place: TopicPartition, at offset: Int64) {
        guard var state = states[place], offset > state.next else { return }
        state.next = offset
        state.end = max(state.end, offset)
        state.passed = true
        states[place] = state
    }

    mutating func foundEnd(_ place: TopicPartition, _ end: Int64) {
        if end > states[place]?.end ?? .max { states[place]?.end = end }
    }

    mutating func hasDeadLetters(_ place: TopicPartition) { states[place]?.hasDeadLetters = true }

    /// Everything that was read so far is in a batch now; what is read from here on is for the next.
    mutating func sealed() {
        for place in states.keys { states[place]?.sealed() }
    }

    /// Forgets what was read since the last batch was sealed, and says of which partitions.
    mutating func rewind() -> [TopicPartition] {
        let places = states.filter { $0.value.moved || $0.value.passed }.map(\.key)
        for place in places { states[place]?.rewind() }
        return places
    }

    /// The steps that a commit of a route's table must make.
    /// - Precondition: the batch before is stored.
    func advances(of route: Int) -> [(place: TopicPartition, advance: OffsetAdvance)] {
        states.filter { $0.value.route == route && ($0.value.moved || $0.value.passed) }.sorted { $0.key < $1.key }
            .map { ($0.key, OffsetAdvance(appID: $0.value.appID, from: $0.value.stored, to: $0.value.next)) }
    }

    /// The steps that a commit of the dead letters must make.
    func deadLetterAdvances() -> [(place: TopicPartition, advance: OffsetAdvance)] {
        states.filter { $0.value.hasDeadLetters || $0.value.isAnew && $0.value.moved }.sorted { $0.key < $1.key }
            .map {
                ($0.key, OffsetAdvance(appID: $0.value.appID, from: $0.value.deadStored, to: $0.value.deadLetterStep))
            }
    }

    mutating func stored(_ advances: [(place: TopicPartition, advance: OffsetAdvance)]) {
        for (place, advance) in advances { states[place]?.stored = advance.to }
    }

    mutating func storedDeadLetters(_ advances: [(place: TopicPartition, advance: OffsetAdvance)]) {
        for (place, advance) in advances { states[place]?.deadStored = advance.to }
    }
}
