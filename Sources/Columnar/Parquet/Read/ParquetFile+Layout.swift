import Domain

extension ParquetFile {
    /// One column of one row group, as the footer describes it.
    public struct Chunk: Sendable {
        public var rowGroup: Int
        /// Path of the leaf, joined by dots: `genres.list.element`.
        public var column: String
        /// Entries, nulls included; for lists, those of the leaf.
        public var values: Int64
        public var nulls: Int64?
        /// The codec's name, or its number in parquet.thrift if it is none that is read here.
        public var codec: String
        /// As in the specification: `RLE_DICTIONARY`.
        public var encodings: [String]
        /// Bytes in the file, page headers included.
        public var compressedSize: Int64
        public var uncompressedSize: Int64
        /// Bounds as text, nil where the footer states none that can be trusted.
        public var minimum: String?
        public var maximum: String?
        public var hasPageIndex: Bool
        public var hasBloomFilter: Bool
    }

    /// All chunks in file order. O(row groups × columns); reads nothing but the footer.
    public var chunks: [Chunk] {
        var leaves: [Int: Leaf] = [:]
        for case .supported(_, .leaf(let leaf, _)) in columns.map(\.content) { leaves[leaf.index] = leaf }
        return metadata.rowGroups.enumerated().flatMap { group, description in
            description.columns.enumerated().map { index, chunk in
                let bounds = leaves[index].map {
                    BoundValues(chunk: chunk, leaf: $0, trusted: metadata.hasColumnOrders)
                }
                return Chunk(
                    rowGroup: group, column: chunk.path.joined(separator: "."), values: chunk.valueCount,
                    nulls: bounds?.nullCount,
                    codec: (try? Compression(codec: chunk.codec))?.rawValue ?? "\(chunk.codec)",
                    encodings: chunk.encodings.map { PageEncoding.name($0) },
                    compressedSize: chunk.compressedSize, uncompressedSize: chunk.uncompressedSize,
                    minimum: bounds?.minimum.map(Self.text), maximum: bounds?.maximum.map(Self.text),
                    hasPageIndex: chunk.offsetIndexOffset != nil, hasBloomFilter: chunk.bloomFilterOffset != nil)
            }
        }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .string(let text): text
        case .int(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .float(let number): "\(number)"
        case .double(let number): "\(number)"
        case .date(let day): "\(day)"
        case .timestamp(let time), .localTimestamp(let time): "\(time)"
        case .decimal(let number): "\(number)"
        case .binary(let bytes): "\(bytes.count) bytes"
        default: "\(value)"
        }
    }
}
