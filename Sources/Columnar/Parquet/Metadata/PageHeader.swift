/// What stands before each page.
struct PageHeader: Sendable {
    var type = PageType.data
    var uncompressedSize: Int32 = 0
    var compressedSize: Int32 = 0
    var crc: Int32?
    /// Level entries of a data page (nulls included), values of a dictionary page.
    var valueCount: Int32 = 0
    var encoding: Int32 = 0
    var definitionEncoding = PageEncoding.rle.rawValue
    var repetitionEncoding = PageEncoding.rle.rawValue
    // Of v2 pages only.
    var nullCount: Int32 = 0
    var rowCount: Int32 = 0
    var definitionLength: Int32 = 0
    var repetitionLength: Int32 = 0
    var isCompressed = true

    init() {}

    init(_ reader: inout CompactReader) throws {
        var unknown: Int32?
        try reader.structure { reader, id, type in
            switch id {
            case 1:
                let raw = try reader.int32(type)
                guard let page = PageType(rawValue: raw) else {
                    unknown = raw
                    return
                }
                self.type = page
            case 2: uncompressedSize = try reader.int32(type)
            case 3: compressedSize = try reader.int32(type)
            case 4: crc = try reader.int32(type)
            case 5, 7, 8: try reader.structure { try readBody(&$0, kind: id, $1, $2) }
            default: try reader.skip(type)
            }
        }
        if let unknown { throw DecodingFault.unsupported("pages of the type \(unknown)") }
        guard uncompressedSize >= 0, compressedSize >= 0, valueCount >= 0 else {
            throw DecodingFault.malformed("a page has a negative size")
        }
    }

    private mutating func readBody(
        _ reader: inout CompactReader, kind: Int, _ id: Int, _ type: CompactReader.WireType
    ) throws {
        switch (kind, id) {
        case (_, 1): valueCount = try reader.int32(type)
        case (5, 2), (7, 2), (8, 4): encoding = try reader.int32(type)
        case (5, 3): definitionEncoding = try reader.int32(type)
        case (5, 4): repetitionEncoding = try reader.int32(type)
        case (8, 2): nullCount = try reader.int32(type)
        case (8, 3): rowCount = try reader.int32(type)
        case (8, 5): definitionLength = try reader.int32(type)
        case (8, 6): repetitionLength = try reader.int32(type)
        case (8, 7): isCompressed = try reader.bool(type)
        default: try reader.skip(type)
        }
    }

    func write(_ writer: inout CompactWriter) {
        writer.structure { writer in
            writer.field(1, int32: type.rawValue)
            writer.field(2, int32: uncompressedSize)
            writer.field(3, int32: compressedSize)
            writer.field(4, int32: crc)
            switch type {
            case .data:
                writer.field(5) {
                    $0.field(1, int32: valueCount)
                    $0.field(2, int32: encoding)
                    $0.field(3, int32: definitionEncoding)
                    $0.field(4, int32: repetitionEncoding)
                }
            case .dictionary:
                writer.field(7) {
                    $0.field(1, int32: valueCount)
                    $0.field(2, int32: encoding)
                }
            case .index, .dataV2: preconditionFailure("the writer makes no such pages")
            }
        }
    }
}
