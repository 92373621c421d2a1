public import Domain

/// One immutable version of a table.
public struct Snapshot: Sendable {
    public let version: Int64
    /// When the version was committed.
    public let timestamp: Timestamp
    public let schema: Schema
    public let partitionColumns: [String]
    public let configuration: [String: String]
    /// Newest version of each application's progress marker.
    public var transactions: [String: Int64] { state.transactions }
    public var tableID: String { metadata.id }
    public var fileCount: Int { state.files.count }

    let storage: any Storage
    let state: TableState
    let metadata: MetadataAction
    let protocolVersion: ProtocolAction
    /// Something about the schema that a writer must honour and this one cannot.
    let schemaObstacle: String?

    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` if the table demands what this module does not know.
    init(_ state: TableState, _ storage: any Storage) throws {
        guard let metadata = state.metadata, let protocolVersion = state.protocolVersion else {
            throw ColumnarError.notATable(path: storage.location)
        }
        if let feature = protocolVersion.readObstacle(metadata.configuration) {
            throw ColumnarError.unsupported(file: storage.location, feature: feature)
        }
        guard metadata.provider == "parquet" else {
            throw ColumnarError.unsupported(file: storage.location, feature: "data files in \(metadata.provider)")
        }
        let parsed = try naming(storage.location) { try SchemaJSON.parse(metadata.schemaString) }
        for column in metadata.partitionColumns where parsed.schema[column] == nil {
            throw ColumnarError.malformed(
                file: storage.location, reason: "the partition column \(column) is not in its schema")
        }
        version = state.version
        timestamp = state.timestamp
        schema = parsed.schema
        partitionColumns = metadata.partitionColumns
        configuration = metadata.configuration
        schemaObstacle = parsed.writeObstacle
        self.storage = storage
        self.state = state
        self.metadata = metadata
        self.protocolVersion = protocolVersion
    }

    /// The live files by path. O(n log n).
    public var files: [DataFile] { adds.map { DataFile($0) } }

    var adds: [AddAction] { state.files.values.sorted { $0.path < $1.path } }

    /// Total size of the live files.
    public var byteCount: Int64 { state.files.values.reduce(0) { $0 + $1.size } }

    /// The number of rows by the files' statistics, or nil if some file has none.
    public var rowCount: Int64? {
        var sum: Int64 = 0
        for add in state.files.values {
            guard let rows = FileStatistics(add.stats, schema: Schema([])).rowCount else { return nil }
            sum += rows
        }
        return sum
    }

    /// The rows, file by file in the order of their paths. Partition columns are filled in, columns that a file is
    /// older than are null. Files, row groups and at last rows that cannot satisfy `predicate` are skipped.
    /// - Parameter columns: nil for all.
    public func scan(columns: [String]? = nil, where predicate: Predicate? = nil) throws -> Scan {
        let wanted = try schema.selecting(columns ?? schema.names)
        let needed = try schema.selecting(
            wanted.names + (predicate?.columns ?? []).subtracting(wanted.names).sorted())
        return Scan(
            snapshot: self, adds: try candidates(predicate), output: wanted, needed: needed, predicate: predicate)
    }

    /// The files that may hold rows satisfying `predicate`.
    func candidates(_ predicate: Predicate?) throws -> [AddAction] {
        guard let predicate else { return adds }
        return try adds.filter { add in
            let statistics = FileStatistics(add.stats, schema: schema)
            let partition = try partitionValues(add)
            return !predicate.rulesOut { column in
                if let value = partition[column] {
                    let isNull = value == .null
                    return KnownBounds(
                        minimum: value, maximum: value, mayHaveNulls: isNull, isAllNull: isNull)
                }
                let nulls = statistics.nullCounts[column]
                return KnownBounds(
                    minimum: statistics.minimums[column], maximum: statistics.maximums[column],
                    mayHaveNulls: nulls != 0, isAllNull: nulls != nil && nulls == statistics.rowCount)
            }
        }
    }

    func partitionValues(_ add: AddAction) throws -> [String: Value] {
        try naming(storage.location) {
            var values: [String: Value] = [:]
            for column in partitionColumns {
                guard let type = schema[column]?.type else { continue }
                values[column] = try PartitionPath.value(of: add.partitionValues[column] ?? nil, type)
            }
            return values
        }
    }
}

/// One data file of a snapshot.
public struct DataFile: Hashable, Sendable {
    /// As the log has it: relative to the table, percent-encoded.
    public let path: String
    /// By partition column, as text; nil is null.
    public let partitionValues: [String: String?]
    public let size: Int64
    public let modified: Timestamp
    public let rowCount: Int64?

    init(_ add: AddAction) {
        path = add.path
        partitionValues = add.partitionValues
        size = add.size
        modified = Timestamp(milliseconds: add.modificationTime)
        rowCount = FileStatistics(add.stats, schema: Schema([])).rowCount
    }
}
