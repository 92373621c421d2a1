public import Domain

extension DeltaTable {
    /// Keeps a version readable until a time, whatever the retention of the table: its commit, a checkpoint of it, and its
    /// files. Costs the disk that its files take which newer versions no longer have.
    /// - Parameters:
    ///   - version: one that can be read now.
    ///   - keeper: a word for who wants it; several may keep one version.
    ///   - limit: so many versions at most has this keeper; older ones are given up.
    /// - Throws: as ``snapshot(version:asOf:)``.
    public func keep(version: Int64, until: Timestamp, by keeper: String, atMost limit: Int = .max) throws {
        precondition(keeper.utf8.allSatisfy { (97...122).contains($0) }, "a keeper is a word")
        let kept = KeptVersions(storage: storage)
        let newest = try newestState()
        let state = newest.version == version ? newest : try reader.load(version: version)
        // A checkpoint of a table with features that are not known here would lack what they need.
        let (versions, metaData) = try state.checked(table: path)
        try versions.checkWritable(metaData, table: path)
        // The object first: a cleaner that comes in between leaves what it names.
        try kept.add(.init(version: version, until: until, keeper: keeper))
        if try storage.status(LogName.checkpoint(version)) == nil {
            try CheckpointWriter(storage: storage).write(state, now: .now, isNewest: newest.version == version)
        }
        let own = try kept.entries().filter { $0.keeper == keeper }
        for entry in own.dropLast(limit) { try kept.remove(entry) }
    }

    /// Keeps the newest version as the last of its hour, or its day, so that ``tidy(_:now:vacuums:check:)`` leaves a few of
    /// many.
    func keepNow(_ policy: TidyPolicy, now: Timestamp) throws {
        guard policy.hours > 0 || policy.days > 0 else { return }
        let state = try newestState()
        // A table that keeps all of it needs no more.
        let needed = Int64(max(policy.hours * 3600, policy.days * 86_400)) * 1000
        guard let metaData = state.metaData, min(metaData.logRetention, metaData.deletedFileRetention) < needed else {
            return
        }
        let entries = try KeptVersions(storage: storage).entries()
        func since(_ seconds: Int64) -> Int64 { now.milliseconds / 1000 / seconds }
        for (keeper, seconds, count) in [("hour", Int64(3600), policy.hours), ("day", 86_400, policy.days)]
        where count > 0 {
            // The first look of an hour keeps what the hour before ended with.
            let until = Timestamp(seconds: (since(seconds) + Int64(count)) * seconds)
            let isKept = entries.contains { $0.keeper == keeper && ($0.until >= until || $0.version == state.version) }
            if !isKept { try keep(version: state.version, until: until, by: keeper) }
        }
        for entry in entries where entry.until <= now { try KeptVersions(storage: storage).remove(entry) }
    }
}
