/// Bounds of every data page of a chunk.
struct ColumnIndex: Sendable {
    var nullPages: [Bool] = []
    var minimums: [[UInt8]] = []
    var maximums: [[UInt8]] = []
    /// 0 unordered, 1 ascending, 2 descending.
    var boundaryOrder: Int32 = 0
    var nullCounts: [Int64] = []
    /// Of floating-point columns; empty where nobody counted.
    var nanCounts: [Int64] = []

    init() {}

    init(_ reader: inout CompactReader) throws {
        try reader.structure { reader, id, type in
            switch id {
            case 1: nullPages = try reader.boolList(type)
            case 2: minimums = try reader.list(type) { try $0.binary($1) }
            case 3: maximums = try reader.list(type) { try $0.binary($1) }
            case 4: boundaryOrder = try reader.int32(type)
            case 5: nullCounts = try reader.list(type) { try $0.int($1) }
            case 8: nanCounts = try reader.list(type) { try $0.int($1) }
            default: try reader.skip(type)
            }
        }
        guard minimums.count == nullPages.count, maximums.count == nullPages.count else {
            throw DecodingFault.malformed("a column index has lists of different lengths")
        }
    }

    func write(_ writer: inout CompactWriter) {
        writer.structure { writer in
            writer.field(1, bools: nullPages)
            writer.field(2, binaries: minimums)
            writer.field(3, binaries: maximums)
            writer.field(4, int32: boundaryOrder)
            writer.field(5, int64s: nullCounts)
            if !nanCounts.isEmpty { writer.field(8, int64s: nanCounts) }
        }
    }
}

/// Where every data page of a chunk lies. Dictionary pages are not listed.
struct OffsetIndex: Sendable {
    var pages: [PageLocation] = []

    struct PageLocation: Sendable {
        var offset: Int64 = 0
        /// With its header.
        var size: Int32 = 0
        var firstRow: Int64 = 0
    }

    init() {}

    init(_ reader: inout CompactReader) throws {
        try reader.structure { reader, id, type in
            guard id == 1 else { return try reader.skip(type) }
            pages = try reader.list(type) { reader, _ in
                var page = PageLocation()
                try reader.structure { reader, id, type in
                    switch id {
                    case 1: page.offset = try reader.int(type)
                    case 2: page.size = try reader.int32(type)
                    case 3: page.firstRow = try reader.int(type)
                    default: try reader.skip(type)
                    }
                }
                return page
            }
        }
    }

    func write(_ writer: inout CompactWriter) {
        writer.structure { writer in
            writer.field(1, structures: pages) {
                $0.field(1, int64: $1.offset)
                $0.field(2, int32: $1.size)
                $0.field(3, int64: $1.firstRow)
            }
        }
    }
}
