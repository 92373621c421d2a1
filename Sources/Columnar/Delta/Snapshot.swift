public import Domain

/// One immutable version of a table.
public struct Snapshot: Sendable {
    public let version: Int64
    public let timestamp: Timestamp
    /// The columns that can be read. Others are in ``unsupportedColumns``.
    public let schema: Schema
    /// Names of columns this module does not read, each with what it uses.
    public let unsupportedColumns: [String: String]
    public let partitionColumns: [String]
    public let configuration: [String: String]
    let storage: any Storage
    let state: LogState
    let mapping: ColumnMapping

    init(storage: any Storage, state: LogState) throws {
        let (_, metaData) = try state.checked(table: storage.location)
        version = state.version
        timestamp = state.timestamp
        var (readable, unsupported) = try SchemaString.schema(metaData.schemaString, file: storage.location)
        partitionColumns = metaData.partitionColumns
        for column in partitionColumns {
            if let type = readable[column]?.type, !PartitionValue.canRead(type) {
                readable.fields.removeAll { $0.name == column }
                unsupported[column] = "partitioning by \(type) in column \(column)"
            }
        }
        schema = readable
        unsupportedColumns = unsupported
        configuration = metaData.configuration
        mapping = try ColumnMapping(metaData, file: storage.location)
        self.storage = storage
        self.state = state
        for column in partitionColumns where schema.index(of: column) == nil && unsupported[column] == nil {
            throw ColumnarError.malformed(
                file: storage.location, reason: "its partition column \(column) is not in its schema")
        }
    }

    /// Newest version of each application's progress marker.
    public var transactions: [String: Int64] { state.transactions.mapValues(\.version) }

    /// What tells the table from every other, also from one that took its place.
    public var tableID: String { state.metaData?.id ?? "" }

    /// The same for the same live files with the same rows deleted, in every process: 64 bits of FNV-1a over their names.
    public var filesHash: UInt64 {
        state.files.keys.sorted().reduce(0xCBF2_9CE4_8422_2325) { hash, key in
            (key.utf8.reduce(hash) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } ^ 0xFF) &* 0x100_0000_01B3
        }
    }

    /// Where the table is.
    public var location: String { storage.location }

    /// Whether rows may only be added.
    public var isAppendOnly: Bool { state.metaData?.isAppendOnly ?? false }

    /// Live data files of this version.
    public var fileCount: Int { state.files.count }

    /// Total size of the live files.
    public var byteCount: Int64 { state.files.byteCount }

    /// The live files, oldest first.
    public var files: [DataFile] {
        adds.map { add in
            var file = DataFile(add)
            if mapping.mode != nil {
                file.partitionValues = Dictionary(
                    partitionColumns.map { ($0, add.partitionValues[mapping[$0]] ?? nil) },
                    uniquingKeysWith: { first, _ in first })
            }
            return file
        }
    }

    var adds: [Add] {
        state.files.values.sorted { ($0.modificationTime, $0.path) < ($1.modificationTime, $1.path) }
    }

    /// Rows by the files' statistics and deletion vectors, or nil if some file has no statistics.
    public var rowCount: Int64? {
        var sum: Int64 = 0
        for add in state.files.values {
            guard let rows = FileBounds(add).rowCount else { return nil }
            sum += rows
        }
        return sum
    }

    /// The rows, file by file, in a fixed order. Partition columns are filled in.
    /// - Parameters:
    ///   - columns: nil for all.
    ///   - predicate: only rows for which it is true come out; files that cannot have one are not opened.
    /// - Throws: ``ColumnarError/noSuchColumn(name:available:)`` if either names a column that is not there,
    ///   ``ColumnarError/unsupported(file:feature:)`` if it is one that cannot be read.
    public func scan(columns: [String]? = nil, where predicate: Predicate? = nil) throws -> Scan {
        try scan(adds, columns: columns, where: predicate)
    }

    /// The rows of those files that another version of the table does not have.
    /// - Throws: as ``scan(columns:where:)``
    public func scan(
        filesNotIn earlier: Snapshot, columns: [String]? = nil, where predicate: Predicate? = nil
    ) throws -> Scan {
        // A file of which more rows are deleted has no new ones.
        try scan(adds.filter { earlier.state.file(at: $0.path) == nil }, columns: columns, where: predicate)
    }

    func scan(_ adds: [Add], columns: [String]? = nil, where predicate: Predicate? = nil) throws -> Scan {
        try checkReadable((columns ?? []) + (predicate?.columns ?? []))
        let wanted = try columns.map(schema.selecting) ?? schema
        if let predicate { try predicate.check(schema) }
        let pruner = pruner
        return Scan(
            storage: storage, schema: wanted, tableSchema: schema, partitionColumns: Set(partitionColumns),
            mapping: mapping,
            files: try predicate.map { predicate in try adds.filter { try pruner.mayMatch(predicate, $0) } } ?? adds,
            predicate: predicate)
    }
}

extension Snapshot {
    /// Rules files out by the log.
    var pruner: FilePruner {
        FilePruner(schema: schema, partitionColumns: partitionColumns, mapping: mapping, table: storage.location)
    }

    /// The partition columns as the log calls them.
    var physicalPartitionColumns: [String] { mapping.physical(partitionColumns) }

    /// A file of the table, opened under the names that users see.
    func open(_ path: String) throws -> ParquetFile {
        try ParquetFile(
            object: storage.open(path), name: storage.path(of: path),
            renaming: mapping.renaming)
    }

    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` naming the first of `columns` that cannot be read.
    public func checkReadable(_ columns: [String]) throws {
        for column in columns {
            guard let feature = unsupportedColumns[column] else { continue }
            throw ColumnarError.unsupported(file: storage.location, feature: feature)
        }
    }

    /// Checks that files of this schema can be written. A file without a column that the others have would lose it.
    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` naming a column that stands in the way.
    func checkFilesWritable() throws {
        if let (_, feature) = unsupportedColumns.min(by: { $0.key < $1.key }) {
            throw ColumnarError.unsupported(file: storage.location, feature: "writing rows beside \(feature)")
        }
        // Readers of a clustered table count on bounds of the columns it is clustered by.
        let flat = schema.fields.filter { $0.type.isPrimitive && !partitionColumns.contains($0.name) }
        let clustering = state.domains["delta.clustering"].flatMap { JSONParser.parse($0.configuration) }
        for column in clustering?["clusteringColumns"]?.array ?? [] {
            let path = column.array?.compactMap(\.string) ?? []
            let index = path.count == 1 ? flat.firstIndex { mapping[$0.name] == path[0] } : nil
            guard let index, state.metaData?.collectsBounds(of: flat[index].name, at: index) == true else {
                throw ColumnarError.unsupported(
                    file: storage.location,
                    feature: "writing a table clustered by \(path.joined(separator: ".")), without its bounds")
            }
        }
        for field in schema.fields where field.type.hasDecimals && !partitionColumns.contains(field.name) {
            throw ColumnarError.unsupported(
                file: storage.location, feature: "writing the type \(field.type) in column \(field.name)")
        }
    }
}

/// One data file of a snapshot.
public struct DataFile: Hashable, Sendable {
    /// Relative to the table, decoded.
    public var path: String
    public var partitionValues: [String: String?]
    public var size: Int64
    public var modified: Timestamp
    public var rowCount: Int64?

    init(_ add: Add) {
        path = add.path
        partitionValues = add.partitionValues
        size = add.size
        modified = Timestamp(milliseconds: add.modificationTime)
        rowCount = FileBounds(add).rowCount
    }
}
