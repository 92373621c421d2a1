public import Domain

/// Writes one Parquet file. Memory is bounded by one row group.
///
/// Not Sendable: one thread writes a file.
public final class ParquetWriter {
    private let sink: any StorageWriter
    private let name: String
    private let options: ParquetOptions
    private let columns: [SchemaNode]
    private let chunks: [ChunkWriter]
    private var metadata = FileMetadata()
    /// Of the leaves in the file, where they are others than in ``schema``.
    private var paths: [[String]]?
    private var indexes: [[(column: ColumnIndex?, offset: OffsetIndex)]] = []
    private var position: Int64 = 4
    private var groupRows = 0
    public let schema: Schema

    /// A new file at `path`.
    /// - Throws: if it exists, or its folder cannot be written.
    public convenience init(path: String, schema: Schema, options: ParquetOptions = .init()) throws {
        try self.init(
            sink: try LocalWriter(path: path), name: path, schema: schema, options: options, codec: BlockCodec())
    }

    /// A file that `sink` takes in, such as an ``AtomicFile``.
    /// - Parameter name: what messages call it.
    /// - Throws: what `sink` throws, and ``ColumnarError/schemaMismatch(reason:)``.
    public convenience init(
        sink: any StorageWriter, name: String, schema: Schema, options: ParquetOptions = .init()
    ) throws {
        try self.init(sink: sink, name: name, schema: schema, options: options, codec: BlockCodec())
    }

    /// - Parameters:
    ///   - codec: may serve one file after the other, on one thread.
    ///   - annotating: gives the nodes of the schema the names and numbers they are to have in the file, where these are
    ///     not those of the batches.
    init(
        sink: any StorageWriter, name: String, schema: Schema, options: ParquetOptions, codec: BlockCodec,
        annotating: ((inout [SchemaElement]) throws -> Void)? = nil
    ) throws {
        self.sink = sink
        self.name = name
        self.schema = schema
        self.options = options
        let elements = try SchemaFlattener.elements(of: schema)
        metadata.schema = elements
        if let annotating {
            var stored = elements
            paths = try naming(name) {
                try annotating(&stored)
                return try SchemaParser.leafPaths(of: stored)
            }
            metadata.schema = stored
        }
        metadata.createdBy = "marquee version \(Release.version) (build columnar)"
        metadata.keyValues = options.metadata.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) }
        columns = try naming(name) {
            try SchemaParser.columns(of: elements).map {
                guard case .supported(_, let node) = $0.content else {
                    throw DecodingFault.unsupported("a column of the written schema")
                }
                return node
            }
        }
        for column in options.bloomFilterColumns.sorted() {
            guard let field = schema[column] else {
                throw ColumnarError.noSuchColumn(name: column, available: schema.names)
            }
            guard ValueHash.isDefined(for: field.type) else {
                throw ColumnarError.schemaMismatch(
                    reason: "a Bloom filter is asked for on column \(column), but \(field.type) can have none")
            }
        }
        chunks = columns.flatMap(\.leaves).map { ChunkWriter(leaf: $0, options: options, codec: codec) }
        try sink.write(Array("PAR1".utf8))
    }

    /// What waits in memory until its row group is complete. O(columns).
    var bufferedBytes: Int { chunks.reduce(0) { $0 + $1.bufferedBytes } }

    /// Adds the rows of a batch of the file's schema.
    public func write(_ batch: RecordBatch) throws { try write(SelectedRows(batch: batch)) }

    func write(_ rows: SelectedRows) throws {
        let batch = rows.batch
        guard batch.schema.fields.map(\.type) == schema.fields.map(\.type), batch.schema.names == schema.names else {
            throw ColumnarError.schemaMismatch(reason: "the batch has other columns than the file")
        }
        for (field, column) in zip(schema.fields, batch.columns) where !field.nullable && column.nullCount > 0 {
            throw ColumnarError.schemaMismatch(reason: "column \(field.name) is required but has nulls")
        }
        try naming(name) {
            var next = 0
            for (column, node) in zip(batch.columns, columns) {
                for slice in Shredder.slices(of: column, node, rows: rows.positions) {
                    try chunks[next].append(slice)
                    next += 1
                }
            }
        }
        groupRows += rows.count
        if groupRows >= options.rowGroupRows || bufferedBytes >= options.rowGroupBytes { try closeRowGroup() }
    }

    private func closeRowGroup() throws {
        guard groupRows > 0 else { return }
        var group = RowGroupMetadata()
        group.rowCount = Int64(groupRows)
        group.fileOffset = position
        group.ordinal = Int16(exactly: metadata.rowGroups.count)
        var filters: [(index: Int, bytes: [UInt8])] = []
        var groupIndexes: [(column: ColumnIndex?, offset: OffsetIndex)] = []
        for writer in chunks {
            var chunk = try naming(name) { try writer.takeChunk() }
            for i in chunk.offsetIndex.pages.indices { chunk.offsetIndex.pages[i].offset += position }
            chunk.metadata.dataPageOffset += position
            if chunk.metadata.dictionaryPageOffset != nil { chunk.metadata.dictionaryPageOffset = position }
            if let paths { chunk.metadata.path = paths[group.columns.count] }
            for piece in chunk.pieces { try sink.write(piece) }
            position += chunk.metadata.compressedSize
            group.totalByteSize += chunk.metadata.uncompressedSize
            group.columns.append(chunk.metadata)
            groupIndexes.append((chunk.columnIndex, chunk.offsetIndex))
            if let filter = chunk.bloomFilter { filters.append((group.columns.count - 1, filter)) }
        }
        group.totalCompressedSize = position - (group.fileOffset ?? 0)
        for (index, filter) in filters {
            group.columns[index].bloomFilterOffset = position
            group.columns[index].bloomFilterLength = Int32(filter.count)
            try sink.write(filter)
            position += Int64(filter.count)
        }
        metadata.rowGroups.append(group)
        metadata.rowCount += group.rowCount
        indexes.append(groupIndexes)
        groupRows = 0
    }

    /// Writes the indexes and the footer and makes the file durable.
    public func finish() throws -> FileSummary {
        try closeRowGroup()
        try writeIndexes()
        var writer = CompactWriter()
        metadata.write(&writer)
        var tail = writer.bytes
        tail.append(littleEndian: UInt32(writer.bytes.count))
        tail.append(contentsOf: "PAR1".utf8)
        try sink.write(tail)
        position += Int64(tail.count)
        try sink.finish()
        return FileSummary(schema: schema, leaves: columns, metadata: metadata, size: position)
    }

    /// Gives the file up and removes it.
    public func abandon() { sink.abandon() }

    /// All column indexes, then all offset indexes.
    private func writeIndexes() throws {
        for (g, group) in indexes.enumerated() {
            for (c, index) in group.enumerated() {
                guard let column = index.column else { continue }
                var writer = CompactWriter()
                column.write(&writer)
                metadata.rowGroups[g].columns[c].columnIndexOffset = position
                metadata.rowGroups[g].columns[c].columnIndexLength = Int32(writer.bytes.count)
                try sink.write(writer.bytes)
                position += Int64(writer.bytes.count)
            }
        }
        for (g, group) in indexes.enumerated() {
            for (c, index) in group.enumerated() {
                var writer = CompactWriter()
                index.offset.write(&writer)
                metadata.rowGroups[g].columns[c].offsetIndexOffset = position
                metadata.rowGroups[g].columns[c].offsetIndexLength = Int32(writer.bytes.count)
                try sink.write(writer.bytes)
                position += Int64(writer.bytes.count)
            }
        }
    }
}
