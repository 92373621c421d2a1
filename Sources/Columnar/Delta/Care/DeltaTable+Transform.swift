import Domain

extension DeltaTable {
    /// How often it is begun again because others changed the files meanwhile; each time little is left to do.
    private static let maximumLooks = 1000

    /// Writes every file anew with other values in it, and sets properties of the table in the same commit: to readers all
    /// rows change at once, or none does.
    ///
    /// Each file gives one, with as many rows and the same values of partition columns. Others may go on writing: what they
    /// add before the commit is written anew too, and to what they have prepared it is a change of the configuration. Killed
    /// before the commit it has changed nothing, and files that it left are a dead writer's. Memory is bounded by a batch.
    /// - Parameters:
    ///   - properties: of the table, set with the rows.
    ///   - operation: what the history calls it.
    ///   - condition: asked about each version that is looked at: whether there is something to do.
    ///   - transform: a batch's other values; same columns, same rows.
    ///   - check: called between batches; throws to stop, and nothing is changed then.
    /// - Returns: nil if there was nothing to do.
    public func transform(
        setting properties: [String: String], operation: String, where condition: (Snapshot) throws -> Bool,
        check: () throws -> Void = {}, _ transform: (RecordBatch) throws -> RecordBatch
    ) throws -> RewriteReport? {
        var made: [String: Add?] = [:]
        var writer: DataFileWriter?
        func discard() { writer?.discard(made.values.compactMap(\.self)) }
        do {
            for _ in 0..<Self.maximumLooks {
                let state = try newestState()
                let snapshot = try Snapshot(storage: storage, state: state)
                var (versions, metaData) = try state.checked(table: path)
                guard try condition(snapshot) else {
                    discard()
                    return nil
                }
                try versions.checkWritable(metaData, table: path)
                try snapshot.checkFilesWritable()
                metaData.configuration.merge(properties) { $1 }
                let files = try DataFileWriter(storage: storage, metaData: metaData, schema: snapshot.schema)
                writer = files
                // What was made of files that are gone is of no use.
                files.discard(made.filter { !state.files.contains($0.key) }.compactMap(\.value))
                made = made.filter { state.files.contains($0.key) }
                let sources = state.files.values.sorted { $0.path < $1.path }
                for source in sources where made[source.key] == nil {
                    var scan = try snapshot.scan([source])
                    let file = try files.write(source.partitionValues) {
                        try check()
                        // Values of partition columns are in the file's name.
                        return try scan.next().map { try transform($0).selecting(scan.dataSchema) }
                    }
                    made.updateValue(file, forKey: source.key)
                }
                let written = sources.compactMap { made[$0.key] ?? nil }
                var commit = Self.replacing(
                    sources, by: written, operation: operation, parameters: [:], metrics: [:], dataChange: true)
                commit.actions.insert(.metaData(metaData), at: 0)
                let outcome = try self.commit(commit, on: state) { newer in newer.state.files.keys != state.files.keys }
                if case .committed(let version) = outcome { return Self.report((version, commit, written)) }
            }
        } catch {
            discard()
            throw error
        }
        discard()
        throw ColumnarError.tooManyConflicts(table: path, attempts: Self.maximumLooks)
    }
}
