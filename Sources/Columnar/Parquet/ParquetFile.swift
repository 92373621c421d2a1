/// A Parquet file opened for reading. Reading blocks; several threads may read at once.
public final class ParquetFile: Sendable {
    public let path: String
    /// The columns that can be read. Others are in ``unsupportedColumns``.
    public let schema: Schema
    /// Names of columns this module does not read, each with the reason.
    public let unsupportedColumns: [String: String]
    let metadata: FileMetadata
    let columns: [FileColumn]
    let object: any StoredObject

    public var rowCount: Int64 { metadata.rowCount }
    public var rowGroupCount: Int { metadata.rowGroups.count }
    public var size: Int { object.size }
    public var createdBy: String? { metadata.createdBy }

    public convenience init(path: String) throws { try self.init(object: try LocalFile(path: path), name: path) }

    /// - Parameters:
    ///   - name: for messages.
    ///   - skippingUnsupportedFields: whether fields of structs that cannot be read are left out instead of making the
    ///     whole column unreadable. For checkpoints, which may carry parsed statistics of any type.
    init(object: any StoredObject, name: String, skippingUnsupportedFields: Bool = false) throws {
        self.object = object
        path = name
        metadata = try Self.readFooter(object, name)
        let elements = metadata.schema
        columns = try naming(name) {
            try SchemaParser.columns(of: elements, skippingUnsupportedFields: skippingUnsupportedFields)
        }
        var fields: [Field] = []
        var unsupported: [String: String] = [:]
        for column in columns {
            switch column.content {
            case .supported(let field, _): fields.append(field)
            case .unsupported(let feature): unsupported[column.name] = feature
            }
        }
        schema = Schema(fields)
        unsupportedColumns = unsupported
        try naming(name) { [metadata, columns] in try Self.check(metadata, columns, size: object.size) }
    }

    private static func readFooter(_ object: any StoredObject, _ name: String) throws -> FileMetadata {
        guard object.size >= 12 else {
            throw ColumnarError.malformed(file: name, reason: "it is too short to be a Parquet file")
        }
        let guess = min(object.size, 64 << 10)
        var tail = try object.read(object.size - guess..<object.size)
        let magic = Array(tail.suffix(4))
        guard magic == Array("PAR1".utf8) else {
            if magic == Array("PARE".utf8) {
                throw ColumnarError.unsupported(file: name, feature: "an encrypted footer")
            }
            throw ColumnarError.malformed(file: name, reason: "it does not end as a Parquet file does")
        }
        let length = tail.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: guess - 8, as: UInt32.self)) }
        guard length > 0, length <= object.size - 12 else {
            throw ColumnarError.malformed(file: name, reason: "its footer of \(length) bytes does not fit into it")
        }
        if length + 8 > guess { tail = try object.read(object.size - length - 8..<object.size) }
        return try naming(name) {
            try tail.withUnsafeBytes {
                let start = $0.count - 8 - length
                var reader = CompactReader(UnsafeRawBufferPointer(rebasing: $0[start..<start + length]))
                return try FileMetadata(&reader)
            }
        }
    }

    /// What all later steps rely on.
    private static func check(_ metadata: FileMetadata, _ columns: [FileColumn], size: Int) throws {
        let leaves = columns.last?.leaves.upperBound ?? 0
        var rows: Int64 = 0
        for group in metadata.rowGroups {
            guard group.columns.count == leaves else {
                throw DecodingFault.malformed("a row group has \(group.columns.count) columns, the schema \(leaves)")
            }
            guard group.rowCount >= 0, group.rowCount <= ChunkReader.maximumEntries else {
                throw DecodingFault.unsupported("row groups of \(group.rowCount) rows")
            }
            rows += group.rowCount
        }
        guard rows == metadata.rowCount else {
            throw DecodingFault.malformed("its row groups have \(rows) rows, its footer states \(metadata.rowCount)")
        }
    }

    /// Rows of one row group.
    public func rowCount(ofRowGroup index: Int) -> Int { Int(metadata.rowGroups[index].rowCount) }

    /// The rows of one row group. Reads only the bytes of the columns asked for; checks their checksums.
    /// - Parameter names: nil for all columns.
    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` if a column asked for cannot be read.
    public func read(columns names: [String]? = nil, rowGroup: Int) throws -> RecordBatch {
        try read(columns: names, rowGroup: rowGroup, codec: BlockCodec())
    }

    func read(columns names: [String]? = nil, rowGroup: Int, codec: BlockCodec) throws -> RecordBatch {
        precondition(rowGroup >= 0 && rowGroup < rowGroupCount, "there is such a row group")
        let group = metadata.rowGroups[rowGroup]
        let rows = Int(group.rowCount)
        let wanted = try (names ?? columns.map(\.name)).map(readable)
        let reader = ChunkReader(codec: codec, checksums: true)
        let result = try wanted.map { field, node in
            var leaves: [Int: DecodedLeaf] = [:]
            for leaf in node.leaves {
                let chunk = group.columns[leaf.index]
                // Without values there may be no pages, and the offsets mean nothing.
                let bytes =
                    chunk.valueCount == 0 ? [] : try object.read(try naming(path) { try range(of: chunk) })
                leaves[leaf.index] = try naming(path) {
                    try bytes.withUnsafeBytes { try reader.decode($0, chunk, leaf, rowCount: rows) }
                }
            }
            return try naming(path) { try Assembler(leaves: leaves).column(node, rowCount: rows) }
        }
        return RecordBatch(unchecked: Schema(wanted.map(\.0)), columns: result, rowCount: rows)
    }

    private func readable(_ name: String) throws -> (Field, SchemaNode) {
        guard let column = columns.first(where: { $0.name == name }) else {
            throw ColumnarError.noSuchColumn(name: name, available: columns.map(\.name))
        }
        switch column.content {
        case .supported(let field, let node): return (field, node)
        case .unsupported(let feature): throw ColumnarError.unsupported(file: path, feature: feature)
        }
    }

    /// Where a chunk lies. A dictionary page offset of 0 means none.
    func range(of chunk: ColumnChunkMetadata) throws -> Range<Int> {
        var start = chunk.dataPageOffset
        if let dictionary = chunk.dictionaryPageOffset, dictionary > 0, dictionary < start { start = dictionary }
        let (end, overflow) = start.addingReportingOverflow(chunk.compressedSize)
        guard start >= 4, chunk.compressedSize >= 0, !overflow, end <= Int64(object.size) else {
            throw DecodingFault.malformed("column \(chunk.path.joined(separator: ".")) lies outside of the file")
        }
        return Int(start)..<Int(end)
    }
}
