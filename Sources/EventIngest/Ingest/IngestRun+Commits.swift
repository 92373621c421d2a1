import Domain
import Kafka

/// When what was read becomes a commit, and what follows from it.
///
/// Reading goes on while a batch is being committed, until the next one is full too: then the thread waits, librdkafka's
/// queue fills up to `queued.max.messages.kbytes`, and nothing more is fetched. So whatever becomes of the disk, memory
/// holds two batches and one queue.
extension IngestRun {
    enum Urgency {
        case none
        /// To be committed as soon as the batch before is.
        case due
        /// Nothing more may be collected.
        case full
    }

    func pollTimeout() -> Double {
        guard let oldestPending else { return 0.1 }
        if writer.isBusy || isHurried() { return 0.02 }
        let left = configuration.commit.age - (clock.now - oldestPending).inSeconds
        return min(max(left, 0.001), 0.1)
    }

    func commitIfDue() throws {
        try settle(within: 0)
        switch urgency() {
        case .none: break
        case .due: if !writer.isBusy { try seal() }
        case .full:
            try settle()
            try seal()
        }
    }

    /// Stores everything that was read, and returns when it is stored.
    func commitAll() throws {
        try settle()
        try seal()
        try settle()
    }

    /// What is collected for the next batch.
    var pending: (rows: Int, bytes: Int) {
        appenders.reduce(into: (deadLetterBuffer.count, deadLetterBuffer.byteCount)) { sum, appender in
            sum.0 += appender.rowCount
            sum.1 += appender.byteCount
        }
    }

    /// A batch that is worth its files although it could grow: whoever waits for the rest keeps the writer idle meanwhile,
    /// and then has to wait for it.
    private var isHalfFull: Bool {
        pending.bytes >= configuration.commit.bytes / 2
            || appenders.contains { $0.rowCount >= (configuration.commit.rows + 1) / 2 }
    }

    private func urgency() -> Urgency {
        guard let oldestPending else {
            guard let passedSince, !writer.isBusy else { return .none }
            // Nothing to see in them: a commit for themselves may wait.
            return (clock.now - passedSince).inSeconds >= configuration.commit.age * 5 ? .due : .none
        }
        if pending.bytes >= configuration.commit.bytes { return .full }
        if appenders.contains(where: { $0.rowCount >= configuration.commit.rows }) { return .full }
        if !writer.isBusy, isHalfFull { return .due }
        let age = (clock.now - oldestPending).inSeconds
        // A tenth of a second of messages is worth a commit to whoever waits.
        if isHurried(), age >= 0.1 { return .due }
        // Far behind, the rows are late anyway: larger files are worth more than a second.
        let patience = unread > configuration.commit.rows ? CommitPolicy.patienceBehind : 1
        return age >= configuration.commit.age * patience ? .due : .none
    }

    /// Hands everything that was read to the writer.
    private func seal() throws {
        let oldest = oldestPending ?? clock.now
        oldestPending = nil
        passedSince = nil
        guard ledger.isDirty else { return }
        var parts: [SealedBatch.Part] = []
        let deadSteps = ledger.deadLetterAdvances()
        if !deadSteps.isEmpty {
            let batches = deadLetterBuffer.count > 0 ? [try deadLetterBuffer.batch()] : []
            parts.append(.init(route: nil, batches: batches, steps: deadSteps))
            deadLetterBuffer = DeadLetterBuffer()
        }
        for index in appenders.indices {
            let steps = ledger.advances(of: index)
            guard !steps.isEmpty else { continue }
            parts.append(.init(route: index, batches: try appenders[index].take(), steps: steps))
        }
        ledger.sealed()
        inHand = (oldest, clock.now)
        writer.begin(SealedBatch(parts: parts))
    }

    /// Waits until nothing is in the writer's hands, and takes note of what became of it. Meanwhile progress is still
    /// reported.
    func settle() throws {
        while try !settle(within: 0.1) {
            if let inHand, clock.now - inHand.sealed > .seconds(5) { progress.trouble = Self.stalled }
            reportIfDue()
        }
        if progress.trouble == Self.stalled { progress.trouble = nil }
    }

    private static let stalled = "the store has not taken a commit for more than 5 seconds; reading waits"

    /// Whether nothing is in the writer's hands any more.
    @discardableResult
    private func settle(within seconds: Double) throws -> Bool {
        guard writer.isBusy else { return true }
        guard let outcome = try writer.outcome(within: seconds) else { return false }
        if let inHand, outcome.overtaken == nil { metrics.committed(after: (clock.now - inHand.oldest).inSeconds) }
        inHand = nil
        for part in outcome.stored {
            progress.commits += 1
            progress.commitSeconds = part.seconds
            metrics.committed(part.sink, rows: part.rows, seconds: part.seconds)
            hooks.onCommit?(
                IngestCommit(table: part.sink, version: part.version, rows: part.rows, seconds: part.seconds))
            guard let route = part.route else {
                ledger.storedDeadLetters(part.steps)
                continue
            }
            appenders[route].reuse(part.batches)
            ledger.stored(part.steps)
            progress.rows += part.rows
            progress.known += part.known
            let own = part.steps.filter { ledger[$0.place] != nil }
            consumer.commitHint(Dictionary(uniqueKeysWithValues: own.map { ($0.place, $0.advance.to) }))
        }
        if let (sink, detail) = outcome.overtaken { try resynchronise(detail, table: sink) }
        if outcome.isRepeated { try dropPending() }
        return true
    }
}
