internal import Domain
internal import Operations

/// Decides when a job runs. No clock is read and nothing is kept here, so that every case is tested as a script.
struct RunPlan: Sendable {
    let job: String
    let timing: RunTiming
    /// The pause after the first failure; it doubles up to ``longestPause``.
    var firstPause = Duration.seconds(60)
    static let longestPause = Duration.seconds(3600)
    /// How far a record of the past may lie in the future before it is taken to be wrong.
    static let tolerance: Double = 86_400

    /// Why a run begins.
    enum Cause: String, Codable, Sendable, CaseIterable {
        /// Its time has come.
        case schedule
        /// Its time came while nothing ran.
        case missed
        /// A run before has failed.
        case retry
        /// Enough new events.
        case events
        case drift
        /// The weights of events have another version.
        case weights
        /// Newer data, where nothing else was asked for.
        case data
        /// Somebody asked for it over REST.
        case api
    }

    /// Sets right what a clock that was set back has made impossible.
    func corrected(_ memory: JobMemory, at now: Timestamp) -> JobMemory {
        var memory = memory
        if let handled = memory.handledAt, handled > now {
            switch timing.clock {
            case .cron: if handled > now.advanced(bySeconds: Self.tolerance) { memory.handledAt = now }
            case .every, nil: memory.handledAt = now
            }
        }
        if let retry = memory.retryAt {
            memory.retryAt = min(retry, now.advanced(bySeconds: Self.longestPause.inSeconds))
        }
        // A new cron job waits for its first time.
        if memory.handledAt == nil, case .cron = timing.clock { memory.handledAt = now }
        return memory
    }

    /// The next time of the clock, with its jitter; nil without a clock.
    func next(_ memory: JobMemory, at now: Timestamp) -> Timestamp? {
        if let retry = memory.retryAt { return retry }
        switch timing.clock {
        case nil: return nil
        case .every(let interval):
            guard let handled = memory.handledAt else { return now }
            return jittered(handled.advanced(bySeconds: interval.inSeconds))
        case .cron(let expression): return jittered(expression.next(after: memory.handledAt ?? now))
        }
    }

    /// Whether a run is due by the clock.
    /// - Parameter startedAt: when the process began: what was due before was missed.
    func cause(_ memory: JobMemory, at now: Timestamp, startedAt: Timestamp) -> Cause? {
        guard let next = next(memory, at: now), next <= now else { return nil }
        if memory.retryAt != nil { return .retry }
        return memory.handledAt != nil && next < startedAt ? .missed : .schedule
    }

    /// Whether the table makes a run due: its rows, or what they were weighed by.
    func cause(_ memory: JobMemory, table: String, rows: Int64?, version: Int64, weights: Int) -> Cause? {
        if let known = memory.weights, known != weights { return .weights }
        // Another table in the same place: nothing that is remembered says anything of it.
        if let known = memory.table, known != table { return .data }
        if let wanted = timing.newEvents, let rows, rows - (memory.rows ?? 0) >= wanted { return .events }
        if timing.isOpen, memory.version != version { return .data }
        return nil
    }

    /// What is remembered after a failure.
    func failed(_ memory: JobMemory, at now: Timestamp) -> JobMemory {
        var memory = memory
        memory.failures += 1
        let doubled = firstPause * (1 << min(memory.failures - 1, 20))
        memory.retryAt = now.advanced(bySeconds: min(doubled, Self.longestPause).inSeconds)
        return memory
    }

    /// What is remembered of a run that ended without a word, such as by a kill: it is made up for at once, and where that happens
    /// again and again after growing pauses, as a failure is.
    func interrupted(_ memory: JobMemory, at now: Timestamp) -> JobMemory {
        var memory = failed(memory, at: now)
        memory.running = nil
        if memory.failures == 1 { memory.retryAt = now }
        return memory
    }

    /// Not random: the same time is put off by as much when the job is asked again, also after a restart.
    private func jittered(_ time: Timestamp) -> Timestamp {
        guard timing.jitter > .zero else { return time }
        // FNV-1a, and its bits mixed once more.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(job)|\(time.seconds)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        return time.advanced(bySeconds: timing.jitter.inSeconds * Double(hash >> 11) / Double(1 << 53))
    }
}
