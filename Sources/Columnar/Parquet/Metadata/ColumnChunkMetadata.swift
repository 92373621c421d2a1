/// Where one column of one row group lies, how it is encoded and what range it spans.
struct ColumnChunkMetadata: Sendable {
    var filePath: String?
    /// Nil if it is of a type that is not known here.
    var physical: PhysicalType? = .boolean
    var isEncrypted = false
    var encodings: [Int32] = []
    var path: [String] = []
    var codec: Int32 = 0
    var valueCount: Int64 = 0
    var uncompressedSize: Int64 = 0
    var compressedSize: Int64 = 0
    var dataPageOffset: Int64 = 0
    var dictionaryPageOffset: Int64?
    var statistics: Statistics?
    var bloomFilterOffset: Int64?
    var bloomFilterLength: Int32?
    var offsetIndexOffset: Int64?
    var offsetIndexLength: Int32?
    var columnIndexOffset: Int64?
    var columnIndexLength: Int32?
    /// The fields of the metadata that were there, by bit. A file must state them; that they take bytes also bounds how
    /// many chunks a footer can claim.
    private var fields: UInt32 = 0
    private static let required: UInt32 = [1, 3, 4, 5, 7, 9].reduce(0) { $0 | 1 << UInt32($1) }

    init() {}

    init(_ reader: inout CompactReader) throws {
        try reader.structure { reader, id, type in
            switch id {
            case 1: filePath = try reader.string(type)
            case 3:
                try reader.structure { try readMetadata(&$0, $1, $2) }
            case 4: offsetIndexOffset = try reader.int(type)
            case 5: offsetIndexLength = try reader.int32(type)
            case 6: columnIndexOffset = try reader.int(type)
            case 7: columnIndexLength = try reader.int32(type)
            case 8, 9:
                isEncrypted = true
                try reader.skip(type)
            default: try reader.skip(type)
            }
        }
        // What is under a key of its own states nothing else in the open.
        if isEncrypted, fields == 0 { return }
        guard fields != 0 else { throw DecodingFault.unsupported("column chunks without metadata") }
        guard fields & Self.required == Self.required else {
            throw DecodingFault.malformed("a column chunk does not state its type, path, codec, count, size and place")
        }
    }

    /// What keeps the chunk from being read, as far as the footer tells; nil if nothing does.
    var unreadable: String? {
        if isEncrypted { return "encryption" }
        if filePath != nil { return "column chunks in other files" }
        guard physical != nil else { return "a physical type that is not known here" }
        if valueCount == 0 { return nil }
        do {
            _ = try Compression(codec: codec)
        } catch DecodingFault.unsupported(let feature) {
            return feature
        } catch {
            return nil
        }
        return encodings.first { PageEncoding(rawValue: $0) == nil }.map { "the encoding \(PageEncoding.name($0))" }
    }

    private mutating func readMetadata(
        _ reader: inout CompactReader, _ id: Int, _ type: CompactReader.WireType
    ) throws {
        if id > 0, id < 32 { fields |= 1 << UInt32(id) }
        switch id {
        case 1:
            physical = PhysicalType(rawValue: try reader.int32(type))
        case 2: encodings = try reader.list(type) { try $0.int32($1) }
        case 3: path = try reader.list(type) { try $0.string($1) }
        case 4: codec = try reader.int32(type)
        case 5: valueCount = try reader.int(type)
        case 6: uncompressedSize = try reader.int(type)
        case 7: compressedSize = try reader.int(type)
        case 9: dataPageOffset = try reader.int(type)
        case 11: dictionaryPageOffset = try reader.int(type)
        case 12: statistics = try Statistics(&reader)
        case 14: bloomFilterOffset = try reader.int(type)
        case 15: bloomFilterLength = try reader.int32(type)
        default: try reader.skip(type)
        }
    }

    func write(_ writer: inout CompactWriter) {
        writer.field(2, int64: 0)  // file_offset: deprecated, yet three readers refuse files without it
        writer.field(3) { writer in
            writer.field(1, int32: physical?.rawValue)
            writer.field(2, int32s: encodings)
            writer.field(3, binaries: path.map { Array($0.utf8) })
            writer.field(4, int32: codec)
            writer.field(5, int64: valueCount)
            writer.field(6, int64: uncompressedSize)
            writer.field(7, int64: compressedSize)
            writer.field(9, int64: dataPageOffset)
            writer.field(11, int64: dictionaryPageOffset)
            if let statistics { writer.field(12) { statistics.write(&$0) } }
            writer.field(14, int64: bloomFilterOffset)
            writer.field(15, int32: bloomFilterLength)
        }
        writer.field(4, int64: offsetIndexOffset)
        writer.field(5, int32: offsetIndexLength)
        writer.field(6, int64: columnIndexOffset)
        writer.field(7, int32: columnIndexLength)
    }
}

/// Bounds of a chunk or page. Values are PLAIN bytes; byte strings without their length.
struct Statistics: Hashable, Sendable {
    /// The old fields, of signed order: of use for signed types only.
    var oldMaximum: [UInt8]?
    var oldMinimum: [UInt8]?
    var nullCount: Int64?
    var maximum: [UInt8]?
    var minimum: [UInt8]?
    var maximumIsExact: Bool?
    var minimumIsExact: Bool?
    /// Of floating-point columns. Where it is absent there may be NaN: bounds do not tell.
    var nanCount: Int64?

    init() {}

    init(_ reader: inout CompactReader) throws {
        try reader.structure { reader, id, type in
            switch id {
            case 1: oldMaximum = try reader.binary(type)
            case 2: oldMinimum = try reader.binary(type)
            case 3: nullCount = try reader.int(type)
            case 5: maximum = try reader.binary(type)
            case 6: minimum = try reader.binary(type)
            case 7: maximumIsExact = try reader.bool(type)
            case 8: minimumIsExact = try reader.bool(type)
            case 9: nanCount = try reader.int(type)
            default: try reader.skip(type)
            }
        }
    }

    func write(_ writer: inout CompactWriter) {
        writer.field(3, int64: nullCount)
        writer.field(5, binary: maximum)
        writer.field(6, binary: minimum)
        writer.field(7, bool: maximumIsExact)
        writer.field(8, bool: minimumIsExact)
        writer.field(9, int64: nanCount)
    }
}
