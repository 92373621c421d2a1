import Domain

extension DeltaTable {
    /// Races in a row that may be lost before giving up. Each one lost is another writer's commit won.
    private static let maximumAttempts = 1000

    /// Puts the commit on top of the newest version, again and again while other writers are faster and their commits
    /// leave it valid.
    /// - Parameter base: the state the commit was prepared on.
    /// - Parameter unless: whether a version has what the commit is at odds with; asked before each attempt to follow it.
    /// - Throws: ``ColumnarError/tooManyConflicts(table:attempts:)``; whatever it throws, nothing was committed.
    func commit(
        _ pending: PendingCommit, on base: LogState, unless: ((Snapshot) throws -> Bool)? = nil
    ) throws -> CommitOutcome {
        var state = base
        for _ in 0..<Self.maximumAttempts {
            if let outcome = Self.precheck(pending, state) { return outcome }
            if let unless, try unless(Snapshot(storage: storage, state: state)) {
                remember(state, insteadOf: base)
                return .conflict(version: state.version, reason: "has rows that these must not follow")
            }
            let version = state.version + 1
            let now = Timestamp.now
            if try storage.putIfAbsent(
                LogName.commit(version), pending.bytes(readVersion: base.version, now: now.milliseconds, after: state))
            {
                committed(pending, version, on: state)
                return .committed(version: version)
            }
            let newer = try reader.update(state) ?? reader.load()
            guard newer.version >= version, newer.metaData?.id == state.metaData?.id else {
                // Another table took the place of the one we knew.
                return .conflict(version: version, reason: "is not one this operation could follow")
            }
            for winner in version...newer.version {
                if let reason = pending.conflict(with: try reader.actions(of: winner)) {
                    remember(newer, insteadOf: base)
                    return .conflict(version: winner, reason: reason)
                }
            }
            state = newer
        }
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumAttempts)
    }

    /// What the progress markers in `state` say about a commit on top of it; nil if it may go ahead.
    static func precheck(_ pending: PendingCommit, _ state: LogState) -> CommitOutcome? {
        if let expecting = pending.expecting {
            for (application, version) in expecting.sorted(by: { $0.key < $1.key }) {
                let found = state.transactions[application]?.version
                if found != version {
                    let has = found.map { "is at \($0)" } ?? "has no progress"
                    return .conflict(
                        version: state.version,
                        reason: "\(application) \(has) instead of \(version.map { String($0) } ?? "none")")
                }
            }
            return nil
        }
        let transactions = pending.transactions
        let done = transactions.filter { (state.transactions[$0.appID]?.version ?? .min) >= $0.version }
        guard let first = done.first else { return nil }
        if done.count == transactions.count { return .alreadyCommitted(version: state.version) }
        return .conflict(version: state.version, reason: "has the progress of \(first.appID), but not of all others")
    }

    private func committed(_ pending: PendingCommit, _ version: Int64, on state: LogState) {
        // From here on nothing may fail: the commit is made. What cannot be done now, the next commit does.
        guard let state = try? reader.update(state), state.version >= version else { return }
        remember(state, insteadOf: nil)
        guard state.version == version, let metaData = state.metaData, version % metaData.checkpointInterval == 0,
            (try? CheckpointWriter(storage: storage).write(state, now: Timestamp.now)) != nil
        else { return }
        // A writer that goes on for months must not remember every file that was ever merged.
        var lean = state
        lean.forgetTombstones(until: Timestamp.now.milliseconds - metaData.deletedFileRetention)
        remember(lean, insteadOf: nil)
        guard metaData.cleansLog else { return }
        try? LogCleaner(storage: storage).clean(retention: metaData.logRetention, now: Timestamp.now)
    }

    /// Writes a checkpoint of the newest version now.
    public func writeCheckpoint() throws {
        try CheckpointWriter(storage: storage).write(newestState(), now: Timestamp.now)
    }
}
