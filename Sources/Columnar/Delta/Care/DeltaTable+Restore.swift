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
            let removed = snapshot.state.files.values.filter { !target.files.contains($0.key) }
            var files = target.files.values.filter { !snapshot.state.files.contains($0.key) }
            for index in files.indices {
                let names = [files[index].path, files[index].deletionVector?.name(in: storage.location)]
                for name in names.compactMap(\.self) where try storage.status(name) == nil {
                    throw StorageError.missing(path: storage.path(of: name))
                }
                files[index].dataChange = true
            }
            var commit = Self.replacing(
                removed.sorted { $0.path < $1.path }, by: files.sorted { $0.path < $1.path }, operation: "RESTORE",
                parameters: ["version": String(version)], metrics: [:], dataChange: true)
            guard target.domains == snapshot.state.domains else {
                throw ColumnarError.unsupported(
                    file: path, feature: "restoring what features keep under names of their own")
            }
            let mode = ColumnMapping.modeProperty
            guard target.metaData?.configuration[mode] == metaData.configuration[mode] else {
                throw ColumnarError.unsupported(file: path, feature: "restoring a version with another column mapping")
            }
            if let old = target.metaData?.following(metaData), old != metaData {
                commit.actions.insert(.metaData(old), at: 0)
            }
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
            guard snapshot.mapping.mode == nil else {
                throw ColumnarError.unsupported(file: path, feature: "adding columns under column mapping")
            }
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
