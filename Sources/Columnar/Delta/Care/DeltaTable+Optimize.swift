import Domain

extension DeltaTable {
    /// Writes the small files of each partition anew as large ones, with the rows in order of time. The rows of the
    /// table stay the same, and so do its older versions.
    /// - Parameters:
    ///   - targetSize: files at least this large are left alone, and none made is much larger. Bytes. The memory needed
    ///     is a few times as much.
    ///   - timeColumn: what rows are sorted by; the first timestamp of the schema if nil.
    public func optimize(targetSize: Int64 = 128 << 20, sortedBy timeColumn: String? = nil) throws -> RewriteReport {
        var report = RewriteReport()
        // A commit a group: a writer that deletes from one partition does not undo the work on the others.
        for group in try groups(targetSize: targetSize, state: newestState()) {
            let done = try rewriting { snapshot, metaData in
                // Another writer may have replaced some meanwhile.
                let adds = group.compactMap { snapshot.state.files[$0] }
                if adds.count < 2 { return nil }
                let dataSchema = PartitionSplitter(
                    schema: snapshot.schema, partitionColumns: snapshot.partitionColumns
                ).dataSchema
                let sorting = timeColumn ?? dataSchema.fields.first { $0.type == .timestamp }?.name
                var scan = try snapshot.scan(adds)
                var batches: [RecordBatch] = []
                while let batch = try scan.next() { batches.append(batch) }
                if batches.isEmpty { return nil }
                let whole = RecordBatch.joining(batches).selecting(dataSchema)
                batches = try whole.slices(sortedBy: sorting, rows: ParquetOptions().rowGroupRows)
                let writer = DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
                let files = try writer.write(
                    [.init(values: adds[0].partitionValues, batches: batches)],
                    dataChange: false)
                let commit = Self.replacing(
                    adds, by: files, operation: "OPTIMIZE",
                    parameters: ["targetSize": String(targetSize), "zOrderBy": "[]"], metrics: [:], dataChange: false)
                return (commit, files)
            }
            guard let done else { continue }
            let part = Self.report(done)
            report.version = part.version
            report.filesAdded += part.filesAdded
            report.filesRemoved += part.filesRemoved
            report.bytesAdded += part.bytesAdded
            report.bytesRemoved += part.bytesRemoved
        }
        return report
    }

    /// The paths of small files that are to become one, two or more each.
    private func groups(targetSize: Int64, state: LogState) throws -> [[String]] {
        let columns = state.metaData?.partitionColumns ?? []
        var partitions: [String: [Add]] = [:]
        for add in state.files.values where add.size < targetSize {
            partitions[PartitionPath.folder(columns, values: add.partitionValues), default: []].append(add)
        }
        var groups: [[String]] = []
        for (_, adds) in partitions.sorted(by: { $0.key < $1.key }) {
            var group: [String] = []
            var size: Int64 = 0
            for add in adds.sorted(by: { ($0.modificationTime, $0.path) < ($1.modificationTime, $1.path) }) {
                if size + add.size > targetSize, !group.isEmpty {
                    groups.append(group)
                    (group, size) = ([], 0)
                }
                group.append(add.path)
                size += add.size
            }
            groups.append(group)
        }
        return groups.filter { $0.count > 1 }
    }
}

extension RecordBatch {
    /// The rows by a timestamp column, nulls first, equal ones in their order, in batches of up to `rows`.
    fileprivate func slices(sortedBy column: String?, rows count: Int) throws -> [RecordBatch] {
        var rows = (0..<Int32(rowCount)).map { $0 }
        if let column {
            guard case .timestamp(let times) = try self.column(named: column) else {
                throw ColumnarError.schemaMismatch(reason: "column \(column) is not a timestamp")
            }
            let keys = (0..<rowCount).map { times[$0] ?? .min }
            rows.sort { (keys[Int($0)], $0) < (keys[Int($1)], $1) }
        }
        return stride(from: 0, to: rows.count, by: count).map { start in
            gathered(Array(rows[start..<min(start + count, rows.count)]))
        }
    }
}
