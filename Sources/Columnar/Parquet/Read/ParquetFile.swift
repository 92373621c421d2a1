import Domain

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
    let limits: ReadLimits
    private let checksums: Bool

    public var rowCount: Int64 { metadata.rowCount }
    /// Row groups: the parts that are read and held in memory one at a time.
    public var rowGroupCount: Int { metadata.rowGroups.count }
    public var size: Int { object.size }
    /// The program that wrote the file, in its own words, such as `parquet-mr version 1.12.3`; nil if it does not say.
    public var createdBy: String? { metadata.createdBy }

    /// - Parameters:
    ///   - path: of a file on the local disk.
    ///   - limits: how much memory a row group may take; see there.
    /// - Throws: ``ColumnarError`` if the file is not there, is no Parquet file, or is damaged.
    public convenience init(path: String, limits: ReadLimits = .init()) throws {
        try self.init(object: try LocalFile(path: path), name: path, limits: limits)
    }

    /// - Parameters:
    ///   - name: for messages.
    ///   - skippingUnsupportedFields: whether fields of structs that cannot be read are left out instead of making the
    ///     whole column unreadable. For checkpoints, which may carry parsed statistics of any type.
    ///   - skippingFields: fields of structs that are left out, by their paths.
    ///   - renaming: gives the nodes of the schema other names than the file has.
    ///   - checksums: whether those of pages are checked. Only fuzzing goes without: damage is to reach the decoders.
    init(
        object: any StoredObject, name: String, skippingUnsupportedFields: Bool = false,
        skippingFields: Set<[String]> = [], limits: ReadLimits = .init(),
        renaming: ((inout [SchemaElement]) throws -> Void)? = nil, checksums: Bool = true
    ) throws {
        self.object = object
        self.checksums = checksums
        self.limits = limits
        path = name
        metadata = try Self.readFooter(object, name)
        var elements = metadata.schema
        if let renaming { try naming(name) { try renaming(&elements) } }
        let parsed = try naming(name) {
            try SchemaParser.columns(
                of: elements, skippingUnsupportedFields: skippingUnsupportedFields, skipping: skippingFields)
        }
        try naming(name) { [metadata] in try Self.check(metadata, parsed, size: object.size) }
        columns = parsed.map { [metadata] in Self.withoutUnreadableChunks($0, metadata) }
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
    }

    /// A column is one that can be read only if all row groups have it in a form that can.
    private static func withoutUnreadableChunks(_ column: FileColumn, _ metadata: FileMetadata) -> FileColumn {
        guard case .supported = column.content else { return column }
        for group in metadata.rowGroups {
            for chunk in group.columns[column.leaves] {
                guard let feature = chunk.unreadable else { continue }
                var column = column
                column.content = .unsupported(feature: "\(feature) in column \(column.name)")
                return column
            }
        }
        return column
    }

    /// The same file, whose bytes cannot be read any more: for chunks that are in memory.
    init(detached file: ParquetFile) {
        path = file.path
        schema = file.schema
        unsupportedColumns = file.unsupportedColumns
        metadata = file.metadata
        columns = file.columns
        limits = file.limits
        checksums = file.checksums
        object = DetachedObject(size: file.object.size, path: file.path)
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
        var stored: Int64 = 0
        for group in metadata.rowGroups {
            guard group.columns.count == leaves else {
                throw DecodingFault.malformed("a row group has \(group.columns.count) columns, the schema \(leaves)")
            }
            guard group.rowCount >= 0, group.rowCount <= ChunkReader.maximumEntries else {
                throw DecodingFault.unsupported("row groups of \(group.rowCount) rows")
            }
            rows += group.rowCount
            for chunk in group.columns where chunk.valueCount > 0 {
                stored += max(0, min(chunk.compressedSize, Int64(size) + 1))
            }
        }
        // Chunks that overlap would let a small file be read a thousand times.
        guard stored <= Int64(size) else {
            throw DecodingFault.malformed("its columns take \(stored) bytes, the file has \(size)")
        }
        guard rows == metadata.rowCount else {
            throw DecodingFault.malformed("its row groups have \(rows) rows, its footer states \(metadata.rowCount)")
        }
    }

    /// Whether some row has a value in the leaf of a path, as far as the footer says.
    func hasValues(_ path: [String]) -> Bool {
        metadata.rowGroups.contains { group in
            group.columns.contains { $0.path == path && $0.statistics?.nullCount != $0.valueCount && $0.valueCount > 0 }
        }
    }

    /// Rows of one row group.
    public func rowCount(ofRowGroup index: Int) -> Int { Int(metadata.rowGroups[index].rowCount) }

    /// The rows of one row group. Reads only the bytes of the columns asked for; checks their checksums.
    /// - Parameter names: nil for all columns.
    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` if a column asked for cannot be read.
    public func read(columns names: [String]? = nil, rowGroup: Int) throws -> RecordBatch {
        try read(columns: names, rowGroup: rowGroup, selection: nil)
    }

    /// The rows of one row group for which `predicate` is true. Statistics, Bloom filters and page indexes tell which pages
    /// are not even read.
    /// - Throws: also ``ColumnarError/schemaMismatch(reason:)`` if the predicate compares a column with a value of another
    ///   type.
    public func read(columns names: [String]? = nil, rowGroup: Int, where predicate: Predicate) throws -> RecordBatch {
        try predicate.check(schema)
        let wanted = names ?? columns.map(\.name)
        let selection = try selection(of: predicate, rowGroup: rowGroup)
        let codec = BlockCodec()
        let tested = try read(
            columns: Array(Set(predicate.columns)), rowGroup: rowGroup, selection: selection, codec: codec)
        let rows = predicate.rows(of: tested)
        let result = try read(
            columns: wanted, rowGroup: rowGroup, selection: rows.isEmpty ? RowSelection() : selection, codec: codec)
        return result.gathered(rows)
    }

    /// - Parameter selection: of rows; nil for all. Only pages that have some of them are read, where the file says
    ///   where its pages lie.
    /// - Parameter loaded: the chunks of leaves that are in memory already, by number.
    func read(
        columns names: [String]? = nil, rowGroup: Int, selection: RowSelection?, codec: BlockCodec = BlockCodec(),
        loaded: [Int: [UInt8]] = [:]
    ) throws -> RecordBatch {
        precondition(rowGroup >= 0 && rowGroup < rowGroupCount, "there is such a row group")
        let group = metadata.rowGroups[rowGroup]
        let rows = Int(group.rowCount)
        let selection = selection.flatMap { $0.count < rows ? $0 : nil }
        let wanted = try (names ?? columns.map(\.name)).map(readable)
        let budget = MemoryBudget(limits, fileSize: object.size)
        let reader = ChunkReader(codec: codec, checksums: checksums, budget: budget)
        let loaded =
            selection == nil && loaded.isEmpty
            ? try loadTogether(wanted.flatMap { $0.1.leaves }, group, rows: rows) : loaded
        // Of the selected rows among all: the same for every column that has all.
        var positions: [Int32]?
        let result = try wanted.map { field, node in
            // The leaves of one column must have the same rows, and their pages differ.
            let isSelective = selection != nil && node.leaves.count == 1
            var present = RowSelection(all: rows)
            var leaves: [Int: DecodedLeaf] = [:]
            for leaf in node.leaves {
                let chunk = group.columns[leaf.index]
                let plan = try naming(path) {
                    try ChunkPlan(of: chunk, leaf, rows: rows, selection: isSelective ? selection : nil, in: self)
                }
                present = plan.present
                let bytes = try loaded[leaf.index] ?? plan.load(object)
                leaves[leaf.index] = try naming(path) {
                    try bytes.withUnsafeBytes { try reader.decode($0, chunk, leaf, plan) }
                }
            }
            let column = try naming(path) { try Assembler(leaves: leaves).column(node, rowCount: present.count) }
            guard let selection, selection != present else { return column }
            guard selection.isScattered, present.count == rows else { return selection.gathered(from: column, present) }
            let chosen = positions ?? selection.positions(in: present)
            positions = chosen
            return column.gathered(chosen)
        }
        return RecordBatch(
            unchecked: Schema(wanted.map(\.0)), columns: result, rowCount: selection?.count ?? rows)
    }

    /// The whole chunks of some leaves by number, where they are better fetched together; else none.
    private func loadTogether(_ leaves: [Leaf], _ group: RowGroupMetadata, rows: Int) throws -> [Int: [UInt8]] {
        guard object.prefersFewReads, leaves.count > 1 else { return [:] }
        let ranges = try naming(path) {
            try leaves.flatMap {
                try ChunkPlan(of: group.columns[$0.index], $0, rows: rows, selection: nil, in: self).ranges
            }
        }
        guard ranges.count == leaves.count else { return [:] }
        return Dictionary(zip(leaves.map(\.index), try object.read(together: ranges))) { first, _ in first }
    }

    func readable(_ name: String) throws -> (Field, SchemaNode) {
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
