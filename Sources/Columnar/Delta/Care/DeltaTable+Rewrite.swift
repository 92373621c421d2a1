import Domain
import Glibc

/// What an operation on a table's files did.
public struct RewriteReport: Hashable, Sendable {
    /// The newest version it made; nil if there was nothing to do.
    public var version: Int64?
    public var filesRemoved = 0
    public var filesAdded = 0
    public var bytesRemoved: Int64 = 0
    public var bytesAdded: Int64 = 0
    /// Rows that are no longer in the table.
    public var rowsDeleted: Int64 = 0

    /// Nothing was done.
    public init(version: Int64? = nil, rowsDeleted: Int64 = 0) {
        self.version = version
        self.rowsDeleted = rowsDeleted
    }

    /// Counts what another operation did after this one.
    mutating func add(_ other: RewriteReport) {
        version = other.version ?? version
        filesRemoved += other.filesRemoved
        filesAdded += other.filesAdded
        bytesRemoved += other.bytesRemoved
        bytesAdded += other.bytesAdded
        rowsDeleted += other.rowsDeleted
    }
}

extension DeltaTable {
    /// Times an operation starts over because another writer changed what it had read. Each one is a commit of another
    /// writer, so somebody always gets on; few would make an erasure fail beside a busy optimiser.
    private static let maximumRestarts = 1000

    /// Prepares a commit on the newest version and makes it; starts over where another writer's commit is at odds.
    /// - Parameter prepare: returns nil if there is nothing to do, else the commit and the files it wrote.
    func rewriting(
        _ prepare: (Snapshot, MetaData) throws -> (commit: PendingCommit, files: [Add])?
    ) throws -> (version: Int64, commit: PendingCommit, files: [Add])? {
        for _ in 0..<Self.maximumRestarts {
            let state = try newestState()
            let snapshot = try Snapshot(storage: storage, state: state)
            let (versions, metaData) = try state.checked(table: path)
            try versions.checkWritable(metaData, table: path)
            guard let prepared = try prepare(snapshot, metaData) else { return nil }
            let writer = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
            do {
                if case .committed(let version) = try commit(prepared.commit, on: state) {
                    return (version, prepared.commit, prepared.files)
                }
            } catch {
                writer.discard(prepared.files)
                throw error
            }
            writer.discard(prepared.files)
            // What changes no data gives way to what does.
            if prepared.commit.isRearrangement { usleep(.random(in: 0...20_000)) }
        }
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumRestarts)
    }

    static func replacing(
        _ removed: [Add], by files: [Add], operation: String, parameters: [String: String], metrics: [String: String],
        dataChange: Bool
    ) -> PendingCommit {
        let now = Timestamp.now.milliseconds
        var metrics = metrics
        metrics["numRemovedFiles"] = String(removed.count)
        metrics["numAddedFiles"] = String(files.count)
        return PendingCommit(
            operation: operation, parameters: parameters, metrics: metrics,
            actions: removed.map { .remove(Remove($0, at: now, dataChange: dataChange)) } + files.map { .add($0) },
            isRearrangement: !dataChange)
    }

    static func report(
        _ done: (version: Int64, commit: PendingCommit, files: [Add]), rowsDeleted: Int64 = 0
    ) -> RewriteReport {
        var report = RewriteReport(version: done.version, rowsDeleted: rowsDeleted)
        for case .remove(let remove) in done.commit.actions {
            report.filesRemoved += 1
            report.bytesRemoved += remove.size ?? 0
        }
        report.filesAdded = done.files.count
        report.bytesAdded = done.files.reduce(0) { $0 + $1.size }
        return report
    }
}
