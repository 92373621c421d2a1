import Domain

/// Writes a table's state as one Parquet file, so that readers need not replay every commit. Delta protocol,
/// "Checkpoint schema": protocol, metaData, every txn, live files, and the tombstones that vacuum still needs.
struct CheckpointWriter {
    let storage: any Storage

    /// - Parameters:
    ///   - now: tombstones older than the table's retention at this time are left out.
    ///   - isNewest: whether readers of the newest version may begin with it.
    func write(_ state: LogState, now: Timestamp, isNewest: Bool = true) throws {
        let (versions, metaData) = try state.checked(table: storage.location)
        let horizon = now.milliseconds - metaData.deletedFileRetention
        let rows = Rows(
            versions: versions, metaData: metaData,
            transactions: state.transactions.values.sorted { $0.appID < $1.appID },
            adds: state.files.values.sorted { $0.path < $1.path },
            removes: state.tombstones.values.filter { ($0.deletionTimestamp ?? 0) > horizon }.sorted {
                $0.path < $1.path
            }, domains: state.domains.values.sorted { $0.domain < $1.domain })
        let batch = try rows.batch()
        // Two writers may make the same checkpoint: each takes a name of its own, and the last to rename wins.
        let name = LogName.checkpoint(state.version)
        let memory = MemorySink()
        let writer = try ParquetWriter(
            sink: memory, name: storage.path(of: name), schema: batch.schema, options: ParquetOptions())
        try writer.write(batch)
        _ = try writer.finish()
        try storage.replace(name, memory.bytes)
        guard isNewest else { return }
        // Readers that find the hint fail if what it names is not there, so it comes second.
        let hint = JSON.object([
            "version": .int(state.version), "size": .int(Int64(batch.rowCount)),
            "sizeInBytes": .int(Int64(memory.bytes.count)), "numOfAddFiles": .int(Int64(rows.adds.count)),
        ])
        try storage.replace(LogName.lastCheckpoint, Array(hint.text.utf8))
    }
}

/// A file kept in memory until it is whole.
final class MemorySink: StorageWriter {
    private(set) var bytes: [UInt8] = []
    func write(_ bytes: [UInt8]) throws { self.bytes += bytes }
    func finish() throws {}
    func abandon() { bytes = [] }
}

/// The rows in the order of the properties. Each action's columns are null in the rows of the others.
private struct Rows {
    var versions: ProtocolAction
    var metaData: MetaData
    var transactions: [SetTransaction]
    var adds: [Add]
    var removes: [Remove]
    var domains: [DomainMetadata]

    var count: Int { 2 + transactions.count + adds.count + removes.count + domains.count }

    func batch() throws -> RecordBatch {
        var fields: [Field] = []
        var columns: [Column] = []
        func add(_ name: String, _ section: Section) {
            fields.append(Field(name, .structure(section.fields)))
            columns.append(
                .structure(StructColumn(children: section.columns, count: count, validity: section.validity)))
        }
        var section = Section(start: 0, length: 1, count: count)
        section.ints32("minReaderVersion", [Int32(clamping: versions.minReaderVersion)])
        section.ints32("minWriterVersion", [Int32(clamping: versions.minWriterVersion)])
        if let features = versions.readerFeatures { section.lists("readerFeatures", [features]) }
        if let features = versions.writerFeatures { section.lists("writerFeatures", [features]) }
        add("protocol", section)

        section = Section(start: 1, length: 1, count: count)
        section.strings("id", [metaData.id], nullable: false)
        section.strings("name", [metaData.name])
        section.strings("description", [metaData.description])
        var format = Section(start: 1, length: 1, count: count)
        format.strings("provider", [metaData.formatProvider], nullable: false)
        format.maps("options", [metaData.formatOptions])
        section.append(
            "format", .structure(format.fields),
            .structure(StructColumn(children: format.columns, count: count, validity: format.validity)))
        section.strings("schemaString", [metaData.schemaString], nullable: false)
        section.lists("partitionColumns", [metaData.partitionColumns])
        section.maps("configuration", [metaData.configuration])
        section.ints("createdTime", [metaData.createdTime])
        add("metaData", section)

        section = Section(start: 2, length: transactions.count, count: count)
        section.strings("appId", transactions.map(\.appID), nullable: false)
        section.ints("version", transactions.map(\.version), nullable: false)
        section.ints("lastUpdated", transactions.map(\.lastUpdated))
        add("txn", section)

        section = Section(start: 2 + transactions.count, length: adds.count, count: count)
        section.strings("path", adds.map(\.encodedPath), nullable: false)
        section.maps("partitionValues", adds.map(\.partitionValues))
        section.ints("size", adds.map(\.size), nullable: false)
        section.ints("modificationTime", adds.map(\.modificationTime), nullable: false)
        section.bools("dataChange", adds.map { _ in false })
        section.strings("stats", adds.map(\.stats))
        section.maps("tags", adds.map(\.tags))
        section.details(adds.map(\.details))
        add("add", section)

        section = Section(start: 2 + transactions.count + adds.count, length: removes.count, count: count)
        section.strings("path", removes.map(\.encodedPath), nullable: false)
        section.ints("deletionTimestamp", removes.map(\.deletionTimestamp))
        section.bools("dataChange", removes.map { _ in false })
        section.bools("extendedFileMetadata", removes.map { $0.partitionValues != nil && $0.size != nil })
        section.maps("partitionValues", removes.map(\.partitionValues))
        section.ints("size", removes.map(\.size))
        section.details(removes.map(\.details))
        add("remove", section)

        guard !domains.isEmpty else { return try RecordBatch(schema: Schema(fields), columns: columns) }
        section = Section(start: count - domains.count, length: domains.count, count: count)
        section.strings("domain", domains.map(\.domain), nullable: false)
        section.strings("configuration", domains.map(\.configuration), nullable: false)
        section.bools("removed", domains.map { _ in false })
        add("domainMetadata", section)
        return try RecordBatch(schema: Schema(fields), columns: columns)
    }
}

/// The fields of one action: values in the rows `start..<start + length`, nulls elsewhere.
private struct Section {
    let start: Int
    let length: Int
    let count: Int
    private(set) var fields: [Field] = []
    private(set) var columns: [Column] = []

    init(start: Int, length: Int, count: Int) {
        self.start = start
        self.length = length
        self.count = count
    }

    var validity: [Bool] { (0..<count).map { $0 >= start && $0 < start + length } }
    private var before: Range<Int> { 0..<start }
    private var after: Range<Int> { start + length..<count }

    mutating func append(_ name: String, _ type: ColumnType, _ column: Column, nullable: Bool = true) {
        fields.append(Field(name, type, nullable: nullable))
        columns.append(column)
    }

    /// Values of a required field fill the rows of other actions too: nobody reads them there.
    mutating func strings(_ name: String, _ values: [String?], nullable: Bool = true) {
        var column = BytesColumn()
        for _ in before { if nullable { column.appendNull() } else { column.append([UInt8]()) } }
        for value in values { column.append(value) }
        for _ in after { if nullable { column.appendNull() } else { column.append([UInt8]()) } }
        append(name, .string, .string(column), nullable: nullable)
    }

    mutating func ints(_ name: String, _ values: [Int64?], nullable: Bool = true) {
        append(name, .int64, .int64(primitive(values, nullable)), nullable: nullable)
    }

    mutating func ints32(_ name: String, _ values: [Int32?], nullable: Bool = false) {
        append(name, .int32, .int32(primitive(values, nullable)), nullable: nullable)
    }

    mutating func bools(_ name: String, _ values: [Bool]) {
        let rows = before.map { _ in false } + values + after.map { _ in false }
        append(name, .bool, .bool(PrimitiveColumn(rows)), nullable: false)
    }

    /// The fields that few files have: absent where none has them.
    mutating func details(_ details: [FileDetails?]) {
        if details.contains(where: { $0?.deletionVector != nil }) {
            let vectors = details.map { $0?.deletionVector }
            var inner = Section(start: start, length: length, count: count)
            inner.strings("storageType", vectors.map { $0?.kind.rawValue })
            inner.strings("pathOrInlineDv", vectors.map { $0?.pathOrInline })
            inner.ints32("offset", vectors.map { $0?.offset.map { Int32(clamping: $0) } }, nullable: true)
            inner.ints32("sizeInBytes", vectors.map { $0.map { Int32(clamping: $0.size) } }, nullable: true)
            inner.ints("cardinality", vectors.map { $0?.cardinality })
            let validity = before.map { _ in false } + vectors.map { $0 != nil } + after.map { _ in false }
            append(
                "deletionVector", .structure(inner.fields),
                .structure(StructColumn(children: inner.columns, count: count, validity: validity)))
        }
        if details.contains(where: { $0?.baseRowID != nil || $0?.defaultRowCommitVersion != nil }) {
            ints("baseRowId", details.map { $0?.baseRowID })
            ints("defaultRowCommitVersion", details.map { $0?.defaultRowCommitVersion })
        }
        if details.contains(where: { $0?.clusteringProvider != nil }) {
            strings("clusteringProvider", details.map { $0?.clusteringProvider })
        }
    }

    private func primitive<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
        _ values: [T?], _ nullable: Bool
    ) -> PrimitiveColumn<T> {
        var column = PrimitiveColumn<T>()
        for _ in before { column.append(nullable ? T?.none : 0) }
        for value in values { column.append(value) }
        for _ in after { column.append(nullable ? T?.none : 0) }
        return column
    }

    mutating func lists(_ name: String, _ values: [[String]]) {
        var elements = BytesColumn()
        var offsets = [Int32](repeating: 0, count: start + 1)
        for value in values {
            for element in value { elements.append(element) }
            offsets.append(Int32(elements.count))
        }
        offsets += after.map { _ in Int32(elements.count) }
        append(
            name, .list(.string, elementNullable: true),
            .list(ListColumn(offsets: offsets, elements: .string(elements), validity: validity)))
    }

    mutating func maps(_ name: String, _ values: [[String: String]?]) {
        let optional: [[String: String?]?] = values.map { $0?.mapValues { .some($0) } }
        maps(name, optional)
    }

    mutating func maps(_ name: String, _ values: [[String: String?]?]) {
        var keys = BytesColumn()
        var entries = BytesColumn()
        var offsets = [Int32](repeating: 0, count: start + 1)
        var validity = self.validity
        for (index, value) in values.enumerated() {
            if value == nil { validity[start + index] = false }
            for (key, entry) in (value ?? [:]).sorted(by: { $0.key < $1.key }) {
                keys.append(key)
                entries.append(entry)
            }
            offsets.append(Int32(keys.count))
        }
        offsets += after.map { _ in Int32(keys.count) }
        append(
            name, .map(key: .string, value: .string, valueNullable: true),
            .map(MapColumn(offsets: offsets, keys: .string(keys), values: .string(entries), validity: validity)))
    }
}
