import Domain

/// Files that no kept version needs.
public struct VacuumReport: Hashable, Sendable {
    /// Relative to the table, in order.
    public var files: [String] = []
    public var bytes: Int64 = 0
}

extension DeltaTable {
    /// Removes data files that the newest version does not have and that no version within the retention had. Versions
    /// older than that can then no longer be read.
    ///
    /// Versions that somebody keeps (``keep(version:until:by:atMost:)``) keep their files.
    ///
    /// With a retention of 0 they are given up, and the log before the newest version goes too, behind a checkpoint: the
    /// bounds of files that
    /// are no longer there may hold values of rows that were deleted.
    /// - Parameters:
    ///   - retention: in seconds; the table's own (a week, unless it says otherwise) if nil. With less than the longest
    ///     commit takes, files of a commit under way may go: use 0 only while nobody writes.
    ///   - dryRun: whether files are only listed.
    public func vacuum(retention: Int64? = nil, dryRun: Bool = false) throws -> VacuumReport {
        let state = try newestState()
        let (versions, metaData) = try state.checked(table: path)
        try versions.checkWritable(metaData, table: path)
        let now = Timestamp.now.milliseconds
        let horizon = now - (retention.map { $0 * 1000 } ?? metaData.deletedFileRetention)
        var needed = state.names(in: path)
        for tombstone in state.tombstones.values where (tombstone.deletionTimestamp ?? now) > horizon {
            needed.insert(tombstone.path)
            if let name = tombstone.deletionVector?.name(in: path) { needed.insert(name) }
        }
        let kept = KeptVersions(storage: storage)
        if retention != 0 {
            for version in try kept.versions(now: Timestamp(milliseconds: now)) where version < state.version {
                // One that cannot be read any more keeps nothing.
                if let old = try? reader.load(version: version) { needed.formUnion(old.names(in: path)) }
            }
        }
        var report = VacuumReport()
        // Names that begin with `_` or `.` are not data; young files may belong to a commit under way.
        var candidates = try storage.listData().filter {
            !needed.contains($0.name) && $0.modified.milliseconds <= horizon
        }
        for entry in try storage.list(LogName.folder, from: ".tmp-")
        where entry.name.hasPrefix(".tmp-") && entry.modified.milliseconds <= horizon {
            candidates.append(
                StoredName(name: "\(LogName.folder)/\(entry.name)", size: entry.size, modified: entry.modified))
        }
        if retention == 0 {
            if !dryRun {
                for entry in try kept.entries() { try kept.remove(entry) }
                try CheckpointWriter(storage: storage).write(state, now: Timestamp.now)
            }
            candidates += try LogCleaner(storage: storage).sidecars(unneededFrom: state.version)
            candidates += try LogCleaner(storage: storage).entries(before: state.version).map {
                StoredName(name: "\(LogName.folder)/\($0.name)", size: $0.size, modified: $0.modified)
            }
        }
        for file in candidates.sorted(by: { $0.name < $1.name }) {
            report.files.append(file.name)
            report.bytes += Int64(file.size)
            if !dryRun { try storage.delete(file.name) }
        }
        return report
    }
}
