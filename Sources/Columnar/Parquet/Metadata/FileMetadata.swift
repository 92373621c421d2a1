/// The footer of a file.
struct FileMetadata: Sendable {
    var version: Int32 = 1
    var schema: [SchemaElement] = []
    var rowCount: Int64 = 0
    var rowGroups: [RowGroupMetadata] = []
    var keyValues: [KeyValue] = []
    var createdBy: String?
    /// Without it the order of `min_value` and `max_value` is unknown, and readers ignore them.
    var hasColumnOrders = false

    struct KeyValue: Hashable, Sendable {
        var key: String
        var value: String?
    }

    init() {}

    init(_ reader: inout CompactReader) throws {
        try reader.structure { reader, id, type in
            switch id {
            case 1: version = try reader.int32(type)
            case 2: schema = try reader.list(type) { reader, _ in try SchemaElement(&reader) }
            case 3: rowCount = try reader.int(type)
            case 4: rowGroups = try reader.list(type) { reader, _ in try RowGroupMetadata(&reader) }
            case 5:
                keyValues = try reader.list(type) { reader, _ in
                    var pair = KeyValue(key: "", value: nil)
                    try reader.structure { reader, id, type in
                        switch id {
                        case 1: pair.key = try reader.string(type)
                        case 2: pair.value = try reader.string(type)
                        default: try reader.skip(type)
                        }
                    }
                    return pair
                }
            case 6: createdBy = try reader.string(type)
            case 7:
                hasColumnOrders = true
                try reader.skip(type)
            default: try reader.skip(type)
            }
        }
    }

    func write(_ writer: inout CompactWriter) {
        let leaves = schema.count { $0.physical != nil }
        writer.structure { writer in
            writer.field(1, int32: version)
            writer.field(2, structures: schema) { $1.write(&$0) }
            writer.field(3, int64: rowCount)
            writer.field(4, structures: rowGroups) { $1.write(&$0) }
            if !keyValues.isEmpty {
                writer.field(5, structures: keyValues) {
                    $0.field(1, string: $1.key)
                    $0.field(2, string: $1.value)
                }
            }
            writer.field(6, string: createdBy)
            // ColumnOrder is a union; its member 1, the order of the type, is an empty struct.
            writer.field(7, structures: [Int](0..<leaves)) { writer, _ in writer.field(1) { _ in } }
        }
    }
}

struct RowGroupMetadata: Sendable {
    var columns: [ColumnChunkMetadata] = []
    var totalByteSize: Int64 = 0
    var rowCount: Int64 = 0
    var fileOffset: Int64?
    var totalCompressedSize: Int64?
    var ordinal: Int16?

    init() {}

    init(_ reader: inout CompactReader) throws {
        try reader.structure { reader, id, type in
            switch id {
            case 1: columns = try reader.list(type) { reader, _ in try ColumnChunkMetadata(&reader) }
            case 2: totalByteSize = try reader.int(type)
            case 3: rowCount = try reader.int(type)
            case 5: fileOffset = try reader.int(type)
            case 6: totalCompressedSize = try reader.int(type)
            case 7: ordinal = Int16(truncatingIfNeeded: try reader.int(type))
            default: try reader.skip(type)
            }
        }
    }

    func write(_ writer: inout CompactWriter) {
        writer.field(1, structures: columns) { $1.write(&$0) }
        writer.field(2, int64: totalByteSize)
        writer.field(3, int64: rowCount)
        writer.field(5, int64: fileOffset)
        writer.field(6, int64: totalCompressedSize)
        writer.field(7, int16: ordinal)
    }
}
