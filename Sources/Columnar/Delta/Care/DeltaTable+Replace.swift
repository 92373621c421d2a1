import Domain

extension DeltaTable {
    /// Puts these rows in the place of all that are there, in one commit: for tables that are made of others, again and
    /// again. The rows before stay in older versions.
    ///
    /// - Parameters:
    ///   - batches: columns by name; nullable columns of the table may be absent.
    ///   - transactions: what the rows were made of.
    /// - Throws: ``ColumnarError/forbidden(table:reason:)`` in an append-only table;
    ///   ``ColumnarError/schemaMismatch(reason:)``; what kept the files from being written.
    @discardableResult
    public func replace(with batches: [RecordBatch], transactions: [Transaction] = []) throws -> RewriteReport {
        let done = try rewriting { snapshot, metaData in
            if metaData.isAppendOnly {
                throw ColumnarError.forbidden(table: path, reason: "delta.appendOnly is set")
            }
            try snapshot.checkFilesWritable()
            // Another has made the same meanwhile.
            let known = snapshot.transactions
            if !transactions.isEmpty, transactions.allSatisfy({ known[$0.appID] == $0.version }) { return nil }
            let writer = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
            let partitions = try PartitionSplitter(
                schema: snapshot.schema, partitionColumns: metaData.partitionColumns, mapping: snapshot.mapping
            ).split(batches)
            let files = try writer.write(partitions)
            if files.isEmpty, snapshot.adds.isEmpty, transactions.isEmpty { return nil }
            var commit = Self.replacing(
                snapshot.adds, by: files, operation: "WRITE",
                parameters: [
                    "mode": "Overwrite", "partitionBy": JSON.strings(metaData.partitionColumns).text,
                ], metrics: Self.metrics(files, rows: partitions.reduce(0) { $0 + $1.rowCount }), dataChange: true)
            // Some of what they were made of may be as it was, and a table that was made anew has lower versions.
            commit.expecting = Dictionary(
                transactions.map { ($0.appID, known[$0.appID]) }, uniquingKeysWith: { first, _ in first })
            let now = Timestamp.now.milliseconds
            commit.actions += transactions.map {
                .transaction(SetTransaction(appID: $0.appID, version: $0.version, lastUpdated: now))
            }
            return (commit, files)
        }
        return done.map { Self.report($0) } ?? RewriteReport()
    }
}
