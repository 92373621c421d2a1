import Domain

/// What a rewrite of files did.
public struct RewriteReport: Hashable, Sendable {
    /// Nil if there was nothing to do.
    public var version: Int64?
    public var filesRemoved = 0
    public var filesAdded = 0
    public var bytesRemoved: Int64 = 0
    public var bytesAdded: Int64 = 0
    /// Rows deleted, or moved by `optimize`.
    public var rows: Int64 = 0
}

extension DeltaTable {
    private static let maximumRewrites = 20

    /// Puts small files together, partition by partition. The rows stay the same (`dataChange` is false).
    /// - Parameters:
    ///   - targetBytes: files of at least this size are left alone; new ones grow to about it.
    ///   - column: orders the rows of each new file, so that statistics can skip more. Nil keeps their order.
    public func optimize(targetBytes: Int64 = 128 << 20, sortedBy column: String? = nil) throws -> RewriteReport {
        try rewrite(operation: "OPTIMIZE", dependsOnAllRows: false) { snapshot, plan in
            plan.writer.dataChange = false
            if let column, snapshot.schema[column] == nil {
                throw ColumnarError.noSuchColumn(name: column, available: snapshot.schema.names)
            }
            let byPartition = Dictionary(grouping: snapshot.adds.filter { $0.size < targetBytes }) {
                $0.partitionValues
            }
            for (_, files) in byPartition.sorted(by: { $0.value[0].path < $1.value[0].path }) {
                for bin in Self.bins(files, targetBytes) where bin.count > 1 {
                    let batches = try bin.flatMap { try Self.rows(of: $0, in: snapshot) }
                    var batch = try RecordBatch.joined(batches, schema: snapshot.schema)
                    if let column { batch = batch.gathered(try batch.order(by: column)) }
                    try plan.writer.write(batch)
                    try plan.writer.closeFiles()
                    plan.removed += bin
                    plan.rows += Int64(batch.rowCount)
                }
            }
        }
    }

    /// Deletes the rows for which `predicate` holds, by writing the files that have such rows anew without them. The
    /// old files stay for time travel until ``vacuum(retention:dryRun:)``.
    public func delete(where predicate: Predicate) throws -> RewriteReport {
        try rewrite(operation: "DELETE", dependsOnAllRows: true) { snapshot, plan in
            if snapshot.configuration["delta.appendOnly"]?.lowercased() == "true" {
                throw ColumnarError.forbidden(table: self.path, reason: "it is append-only")
            }
            for name in predicate.columns where snapshot.schema[name] == nil {
                throw ColumnarError.noSuchColumn(name: name, available: snapshot.schema.names)
            }
            for add in try snapshot.candidates(predicate) {
                let batches = try Self.rows(of: add, in: snapshot)
                let masks = try batches.map { try predicate.evaluate($0) }
                let hits = masks.reduce(0) { $0 + $1.count { $0 } }
                if hits == 0 { continue }
                plan.removed.append(add)
                plan.rows += Int64(hits)
                for (batch, mask) in zip(batches, masks) {
                    try plan.writer.write(batch.filtered(by: mask.map { !$0 }))
                }
                try plan.writer.closeFiles()
            }
        }
    }

    private struct Plan {
        let writer: DataWriter
        var removed: [AddAction] = []
        var rows: Int64 = 0
    }

    /// Plans on the newest version, writes, commits; if another writer touched the same files, plans again.
    private func rewrite(
        operation: String, dependsOnAllRows: Bool, _ body: (Snapshot, inout Plan) throws -> Void
    ) throws -> RewriteReport {
        for _ in 0..<Self.maximumRewrites {
            let state = try refresh()
            let snapshot = try Snapshot(state, storage)
            try checkWritable(snapshot)
            var plan = Plan(writer: DataWriter(snapshot, options: .init()))
            let outcome: CommitOutcome
            var report = RewriteReport()
            do {
                try body(snapshot, &plan)
                if plan.removed.isEmpty {
                    plan.writer.abandon()
                    return report
                }
                let adds = try plan.writer.finish()
                let now = SystemClock.now.milliseconds
                let removes = plan.removed.map {
                    RemoveAction(
                        path: $0.path, deletionTimestamp: now, dataChange: plan.writer.dataChange,
                        partitionValues: $0.partitionValues, size: $0.size)
                }
                report.filesRemoved = removes.count
                report.filesAdded = adds.count
                report.bytesRemoved = plan.removed.reduce(0) { $0 + $1.size }
                report.bytesAdded = adds.reduce(0) { $0 + $1.size }
                report.rows = plan.rows
                let info = CommitInfo(operation: operation, metrics: plan.writer.metrics, isBlindAppend: false)
                outcome = try commit(
                    Commit(
                        info: info, actions: removes.map { .remove($0) } + adds.map { .add($0) },
                        dependsOnAllRows: dependsOnAllRows), from: state)
            } catch {
                plan.writer.abandon()
                // A file may have been vacuumed while it was read; then the newest version no longer needs it.
                if case ColumnarError.missingFile = error, try refresh().version > state.version { continue }
                throw error
            }
            if case .committed(let version) = outcome {
                report.version = version
                return report
            }
            plan.writer.abandon()
        }
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumRewrites)
    }

    /// Files in order, put together until a bin is full.
    private static func bins(_ files: [AddAction], _ targetBytes: Int64) -> [[AddAction]] {
        var bins: [[AddAction]] = []
        var size: Int64 = 0
        for file in files {
            if bins.isEmpty || size + file.size > targetBytes {
                bins.append([])
                size = 0
            }
            bins[bins.count - 1].append(file)
            size += file.size
        }
        return bins
    }

    /// All rows of one file with all columns of the table.
    private static func rows(of add: AddAction, in snapshot: Snapshot) throws -> [RecordBatch] {
        var scan = Scan(
            snapshot: snapshot, adds: [add], output: snapshot.schema, needed: snapshot.schema, predicate: nil)
        var batches: [RecordBatch] = []
        while let batch = try scan.next() { batches.append(batch) }
        return batches
    }
}
