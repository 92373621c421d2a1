import Domain

/// An application's own progress marker, stored in the same commit as the rows it stands for.
public struct Transaction: Hashable, Sendable {
    public var appID: String
    public var version: Int64

    public init(appID: String, version: Int64) {
        self.appID = appID
        self.version = version
    }
}

/// How a commit ended. Losing a race for good is an expected outcome, not an error.
public enum CommitOutcome: Hashable, Sendable {
    case committed(version: Int64)
    /// Every transaction of the commit is in the table already, at the same or a higher version: nothing was written.
    case alreadyCommitted(version: Int64)
    /// The commit of `version` is at odds with this one; nothing was written.
    case conflict(version: Int64, reason: String)
}

extension DeltaTable {
    /// Writes the rows, split by partition, and commits them together with `transactions`.
    ///
    /// The data files are durable before the commit is tried, and removed if it fails. Without rows, the transactions
    /// alone are committed; without either, nothing is done.
    /// - Parameters:
    ///   - batches: columns by name; nullable columns of the table may be absent.
    ///   - grouping: in a table whose files follow days, a column of strings: where the rows of old days make several
    ///     files, those of one value lie in one of them. Whoever looks for a value opens fewer.
    ///   - expecting: for each application, the version its progress marker must have in the version the commit
    ///     follows (nil: it must have none). Anything else is a conflict, and a marker that is ahead of ours is then
    ///     not taken for our own earlier commit.
    ///   - unless: asked about the version the commit is to follow, before each attempt: whether its rows are at odds with
    ///     what it has. Nobody else's commit can come between the answer and ours.
    /// - Throws: ``ColumnarError/schemaMismatch(reason:)``, or what kept the files from being written.
    public func append(
        _ batches: [RecordBatch], groupedBy grouping: String? = nil, transactions: [Transaction] = [],
        expecting: [String: Int64?]? = nil,
        unless: ((Snapshot) throws -> Bool)? = nil, operation: String = "WRITE", options: ParquetOptions = .init()
    ) throws -> CommitOutcome {
        guard Set(transactions.map(\.appID)).count == transactions.count else {
            throw ColumnarError.schemaMismatch(reason: "a commit has one transaction an application")
        }
        let state = try newestState()
        let snapshot = try Snapshot(storage: storage, state: state)
        let (versions, metaData) = try state.checked(table: path)
        try versions.checkWritable(metaData, table: path)
        let now = Timestamp.now.milliseconds
        var pending = PendingCommit(
            operation: operation,
            parameters: ["mode": "Append", "partitionBy": JSON.strings(metaData.partitionColumns).text],
            actions: transactions.map {
                .transaction(SetTransaction(appID: $0.appID, version: $0.version, lastUpdated: now))
            },
            isBlindAppend: true, expecting: expecting)
        if let outcome = Self.precheck(pending, state) { return outcome }

        if !batches.isEmpty {
            try snapshot.checkFilesWritable()
            for field in try snapshot.schema.selecting(metaData.partitionColumns).fields
            where !PartitionValue.supports(field.type) {
                throw ColumnarError.unsupported(
                    file: path, feature: "writing partitions by \(field.type) in column \(field.name)")
            }
        }
        let splitter = PartitionSplitter(
            schema: snapshot.schema, partitionColumns: metaData.partitionColumns, mapping: snapshot.mapping)
        let partitions =
            if let column = metaData.clusterColumn(snapshot.schema) {
                try splitter.clusters(
                    batches, by: column, groupedBy: grouping, today: Timestamp.now.date.days,
                    files: DataFileWriter.filesTogether)
            } else {
                try splitter.split(batches)
            }
        if partitions.isEmpty && transactions.isEmpty { return .committed(version: state.version) }
        let writer = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema, options: options)
        let adds = try writer.write(partitions)
        pending.actions += adds.map { .add($0) }
        pending.metrics = Self.metrics(adds, rows: partitions.reduce(0) { $0 + $1.rowCount })
        do {
            let outcome = try commit(pending, on: state, unless: unless)
            if case .committed = outcome {} else { writer.discard(adds) }
            return outcome
        } catch {
            writer.discard(adds)
            throw error
        }
    }

    static func metrics(_ adds: [Add], rows: Int) -> [String: String] {
        [
            "numFiles": String(adds.count), "numOutputRows": String(rows),
            "numOutputBytes": String(adds.reduce(0) { $0 + $1.size }),
        ]
    }
}
