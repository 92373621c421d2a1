import Domain

extension DeltaTable {
    /// Removes data files that no version within the retention needs: older versions can then no longer be read.
    ///
    /// Spared are the files of the newest version, those removed from it more recently than the retention, files
    /// younger than the retention (a commit may be about to name them) and names that begin with `_` or `.`.
    /// - Parameters:
    ///   - retention: seconds; nil for the table's `delta.deletedFileRetentionDuration`, by default 7 days. With 0, no
    ///     writer may be busy.
    ///   - dryRun: only tell.
    /// - Returns: what was removed, or would be, relative to the table.
    public func vacuum(retention: Double? = nil, dryRun: Bool = false) throws -> [String] {
        let state = try refresh()
        let kept = retention.map { Int64($0 * 1000) } ?? Retention.deletedFiles(state.metadata?.configuration ?? [:])
        let horizon = Timestamp(milliseconds: SystemClock.now.milliseconds - kept)
        var needed: Set<String> = []
        for path in state.files.keys {
            needed.insert(try naming(self.path) { try PartitionPath.name(ofLogPath: path) })
        }
        for (path, remove) in state.tombstones
        where Timestamp(milliseconds: remove.deletionTimestamp ?? 0) > horizon {
            // Tombstones of files outside of the table are of no concern.
            if let name = try? PartitionPath.name(ofLogPath: path) { needed.insert(name) }
        }
        let doomed = try storage.listData().filter { !needed.contains($0.name) && $0.modified <= horizon }
            .map(\.name).sorted()
        if !dryRun { for name in doomed { try storage.delete(name) } }
        return doomed
    }

    /// Removes commits and checkpoints that are older than `delta.logRetentionDuration` (30 days) and that the newest
    /// checkpoint before then makes unnecessary.
    /// - Returns: how many files were removed.
    public func cleanLog() throws -> Int {
        let state = try refresh()
        let horizon = Timestamp(
            milliseconds: SystemClock.now.milliseconds - Retention.log(state.metadata?.configuration ?? [:]))
        let listing = try log.list()
        let modified = Dictionary(uniqueKeysWithValues: listing.commits.map { ($0.version, $0.modified) })
        guard let base = listing.checkpoints.last(where: { modified[$0.version].map { $0 <= horizon } ?? false }) else {
            return 0
        }
        var removed = 0
        // From the oldest on, so that a crash leaves no gap.
        for commit in listing.commits where commit.version < base.version && commit.modified <= horizon {
            try storage.delete(LogName.commitPath(commit.version))
            removed += 1
        }
        for checkpoint in listing.checkpoints where checkpoint.version < base.version {
            for name in checkpoint.names {
                try storage.delete("\(LogName.folder)/\(name)")
                removed += 1
            }
        }
        return removed
    }

    /// Makes the newest version hold what `version` held, as one more commit.
    /// - Throws: ``ColumnarError/missingFile(path:)`` if vacuum has removed a file that `version` needs.
    public func restore(version: Int64) throws -> CommitOutcome {
        let state = try refresh()
        let now = try Snapshot(state, storage)
        try checkWritable(now)
        if now.configuration["delta.appendOnly"]?.lowercased() == "true" {
            throw ColumnarError.forbidden(table: path, reason: "it is append-only")
        }
        let then = try snapshot(version: version)
        var actions: [Action] = []
        if let old = then.state.metadata, old != state.metadata { actions.append(.metadata(old)) }
        let time = SystemClock.now.milliseconds
        for add in now.adds where then.state.files[add.path] == nil {
            actions.append(
                .remove(
                    RemoveAction(
                        path: add.path, deletionTimestamp: time, dataChange: true,
                        partitionValues: add.partitionValues, size: add.size)))
        }
        for var add in then.adds where state.files[add.path] == nil {
            _ = try storage.open(try naming(path) { try PartitionPath.name(ofLogPath: add.path) })
            add.dataChange = true
            actions.append(.add(add))
        }
        if actions.isEmpty { return .committed(version: state.version) }
        let info = CommitInfo(
            operation: "RESTORE", parameters: .object(["version": .string(String(version))]), isBlindAppend: false)
        return try commit(Commit(info: info, actions: actions, dependsOnAllRows: true), from: state)
    }

    /// Adds nullable columns at the end. Older files read as null there.
    public func addColumns(_ fields: [Field]) throws -> CommitOutcome {
        let state = try refresh()
        let now = try Snapshot(state, storage)
        try checkWritable(now)
        for field in fields where !field.nullable {
            throw ColumnarError.schemaMismatch(reason: "the new column \(field.name) must be nullable")
        }
        let schema = Schema(now.schema.fields + fields)
        try Self.check(schema, now.partitionColumns)
        var metadata = now.metadata
        metadata.schemaString = try SchemaJSON.text(of: schema)
        let info = CommitInfo(operation: "ADD COLUMNS", isBlindAppend: false)
        return try commit(Commit(info: info, actions: [.metadata(metadata)]), from: state)
    }
}
