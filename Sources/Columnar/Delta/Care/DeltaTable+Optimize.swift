import Domain

extension DeltaTable {
    /// Rows that are sorted in memory together.
    static let rowsAtOnce: Int64 = 4 << 20

    /// Writes the small files of each partition anew as large ones, with the rows in order of time. The rows of the
    /// table stay the same, and so do its older versions.
    /// - Parameters:
    ///   - targetSize: files at least this large are left alone, and none made is much larger. Bytes.
    ///   - timeColumn: what rows are sorted by; the first timestamp of the schema if nil.
    ///
    /// Memory is bounded by the rows of one file made, of which there are ``rowsAtOnce`` at most.
    public func optimize(targetSize: Int64 = 128 << 20, sortedBy timeColumn: String? = nil) throws -> RewriteReport {
        var report = RewriteReport()
        // A commit a group: a writer that deletes from one partition does not undo the work on the others.
        for group in try groups(targetSize: targetSize, state: newestState()) {
            if let part = try merge(group, targetSize: targetSize, sortedBy: timeColumn) { report.add(part) }
        }
        return report
    }

    /// Writes these files of one partition anew as one.
    /// - Parameter check: called between batches of rows; throws to stop, and nothing is changed then.
    /// - Returns: nil if other writers have left less than two of the files.
    func merge(
        _ paths: [String], targetSize: Int64, sortedBy timeColumn: String? = nil, check: () throws -> Void = {}
    ) throws -> RewriteReport? {
        let done = try rewriting { snapshot, metaData in
            // Another writer may have replaced some meanwhile.
            let adds = paths.compactMap { snapshot.state.file(at: $0) }
            if adds.count < 2 { return nil }
            try snapshot.checkFilesWritable()
            let dataSchema = PartitionSplitter(
                schema: snapshot.schema, partitionColumns: snapshot.partitionColumns
            ).dataSchema
            let sorting = timeColumn ?? dataSchema.fields.first { $0.type == .timestamp }?.name
            var scan = try snapshot.scan(adds)
            var batches: [RecordBatch] = []
            while let batch = try scan.next() {
                try check()
                batches.append(batch)
            }
            if batches.isEmpty { return nil }
            let writer = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
            let file = try Self.write(
                RecordBatch.joining(batches).selecting(dataSchema), sortedBy: sorting, adds[0].partitionValues, writer)
            batches = []
            let files = file.map { [$0] } ?? []
            let commit = Self.replacing(
                adds, by: files, operation: "OPTIMIZE",
                parameters: ["targetSize": String(targetSize), "zOrderBy": "[]"], metrics: [:], dataChange: false)
            return (commit, files)
        }
        return done.map { Self.report($0) }
    }

    /// One file of rows in order of time.
    static func write(
        _ whole: RecordBatch, sortedBy timeColumn: String?, _ values: [String: String?], _ writer: DataFileWriter
    ) throws -> Add? {
        let order = try whole.order(by: timeColumn)
        var slices = stride(from: 0, to: order.count, by: ParquetOptions().rowGroupRows).makeIterator()
        return try writer.write(values, dataChange: false) {
            slices.next().map { start in
                whole.gathered(Array(order[start..<min(start + ParquetOptions().rowGroupRows, order.count)]))
            }
        }
    }

    /// The paths of small files that are to become one, two or more each.
    private func groups(targetSize: Int64, state: LogState) throws -> [[String]] {
        let columns = try Snapshot(storage: storage, state: state).physicalPartitionColumns
        var partitions: [String: [Add]] = [:]
        for add in state.files.values where add.size < targetSize {
            partitions[PartitionPath.folder(columns, values: add.partitionValues), default: []].append(add)
        }
        let cluster = try state.metaData?.clusterColumn(Snapshot(storage: storage, state: state).schema)
        var groups: [[String]] = []
        for (_, adds) in partitions.sorted(by: { $0.key < $1.key }) {
            var group: [String] = []
            var size: Int64 = 0
            var rows: Int64 = 0
            let ordered =
                if let cluster {
                    adds.map { ClusteredFile($0, by: cluster) }.sorted(by: ClusteredFile.isEarlier).map(\.add)
                } else {
                    adds.sorted { ($0.modificationTime, $0.path) < ($1.modificationTime, $1.path) }
                }
            for add in ordered {
                let own = FileBounds(add).rowCount ?? 0
                if size + add.size > targetSize || rows + own > Self.rowsAtOnce, !group.isEmpty {
                    groups.append(group)
                    (group, size, rows) = ([], 0, 0)
                }
                group.append(add.path)
                size += add.size
                rows += own
            }
            groups.append(group)
        }
        return groups.filter { $0.count > 1 }
    }
}

extension RecordBatch {
    /// The rows by a timestamp column, nulls first, equal ones in their order.
    fileprivate func order(by column: String?) throws -> [Int32] {
        var rows = (0..<Int32(rowCount)).map { $0 }
        guard let column else { return rows }
        guard case .timestamp(let times) = try self.column(named: column) else {
            throw ColumnarError.schemaMismatch(reason: "column \(column) is not a timestamp")
        }
        let keys = (0..<rowCount).map { times[$0] ?? .min }
        rows.sort { (keys[Int($0)], $0) < (keys[Int($1)], $1) }
        return rows
    }
}
