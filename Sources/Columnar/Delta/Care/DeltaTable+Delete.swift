extension DeltaTable {
    /// Deletes the rows for which `predicate` is true, by writing the files that have some anew without them. The rows
    /// stay in older versions, and on the disk, until ``vacuum(retention:dryRun:)`` removes the old files. The log
    /// keeps the form of the predicate and not its values.
    ///
    /// Memory is bounded by one row group.
    /// - Parameter dryRun: whether rows are only counted; the report then has no version, and says how many rows and
    ///   files it would be.
    /// - Throws: ``ColumnarError/forbidden(table:reason:)`` in an append-only table;
    ///   ``ColumnarError/noSuchColumn(name:available:)``
    public func delete(where predicate: Predicate, dryRun: Bool = false) throws -> RewriteReport {
        var report = RewriteReport()
        let done = try rewriting { snapshot, metaData in
            if metaData.isAppendOnly {
                throw ColumnarError.forbidden(table: path, reason: "delta.appendOnly is set")
            }
            report = RewriteReport()
            try snapshot.checkFilesWritable()
            try snapshot.checkReadable(predicate.columns)
            try predicate.check(snapshot.schema)
            let writer = DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
            let pruner = FilePruner(schema: snapshot.schema, partitionColumns: snapshot.partitionColumns, table: path)
            var files: [Add] = []
            var removed: [Add] = []
            do {
                for add in snapshot.adds where try pruner.mayMatch(predicate, add) {
                    // The columns of the predicate alone tell whether there is anything to do.
                    let matches = try snapshot.countRows(of: add, where: predicate)
                    if matches == 0 { continue }
                    report.rowsDeleted += matches
                    report.filesRemoved += 1
                    report.bytesRemoved += add.size
                    if dryRun { continue }
                    removed.append(add)
                    var rest = try snapshot.scan([add])
                    let written = try writer.write(add.partitionValues) { try rest.next(without: predicate) }
                    if let written { files.append(written) }
                }
            } catch {
                writer.discard(files)
                throw error
            }
            if removed.isEmpty { return nil }
            let commit = Self.replacing(
                removed, by: files, operation: "DELETE", parameters: ["predicate": "[\"\(predicate.form)\"]"],
                metrics: ["numDeletedRows": String(report.rowsDeleted)], dataChange: true)
            return (commit, files)
        }
        guard let done else { return report }
        return Self.report(done, rowsDeleted: report.rowsDeleted)
    }
}

extension Snapshot {
    fileprivate func countRows(of add: Add, where predicate: Predicate) throws -> Int64 {
        var scan = try scan([add], columns: [], where: predicate)
        var count: Int64 = 0
        while let batch = try scan.next() { count += Int64(batch.rowCount) }
        return count
    }
}

extension Scan {
    /// The next batch that has rows for which `predicate` is not true, without the others and the partition columns.
    fileprivate mutating func next(without predicate: Predicate) throws -> RecordBatch? {
        while let batch = try next() {
            var mask = [Bool](repeating: true, count: batch.rowCount)
            for row in predicate.rows(of: batch) { mask[Int(row)] = false }
            let rest = batch.filtered(by: mask)
            if rest.rowCount > 0 { return rest.selecting(dataSchema) }
        }
        return nil
    }
}
