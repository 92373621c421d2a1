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
        let state = try newestState()
        let (versions, metaData) = try state.checked(table: path)
        try versions.checkWritable(metaData, table: path)
        let kept = retention.map { Int64($0 * 1000) } ?? metaData.deletedFileRetention
        let horizon = SystemClock.now.milliseconds - kept
        var needed = Set(state.files.keys)
        for (path, remove) in state.tombstones where remove.deletionTimestamp ?? 0 > horizon { needed.insert(path) }
        let doomed = try storage.listData()
            .filter { !needed.contains($0.name) && $0.modified.milliseconds <= horizon }
            .map(\.name).sorted()
        if !dryRun { for name in doomed { try storage.delete(name) } }
        return doomed
    }

    /// Makes the newest version hold what `version` held, as one more commit.
    /// - Throws: ``ColumnarError/missingFile(path:)`` if vacuum has removed a file that `version` needs.
    public func restore(version: Int64) throws -> CommitOutcome {
        let state = try newestState()
        let now = try Snapshot(storage: storage, state: state)
        let (versions, metaData) = try state.checked(table: path)
        try versions.checkWritable(metaData, table: path)
        try checkMayRemove(now)
        let then = try snapshot(version: version)
        var actions: [Action] = []
        if let old = then.state.metaData, old != metaData { actions.append(.metaData(old)) }
        let time = SystemClock.now.milliseconds
        for add in now.adds where then.state.files[add.path] == nil {
            actions.append(.remove(Remove(add, at: time, dataChange: true)))
        }
        for var add in then.adds where state.files[add.path] == nil {
            _ = try storage.open(add.path)
            add.dataChange = true
            actions.append(.add(add))
        }
        if actions.isEmpty { return .committed(version: state.version) }
        return try commit(
            PendingCommit(operation: "RESTORE", parameters: ["version": String(version)], actions: actions), on: state)
    }

    /// Adds nullable columns at the end. Older files read as null there.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)``
    public func addColumns(_ fields: [Field]) throws -> CommitOutcome {
        let state = try newestState()
        var (versions, metaData) = try state.checked(table: path)
        try versions.checkWritable(metaData, table: path)
        for field in fields where !field.nullable {
            throw ColumnarError.schemaMismatch(reason: "the new column \(field.name) must be nullable")
        }
        let schema = Schema(try Snapshot(storage: storage, state: state).schema.fields + fields)
        try schema.checkForTable(partitionedBy: metaData.partitionColumns)
        metaData.schemaString = SchemaString.text(of: schema)
        return try commit(PendingCommit(operation: "ADD COLUMNS", actions: [.metaData(metaData)]), on: state)
    }
}
