import Domain
import Foundation

extension DeltaTable {
    /// Writes the rows, split by partition, and commits them together with `transactions`.
    ///
    /// Batches carry all columns, the partition columns too; nullable columns may be left out. Data files are durable
    /// before the commit names them. If the commit does not come about, they are removed again.
    /// - Parameters:
    ///   - transactions: at most one for an application. If all are in the table already, nothing is written.
    ///   - operation: for the history.
    /// - Returns: how it ended; with no rows and no transactions the table is left as it is.
    public func append(
        _ batches: [RecordBatch], transactions: [Transaction] = [], operation: String = "WRITE",
        options: ParquetOptions = .init()
    ) throws -> CommitOutcome {
        precondition(Set(transactions.map(\.appID)).count == transactions.count, "one transaction an application")
        let state = try refresh()
        let snapshot = try Snapshot(state, storage)
        try checkWritable(snapshot)
        if let outcome = outcome(of: transactions, in: state) { return outcome }
        let writer = DataWriter(snapshot, options: options)
        do {
            for batch in batches { try writer.write(batch) }
            let adds = try writer.finish()
            if adds.isEmpty, transactions.isEmpty { return .committed(version: state.version) }
            let info = CommitInfo(
                operation: operation,
                parameters: .object([
                    "mode": .string("Append"),
                    "partitionBy": .string(JSON.array(snapshot.partitionColumns.map { .string($0) }).text),
                ]), metrics: writer.metrics, isBlindAppend: true)
            let commit = Commit(info: info, actions: adds.map { .add($0) }, transactions: transactions)
            let outcome = try self.commit(commit, from: state)
            if case .committed = outcome { return outcome }
            writer.abandon()
            return outcome
        } catch {
            writer.abandon()
            throw error
        }
    }

    func checkWritable(_ snapshot: Snapshot) throws {
        if let obstacle = snapshot.protocolVersion.writeObstacle {
            throw ColumnarError.forbidden(table: path, reason: obstacle)
        }
        if let obstacle = snapshot.schemaObstacle {
            throw ColumnarError.forbidden(table: path, reason: "it has \(obstacle), which is not supported")
        }
    }
}

/// Writes data files for one commit, a file a partition, and remembers what to say of them in the log.
final class DataWriter {
    private let snapshot: Snapshot
    private let options: ParquetOptions
    private let dataSchema: Schema
    private var open: [[String: String?]: (name: String, writer: ParquetWriter)] = [:]
    private var written: [String] = []
    private(set) var adds: [AddAction] = []
    private(set) var rowCount: Int64 = 0
    /// Whether the rows are new to the table, or only moved.
    var dataChange = true

    init(_ snapshot: Snapshot, options: ParquetOptions) {
        self.snapshot = snapshot
        self.options = options
        dataSchema = Schema(snapshot.schema.fields.filter { !snapshot.partitionColumns.contains($0.name) })
    }

    var metrics: JSON {
        .object([
            "numFiles": .string(String(adds.count)), "numOutputRows": .string(String(rowCount)),
            "numOutputBytes": .string(String(adds.reduce(0) { $0 + $1.size })),
        ])
    }

    func write(_ batch: RecordBatch) throws {
        guard batch.rowCount > 0 else { return }
        let batch = try complete(batch)
        let data = batch.selecting(dataSchema)
        if snapshot.partitionColumns.isEmpty { return try writer(for: [:]).write(data) }
        for (values, rows) in try partitions(of: batch) { try writer(for: values).write(data.gathered(rows)) }
    }

    /// The batch in the table's order of columns; nullable columns that it lacks are null.
    private func complete(_ batch: RecordBatch) throws -> RecordBatch {
        if batch.schema.names == snapshot.schema.names {
            return try RecordBatch(schema: snapshot.schema, columns: batch.columns)
        }
        for name in batch.schema.names where snapshot.schema[name] == nil {
            throw ColumnarError.schemaMismatch(reason: "the table has no column \(name)")
        }
        let columns = try snapshot.schema.fields.map { field in
            try batch.schema.index(of: field.name).map { batch.columns[$0] }
                ?? Column(repeating: .null, field.type, count: batch.rowCount)
        }
        return try RecordBatch(schema: snapshot.schema, columns: columns)
    }

    /// Rows by partition. Only when the value of a partition column changes from one row to the next is it looked at.
    private func partitions(of batch: RecordBatch) throws -> [(values: [String: String?], rows: [Int32])] {
        let columns = try snapshot.partitionColumns.map { name in
            (name, try batch.column(named: name), snapshot.schema[name]?.type ?? .string)
        }
        var groups: [[Value]: Int] = [:]
        var result: [(values: [String: String?], rows: [Int32])] = []
        var previous: [Value] = []
        var group = -1
        for row in 0..<batch.rowCount {
            let key = columns.map { $0.1.value(at: row, type: $0.2) }
            if group < 0 || key != previous {
                previous = key
                if let known = groups[key] {
                    group = known
                } else {
                    group = result.count
                    groups[key] = group
                    var values: [String: String?] = [:]
                    for (column, value) in zip(columns, key) {
                        values[column.0] = .some(try PartitionPath.text(of: value))
                    }
                    result.append((values, []))
                }
            }
            result[group].rows.append(Int32(row))
        }
        return result
    }

    private func writer(for values: [String: String?]) throws -> ParquetWriter {
        if let known = open[values] { return known.writer }
        let folder = PartitionPath.folder(snapshot.partitionColumns, values)
        let file = "part-\(UUID().uuidString.lowercased()).\(options.compression.rawValue).parquet"
        let name = folder.isEmpty ? file : "\(folder)/\(file)"
        let sink = try snapshot.storage.create(name)
        written.append(name)
        let writer = try ParquetWriter(
            sink: sink, name: snapshot.storage.path(of: name), schema: dataSchema, options: options)
        open[values] = (name, writer)
        return writer
    }

    /// Finishes all files. They are durable when this returns.
    func finish() throws -> [AddAction] {
        for (values, file) in open.sorted(by: { $0.value.name < $1.value.name }) {
            let summary = try file.writer.finish()
            rowCount += summary.rowCount
            adds.append(
                AddAction(
                    path: PartitionPath.logPath(of: file.name), partitionValues: values, size: summary.size,
                    modificationTime: SystemClock.now.milliseconds, dataChange: dataChange,
                    stats: FileStatistics.text(of: summary)))
        }
        open = [:]
        return adds
    }

    /// Removes the files again: nothing refers to them.
    func abandon() {
        for file in open.values { file.writer.abandon() }
        for name in written { try? snapshot.storage.delete(name) }
    }
}
