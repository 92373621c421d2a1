import Domain

extension DeltaTable {
    /// Makes the table what it was at `version`, by a new commit. Progress markers stay as they are: what was ingested
    /// is not ingested again.
    /// - Throws: ``ColumnarError/missingFile(path:)`` if vacuum removed a file of that version.
    public func restore(version: Int64) throws -> RewriteReport {
        let target = try reader.load(version: version)
        let done = try rewriting { snapshot, metaData in
            if metaData.isAppendOnly {
                throw ColumnarError.forbidden(table: path, reason: "delta.appendOnly is set")
            }
            let removed = snapshot.state.files.values.filter { target.files[$0.path] == nil }
            var files = target.files.values.filter { snapshot.state.files[$0.path] == nil }
            for index in files.indices {
                guard try storage.status(files[index].path) != nil else {
                    throw StorageError.missing(path: storage.path(of: files[index].path))
                }
                files[index].dataChange = true
            }
            var commit = Self.replacing(
                removed.sorted { $0.path < $1.path }, by: files.sorted { $0.path < $1.path }, operation: "RESTORE",
                parameters: ["version": String(version)], metrics: [:], dataChange: true)
            if let old = target.metaData, old != metaData { commit.actions.insert(.metaData(old), at: 0) }
            // Nothing was written that a lost race would have to remove.
            return commit.actions.isEmpty ? nil : (commit, [])
        }
        guard let done else { return RewriteReport() }
        var report = Self.report(done)
        for case .add(let add) in done.commit.actions {
            report.filesAdded += 1
            report.bytesAdded += add.size
        }
        return report
    }

    /// Adds columns to the end of the schema. In rows that are there already they are null.
    /// - Parameter ifMissing: leaves out those whose names are there already, of whatever type.
    /// - Returns: the version that has them.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if one is required or its name is taken.
    @discardableResult
    public func addColumns(_ fields: [Field], ifMissing: Bool = false) throws -> Int64 {
        let done = try rewriting { snapshot, metaData in
            let fields =
                !ifMissing
                ? fields
                : fields.filter {
                    snapshot.schema[$0.name] == nil && snapshot.unsupportedColumns[$0.name] == nil
                }
            for field in fields where !field.nullable {
                throw ColumnarError.schemaMismatch(
                    reason: "\(field.name) must be nullable: the rows that are there have no value for it")
            }
            if fields.isEmpty { return nil }
            try Schema(snapshot.schema.fields + fields).checkForTable(partitionedBy: snapshot.partitionColumns)
            var metaData = metaData
            metaData.schemaString = try SchemaString.appending(fields, to: metaData.schemaString, file: path)
            let names = fields.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
            return (
                PendingCommit(operation: "ADD COLUMNS", parameters: ["columns": names], actions: [.metaData(metaData)]),
                []
            )
        }
        return try done?.version ?? newestState().version
    }
}
