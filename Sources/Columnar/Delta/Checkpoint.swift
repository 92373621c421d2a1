import Domain

/// Classic checkpoints: the actions that make up a state, one a row, each kind a nullable struct column.
enum Checkpoint {
    private static let stringMap = ColumnType.map(key: .string, value: .string, valueNullable: true)

    private static let txn = [
        Field("appId", .string), Field("version", .int64), Field("lastUpdated", .int64),
    ]
    private static let add = [
        Field("path", .string), Field("partitionValues", stringMap), Field("size", .int64),
        Field("modificationTime", .int64), Field("dataChange", .bool), Field("stats", .string),
    ]
    private static let remove = [
        Field("path", .string), Field("deletionTimestamp", .int64), Field("dataChange", .bool),
        Field("extendedFileMetadata", .bool), Field("partitionValues", stringMap), Field("size", .int64),
    ]
    private static let format = [Field("provider", .string), Field("options", stringMap)]
    private static let strings = ColumnType.list(.string, elementNullable: true)
    private static let metaData = [
        Field("id", .string), Field("name", .string), Field("description", .string),
        Field("format", .structure(format)), Field("schemaString", .string), Field("partitionColumns", strings),
        Field("configuration", stringMap), Field("createdTime", .int64),
    ]
    /// Features must be absent, not null, for the plain protocol versions.
    private static func protocolFields(_ action: ProtocolAction) -> [Field] {
        var fields = [Field("minReaderVersion", .int32), Field("minWriterVersion", .int32)]
        if action.readerFeatures != nil { fields.append(Field("readerFeatures", strings)) }
        if action.writerFeatures != nil { fields.append(Field("writerFeatures", strings)) }
        return fields
    }

    /// Writes the checkpoint of `state`, then the hint that points at it.
    /// - Parameter tombstonesSince: milliseconds; older tombstones have expired and are left out.
    static func write(_ state: TableState, tombstonesSince: Int64, to storage: any Storage) throws {
        guard let metadata = state.metadata, let version = state.protocolVersion else { return }
        let adds = state.files.values.sorted { $0.path < $1.path }
        let removes = state.tombstones.values.filter { $0.deletionTimestamp ?? 0 > tombstonesSince }
            .sorted { $0.path < $1.path }
        let transactions = state.transactions.sorted { $0.key < $1.key }
        let rows = 2 + transactions.count + removes.count + adds.count
        var rowsOf = RowRanges(total: rows)
        let protocolRows = rowsOf.next(1)
        let metadataRows = rowsOf.next(1)
        let transactionRows = rowsOf.next(transactions.count)
        let removeRows = rowsOf.next(removes.count)
        let addRows = rowsOf.next(adds.count)

        let columns: [(Field, Column)] = [
            rowsOf.column("txn", txn, transactionRows) {
                $0.string(transactions.map(\.key)); $0.int(transactions.map(\.value))
                $0.int(transactions.map { _ in nil })
            },
            rowsOf.column("add", add, addRows) {
                $0.string(adds.map(\.path))
                $0.map(adds.map(\.partitionValues))
                $0.int(adds.map(\.size))
                $0.int(adds.map(\.modificationTime))
                $0.bool(adds.map { _ in false })
                $0.string(adds.map(\.stats))
            },
            rowsOf.column("remove", remove, removeRows) {
                $0.string(removes.map(\.path))
                $0.int(removes.map(\.deletionTimestamp))
                $0.bool(removes.map { _ in false })
                $0.bool(removes.map { $0.partitionValues != nil && $0.size != nil })
                $0.map(removes.map(\.partitionValues))
                $0.int(removes.map(\.size))
            },
            rowsOf.column("metaData", metaData, metadataRows) {
                $0.string([metadata.id])
                $0.string([metadata.name])
                $0.string([metadata.description])
                $0.structure {
                    $0.string([metadata.provider])
                    $0.map([[:]])
                }
                $0.string([metadata.schemaString])
                $0.strings([metadata.partitionColumns])
                $0.map([metadata.configuration.mapValues { Optional($0) }])
                $0.int([metadata.createdTime])
            },
            rowsOf.column("protocol", protocolFields(version), protocolRows) {
                $0.int32([Int32(version.minReaderVersion)])
                $0.int32([Int32(version.minWriterVersion)])
                if let features = version.readerFeatures { $0.strings([features]) }
                if let features = version.writerFeatures { $0.strings([features]) }
            },
        ]
        let batch = try RecordBatch(schema: Schema(columns.map(\.0)), columns: columns.map(\.1))
        let sink = MemoryWriter()
        let name = LogName.checkpointPath(state.version)
        let writer = try ParquetWriter(sink: sink, name: storage.path(of: name), schema: batch.schema, options: .init())
        try writer.write(batch)
        _ = try writer.finish()
        // Another process may have been faster; its checkpoint says the same.
        _ = try storage.putIfAbsent(name, sink.bytes)
        let hint = JSON.object(["version": .int(state.version), "size": .int(Int64(rows))])
        try storage.replace(LogName.hint, Array(hint.text.utf8))
    }

    /// Reads a checkpoint of one or several parts.
    static func read(_ names: [String], _ version: Int64, _ storage: any Storage) throws -> TableState {
        var state = TableState()
        state.version = version
        for name in names {
            let path = "\(LogName.folder)/\(name)"
            let file = try ParquetFile(
                object: try storage.open(path), name: storage.path(of: path), skippingUnsupportedFields: true)
            let known = ["txn", "add", "remove", "metaData", "protocol"].filter { file.schema[$0] != nil }
            for group in 0..<file.rowGroupCount {
                let batch = try file.read(columns: known, rowGroup: group)
                try naming(storage.path(of: path)) { state.apply(try CheckpointRows(batch).actions()) }
            }
        }
        return state
    }
}

/// Collects a written object in memory.
final class MemoryWriter: StorageWriter {
    private(set) var bytes: [UInt8] = []
    func write(_ bytes: [UInt8]) throws { self.bytes.append(contentsOf: bytes) }
    func finish() throws {}
    func abandon() { bytes = [] }
}
