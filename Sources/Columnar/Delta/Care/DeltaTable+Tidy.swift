public import Domain

/// What one call of ``DeltaTable/tidy(_:now:check:)`` did.
public struct TidyReport: Hashable, Sendable {
    /// Merges, one commit each.
    public var merges = 0
    /// What the merges took away and put in place.
    public var rewritten = RewriteReport()
    /// Files of the newest version, of which so many are small.
    public var files = 0
    public var smallFiles = 0
    /// Files that were removed because no kept version needs them; nil if nobody looked for them.
    public var vacuumed: VacuumReport?

    public init() {}

    /// Whether the table was as it should be.
    public var isIdle: Bool { merges == 0 && (vacuumed?.files.isEmpty ?? true) }
}

extension DeltaTable {
    /// Only on a disk or in a store; data files never have names that begin so.
    private static let tidyLock = "_tidy.lock"

    /// Merges small files as the policy says, one group after another, each in a commit of its own; removes files that
    /// no version within the table's retention needs; and shortens the log to the table's retention, but for one version
    /// of each of the last hours and days.
    ///
    /// For a thread that runs beside writers: a merge changes no data, so no append fails or starts over because of it,
    /// and a merge whose files were taken by a deletion gives way and plans anew. A lock keeps several processes from
    /// merging the same files at once: they take turns. Killed at any instant nothing is lost; what was written for a
    /// commit that did not come is removed by a later vacuum.
    /// - Parameters:
    ///   - now: decides which days are over.
    ///   - vacuums: whether to look for files that nobody needs, which lists the whole table.
    ///   - check: called between batches of rows; throws to stop.
    public func tidy(
        _ policy: TidyPolicy = TidyPolicy(), now: Timestamp = .now, vacuums: Bool = false,
        check: () throws -> Void = {}
    ) throws -> TidyReport {
        var report = TidyReport()
        var isDone = false
        while !isDone {
            try check()
            // Others get their turn between two merges.
            isDone = try storage.withLock(Self.tidyLock) {
                guard let plan = TidyPlan(try newestState(), policy, rowLimit: Self.rowsAtOnce / 2, now: now),
                    let part = try merge(plan.paths, targetSize: policy.targetSize, check: check)
                else { return true }
                report.merges += 1
                report.rewritten.add(part)
                return false
            }
        }
        if vacuums {
            report.vacuumed = try storage.withLock(Self.tidyLock) {
                try check()
                try keepNow(policy, now: now)
                try shortenLog()
                return try vacuum()
            }
        }
        let files = try newestState().files.values
        report.files = files.count
        report.smallFiles = files.count { $0.size < policy.smallSize }
        return report
    }

    /// Puts a checkpoint at the end of the log if its newest commits have none, and removes what is past the retention.
    private func shortenLog() throws {
        let state = try newestState()
        guard let metaData = state.metaData, metaData.cleansLog else { return }
        if state.version % metaData.checkpointInterval != 0 {
            try CheckpointWriter(storage: storage).write(state, now: .now)
        }
        try LogCleaner(storage: storage).clean(retention: metaData.logRetention, now: .now)
    }
}
