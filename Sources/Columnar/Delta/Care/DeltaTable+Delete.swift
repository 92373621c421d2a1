extension DeltaTable {
    /// Deletes the rows for which `predicate` is true, by writing the files that have some anew without them. The rows
    /// stay in older versions, and on the disk, until ``vacuum(retention:dryRun:)`` removes the old files. The log
    /// keeps the form of the predicate and not its values. Such rows that a deletion vector hides already go with the file
    /// that has them.
    ///
    /// Memory is bounded by a row group for each core, of four at most.
    /// - Parameter dryRun: whether rows are only counted; the report then has no version, and says how many rows and
    ///   files it would be.
    /// - Throws: ``ColumnarError/forbidden(table:reason:)`` in an append-only table;
    ///   ``ColumnarError/noSuchColumn(name:available:)``
    public func delete(where predicate: Predicate, dryRun: Bool = false) throws -> RewriteReport {
        try delete(RowMatch(predicate), form: predicate.form, dryRun: dryRun)
    }

    /// Deletes the rows that are meant, as ``delete(where:dryRun:)`` does.
    /// - Parameter form: what the log keeps of it, without values: it outlives the rows.
    public func delete(_ match: RowMatch, form: String, dryRun: Bool = false) throws -> RewriteReport {
        try deleting(match, form: form, dryRun: dryRun).report
    }

    /// - Parameter form: what the log keeps of the condition.
    /// - Returns: what was done, and the names of the files that were removed.
    func deleting(
        _ match: RowMatch, form: String, dryRun: Bool = false
    ) throws -> (report: RewriteReport, paths: Set<String>) {
        var report = RewriteReport()
        let done = try rewriting { snapshot, metaData in
            if metaData.isAppendOnly {
                throw ColumnarError.forbidden(table: path, reason: "delta.appendOnly is set")
            }
            report = RewriteReport()
            try snapshot.checkFilesWritable()
            try snapshot.checkReadable(match.columns)
            try match.predicate?.check(snapshot.schema)
            let writer = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
            let pruner = snapshot.pruner
            let candidates = try snapshot.adds.filter { add in
                try match.predicate.map { try pruner.mayMatch($0, add) } ?? true
            }
            // Several files at a time: each is read, and written anew, apart from the others.
            let parts = try writer.each(candidates) { add, codec -> RewrittenFile? in
                // The columns of the condition alone tell whether there is anything to do.
                let matches = try match.count(try snapshot.scan([add], columns: match.columns, where: match.predicate))
                if try matches == 0 && !snapshot.hides(match, in: add) { return nil }
                if dryRun { return RewrittenFile(removed: add, rowsDeleted: matches) }
                var rest = try snapshot.scan([add])
                return RewrittenFile(
                    removed: add, rowsDeleted: matches,
                    written: try writer.write(rowsOf: add.partitionValues, codec: codec) {
                        try rest.next(without: match)
                    })
            } undo: {
                writer.discard([$0?.written].compactMap { $0 })
            }.compactMap { $0 }
            for part in parts {
                report.rowsDeleted += part.rowsDeleted
                report.filesRemoved += 1
                report.bytesRemoved += part.removed.size
            }
            if dryRun || parts.isEmpty { return nil }
            let removed = parts.map(\.removed)
            let files = parts.compactMap(\.written)
            let commit = Self.replacing(
                removed, by: files, operation: "DELETE", parameters: ["predicate": "[\"\(form)\"]"],
                metrics: ["numDeletedRows": String(report.rowsDeleted)], dataChange: true)
            return (commit, files)
        }
        guard let done else { return (report, []) }
        return (Self.report(done, rowsDeleted: report.rowsDeleted), done.commit.removedPaths)
    }
}

/// A file without the rows that were meant.
private struct RewrittenFile: Sendable {
    var removed: Add
    var rowsDeleted: Int64
    /// Nil if no row is left.
    var written: Add?
}

extension Snapshot {
    /// Whether a file has rows that are meant, but are deleted: they are still in it.
    fileprivate func hides(_ match: RowMatch, in add: Add) throws -> Bool {
        guard add.deletionVector != nil else { return false }
        var whole = add
        whole.details = nil
        return try match.count(scan([whole], columns: match.columns, where: match.predicate)) > 0
    }
}
