import Domain

extension DeltaTable {
    /// How often it is begun again because others changed the files meanwhile; each time little is left to do.
    private static let maximumLooks = 1000

    /// Writes a table with a folder for each day anew as one whose files follow the days without folders, so that old
    /// history takes few files. The rows stay the same, and older versions stay readable as they were.
    ///
    /// Others may go on writing: what they add meanwhile is written anew too, and the change of the layout is one commit
    /// at the end. Memory is bounded by ``rowsAtOnce`` rows.
    /// - Parameters:
    ///   - column: of days, the one the table is partitioned by.
    ///   - targetSize: files made are not much larger. Bytes.
    ///   - check: called between batches of rows; throws to stop, and nothing is changed then.
    /// - Returns: nil if the table is not partitioned by this column alone.
    public func cluster(
        by column: String, targetSize: Int64 = 128 << 20, check: () throws -> Void = {}
    ) throws -> RewriteReport? {
        var made: [(file: Add, sources: [Add])] = []
        var writer: DataFileWriter?
        do {
            for _ in 0..<Self.maximumLooks {
                let state = try newestState()
                let snapshot = try Snapshot(storage: storage, state: state)
                var (versions, metaData) = try state.checked(table: path)
                guard metaData.partitionColumns == [column], snapshot.schema[column]?.type == .date else {
                    writer?.discard(made.map(\.file))
                    return nil
                }
                try versions.checkWritable(metaData, table: path)
                try snapshot.checkFilesWritable()
                guard snapshot.mapping.mode == nil else {
                    throw ColumnarError.unsupported(file: path, feature: "another layout under column mapping")
                }
                metaData.partitionColumns = []
                metaData.configuration[MetaData.clusterProperty] = column
                let files = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
                writer = files
                // What was made of files that are gone is made again.
                let isStale = { (made: (file: Add, sources: [Add])) in
                    !made.sources.allSatisfy { state.files.contains($0.key) }
                }
                files.discard(made.filter(isStale).map(\.file))
                made.removeAll(where: isStale)
                let done = Set(made.flatMap { $0.sources.map(\.key) })
                let left = state.files.values.filter { !done.contains($0.key) }
                for group in Self.groups(left, by: column, targetSize: targetSize) {
                    var scan = try snapshot.scan(group)
                    var batches: [RecordBatch] = []
                    while let batch = try scan.next() {
                        try check()
                        batches.append(batch)
                    }
                    let sorting = snapshot.schema.fields.first { $0.type == .timestamp }?.name
                    let whole = batches.isEmpty ? nil : RecordBatch.joining(batches).selecting(snapshot.schema)
                    if let file = try whole.flatMap({ try Self.write($0, sortedBy: sorting, [:], files) }) {
                        made.append((file, group))
                    } else {
                        // No rows: nothing takes its place.
                        continue
                    }
                }
                var commit = Self.replacing(
                    state.files.values.sorted { $0.path < $1.path }, by: made.map(\.file), operation: "OPTIMIZE",
                    parameters: ["targetSize": String(targetSize), "clusterBy": "[\"\(column)\"]"], metrics: [:],
                    dataChange: false)
                commit.actions.insert(.metaData(metaData), at: 0)
                let outcome = try self.commit(commit, on: state) { newer in newer.state.files.keys != state.files.keys }
                if case .committed(let version) = outcome {
                    return Self.report((version, commit, made.map(\.file)))
                }
            }
        } catch {
            writer?.discard(made.map(\.file))
            throw error
        }
        writer?.discard(made.map(\.file))
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumLooks)
    }

    /// Files of neighbouring days that are to become one.
    private static func groups(_ adds: [Add], by column: String, targetSize: Int64) -> [[Add]] {
        // Days as texts come in their order.
        func day(_ add: Add) -> String { (add.partitionValues[column] ?? nil) ?? "" }
        let ordered = adds.sorted {
            (day($0), $0.modificationTime, $0.path) < (day($1), $1.modificationTime, $1.path)
        }
        var groups: [[Add]] = []
        var (size, rows): (Int64, Int64) = (0, 0)
        for add in ordered {
            let own = FileBounds(add).rowCount ?? 0
            if groups.isEmpty || size + add.size > targetSize || rows + own > rowsAtOnce {
                groups.append([])
                (size, rows) = (0, 0)
            }
            groups[groups.count - 1].append(add)
            size += add.size
            rows += own
        }
        return groups
    }
}
