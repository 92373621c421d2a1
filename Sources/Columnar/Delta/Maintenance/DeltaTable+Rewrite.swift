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
    private static let maximumRewrites = 50

    /// Puts small files together, partition by partition. The rows stay the same (`dataChange` is false). Memory is
    /// bounded by the rows of one new file.
    /// - Parameters:
    ///   - targetBytes: files of at least this size are left alone; new ones grow to about it.
    ///   - column: orders the rows of each new file, so that statistics can skip more. Nil keeps their order.
    public func optimize(targetBytes: Int64 = 128 << 20, sortedBy column: String? = nil) throws -> RewriteReport {
        try rewrite(operation: "OPTIMIZE", isRearrangement: true) { snapshot, plan in
            if let column { _ = try snapshot.schema.selecting([column]) }
            let small = snapshot.adds.filter { $0.size < targetBytes }
            let byPartition = Dictionary(grouping: small) { $0.partitionValues }
            for files in byPartition.values.sorted(by: { $0[0].path < $1[0].path }) {
                for bin in Self.bins(files, targetBytes) where bin.count > 1 {
                    var batch = try RecordBatch.joined(
                        try Self.rows(of: bin, in: snapshot), schema: snapshot.schema)
                    if let column { batch = batch.gathered(try batch.order(by: column)) }
                    try plan.replace(bin, with: [batch])
                    plan.report.rows += Int64(batch.rowCount)
                }
            }
        }
    }

    /// Deletes the rows for which `predicate` holds, by writing the files that have such rows anew without them. The
    /// old files stay for time travel until ``vacuum(retention:dryRun:)``.
    public func delete(where predicate: Predicate) throws -> RewriteReport {
        try rewrite(operation: "DELETE", isRearrangement: false) { snapshot, plan in
            try self.checkMayRemove(snapshot)
            try predicate.check(snapshot.schema)
            let pruner = FilePruner(
                schema: snapshot.schema, partitionColumns: snapshot.partitionColumns, table: self.path)
            for add in snapshot.adds where try pruner.mayMatch(predicate, add) {
                let batches = try Self.rows(of: [add], in: snapshot)
                let hits = batches.map { predicate.rows(of: $0) }
                let count = hits.reduce(0) { $0 + $1.count }
                if count == 0 { continue }
                let kept = zip(batches, hits).map { batch, hits in
                    let doomed = Set(hits)
                    return batch.gathered((0..<Int32(batch.rowCount)).filter { !doomed.contains($0) })
                }
                try plan.replace([add], with: kept)
                plan.report.rows += Int64(count)
            }
        }
    }

    func checkMayRemove(_ snapshot: Snapshot) throws {
        if snapshot.state.metaData?.isAppendOnly ?? false {
            throw ColumnarError.forbidden(table: path, reason: "it is append-only")
        }
    }

    /// The files a rewrite takes out and those it puts in their place.
    private struct Plan {
        let splitter: PartitionSplitter
        let writer: DataFileWriter
        let isRearrangement: Bool
        var removed: [Add] = []
        var added: [Add] = []
        var report = RewriteReport()

        mutating func replace(_ old: [Add], with batches: [RecordBatch]) throws {
            added += try writer.write(try splitter.split(batches), dataChange: !isRearrangement)
            removed += old
        }
    }

    /// Plans on the newest version, writes, commits; if another writer touched the same files, plans again.
    private func rewrite(
        operation: String, isRearrangement: Bool, _ body: (Snapshot, inout Plan) throws -> Void
    ) throws -> RewriteReport {
        for _ in 0..<Self.maximumRewrites {
            let state = try newestState()
            let snapshot = try Snapshot(storage: storage, state: state)
            let (versions, metaData) = try state.checked(table: path)
            try versions.checkWritable(metaData, table: path)
            var plan = Plan(
                splitter: PartitionSplitter(schema: snapshot.schema, partitionColumns: metaData.partitionColumns),
                writer: DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema),
                isRearrangement: isRearrangement)
            do {
                try body(snapshot, &plan)
                if plan.removed.isEmpty { return plan.report }
                let now = SystemClock.now.milliseconds
                let removes = plan.removed.map { Remove($0, at: now, dataChange: !isRearrangement) }
                let pending = PendingCommit(
                    operation: operation,
                    metrics: [
                        "numAddedFiles": String(plan.added.count), "numRemovedFiles": String(removes.count),
                        isRearrangement ? "numRows" : "numDeletedRows": String(plan.report.rows),
                    ], actions: removes.map { .remove($0) } + plan.added.map { .add($0) },
                    isRearrangement: isRearrangement)
                if case .committed(let version) = try commit(pending, on: state) {
                    plan.report.version = version
                    plan.report.filesRemoved = removes.count
                    plan.report.filesAdded = plan.added.count
                    plan.report.bytesRemoved = plan.removed.reduce(0) { $0 + $1.size }
                    plan.report.bytesAdded = plan.added.reduce(0) { $0 + $1.size }
                    return plan.report
                }
                plan.writer.discard(plan.added)
            } catch {
                plan.writer.discard(plan.added)
                // A file may have been vacuumed while it was read; then the newest version no longer needs it.
                if case ColumnarError.missingFile = error, try newestState().version > state.version { continue }
                throw error
            }
        }
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumRewrites)
    }

    /// Files in order, put together until a bin is full.
    private static func bins(_ files: [Add], _ targetBytes: Int64) -> [[Add]] {
        var bins: [[Add]] = []
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

    /// All rows of some files with all columns of the table.
    private static func rows(of adds: [Add], in snapshot: Snapshot) throws -> [RecordBatch] {
        var scan = try snapshot.scan(adds)
        var batches: [RecordBatch] = []
        while let batch = try scan.next() { batches.append(batch) }
        return batches
    }
}
