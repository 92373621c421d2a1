/// Encodes one column of one row group at a time into pages.
final class ChunkWriter {
    let leaf: Leaf
    private let options: ParquetOptions
    private let codec: BlockCodec
    private let encoder: any ValueEncoder

    // The page being filled.
    private var definitions: [UInt8] = []
    private var repetitions: [UInt8] = []
    private var pageEntries = 0
    private var pageRows = 0
    private var pageNulls = 0
    /// False while all definition levels are at the maximum and were not written down.
    private var definitionsStarted = false

    // The chunk so far.
    private var pages: [(body: [UInt8], header: [UInt8], rows: Int, bounds: Bounds, nulls: Int, entries: Int)] = []
    private var uncompressedSize = 0
    private var compressedSize = 0
    private var entries = 0
    private var encodings: Set<Int32> = [PageEncoding.rle.rawValue]
    private let hasBloomFilter: Bool

    init(leaf: Leaf, options: ParquetOptions, codec: BlockCodec) {
        self.leaf = leaf
        self.options = options
        self.codec = codec
        let dictionary = options.dictionaries
        let name = leaf.path[0]
        hasBloomFilter = options.bloomFilterColumns.contains(name)
        let hashes = HashCollector(isWanted: hasBloomFilter)
        let integers: IntegerEncoding =
            options.deltaColumns.contains(name) ? .delta : options.deltasWherePaying ? .whatPays : .plain
        let splits = options.byteStreamSplitColumns.contains(name)
        switch leaf.type {
        case .bool: encoder = BoolEncoder()
        case .int32, .date:
            encoder = PrimitiveEncoder<Int32>(useDictionary: dictionary, integers: integers, hashes: hashes) {
                $0.int32s?.values ?? []
            }
        case .int64, .timestamp, .localTimestamp:
            encoder = PrimitiveEncoder<Int64>(useDictionary: dictionary, integers: integers, hashes: hashes) {
                $0.int64s?.values ?? []
            }
        case .float:
            encoder = PrimitiveEncoder<Float>(useDictionary: dictionary, splits: splits) { $0.floats?.values ?? [] }
        case .double:
            encoder = PrimitiveEncoder<Double>(useDictionary: dictionary, splits: splits) { $0.doubles?.values ?? [] }
        case .string, .binary:
            encoder = BytesEncoder(
                useDictionary: dictionary, frontCoding: options.deltasWherePaying, hashes: hashes)
        case .decimal, .list, .map, .structure: preconditionFailure("the schema was flattened, which refuses these")
        }
    }

    /// Of the pages so far and the one being filled.
    var bufferedBytes: Int { compressedSize + encoder.pageSize }

    /// Adds the entries of `slice` that belong to whole rows; pages end at row borders.
    func append(_ slice: LeafSlice) throws {
        var entry = 0
        var value = 0
        var part = 0
        while entry < slice.entryCount {
            let (entryEnd, rows) = pageEnd(of: slice, from: entry)
            let present = presentCount(slice, entry..<entryEnd)
            note(slice, entry..<entryEnd, present: present)
            encode(slice, value..<value + present, &part)
            value += present
            entry = entryEnd
            pageRows += rows
            if pageRows >= options.pageRows || encoder.pageSize >= options.pageBytes { try closePage() }
        }
    }

    /// Hands the values to the encoder.
    /// - Parameter part: of the slice's positions, the one with the first value; afterwards that of the value that follows.
    private func encode(_ slice: LeafSlice, _ range: Range<Int>, _ part: inout Int) {
        guard let positions = slice.positions else { return encoder.append(slice.column, positions: nil, range: range) }
        var start = range.lowerBound
        while start < range.upperBound {
            let whole = positions.parts[part]
            let end = min(whole.range.upperBound, range.upperBound)
            if whole.areNeighbours {
                let first = Int(positions.values[start])
                encoder.append(slice.column, positions: nil, range: first..<first + end - start)
            } else {
                encoder.append(slice.column, positions: positions.values, range: start..<end)
            }
            if end == whole.range.upperBound { part += 1 }
            start = end
        }
    }

    /// How far the current page reaches: at most the rows it has room for, in steps that keep its bytes near the limit.
    private func pageEnd(of slice: LeafSlice, from entry: Int) -> (end: Int, rows: Int) {
        let room = min(options.pageRows - pageRows, 1024)
        guard let repetitions = slice.repetitions else {
            let end = min(slice.entryCount, entry + room)
            return (end, end - entry)
        }
        var end = entry
        var rows = 0
        while end < slice.entryCount {
            if repetitions[end] == 0 {
                if rows == room { break }
                rows += 1
            }
            end += 1
        }
        return (end, rows)
    }

    private func presentCount(_ slice: LeafSlice, _ range: Range<Int>) -> Int {
        guard let definitions = slice.definitions else { return range.count }
        let maximum = UInt8(leaf.maxDefinition)
        var present = 0
        for i in range where definitions[i] == maximum { present += 1 }
        return present
    }

    private func note(_ slice: LeafSlice, _ range: Range<Int>, present: Int) {
        if leaf.maxDefinition > 0 {
            if !definitionsStarted, present < range.count {
                definitionsStarted = true
                definitions = [UInt8](repeating: UInt8(leaf.maxDefinition), count: pageEntries)
            }
            if definitionsStarted {
                if let levels = slice.definitions {
                    definitions.append(contentsOf: levels[range])
                } else {
                    definitions.append(contentsOf: repeatElement(UInt8(leaf.maxDefinition), count: range.count))
                }
            }
        }
        if let levels = slice.repetitions { repetitions.append(contentsOf: levels[range]) }
        pageEntries += range.count
        pageNulls += range.count - present
    }

    private func closePage() throws {
        guard pageEntries > 0 else { return }
        var body: [UInt8] = []
        body.reserveCapacity(encoder.pageSize + 64)
        if leaf.maxRepetition > 0 { appendLevels(repetitions, maximum: leaf.maxRepetition, to: &body) }
        if leaf.maxDefinition > 0 {
            if definitionsStarted {
                appendLevels(definitions, maximum: leaf.maxDefinition, to: &body)
            } else {
                appendUniformLevels(to: &body)
            }
        }
        let values = encoder.takePage(to: &body)
        encodings.insert(values.encoding.rawValue)
        var header = PageHeader()
        header.valueCount = Int32(pageEntries)
        header.encoding = values.encoding.rawValue
        try addPage(&header, body, rows: pageRows, bounds: values.bounds, nulls: pageNulls)
        entries += pageEntries
        definitions.removeAll(keepingCapacity: true)
        repetitions.removeAll(keepingCapacity: true)
        definitionsStarted = false
        pageEntries = 0
        pageRows = 0
        pageNulls = 0
    }

    private func appendLevels(_ levels: [UInt8], maximum: Int, to body: inout [UInt8]) {
        let start = body.count
        body.append(littleEndian: UInt32(0))
        levels.withUnsafeBufferPointer {
            Hybrid.encode($0, width: BitPacking.width(of: UInt64(maximum)), to: &body)
        }
        let length = UInt32(body.count - start - 4)
        withUnsafeBytes(of: length) { for i in 0..<4 { body[start + i] = $0[i] } }
    }

    private func appendUniformLevels(to body: inout [UInt8]) {
        var run: [UInt8] = []
        run.append(varint: UInt64(pageEntries) << 1)
        run.append(UInt8(leaf.maxDefinition))
        body.append(littleEndian: UInt32(run.count))
        body.append(contentsOf: run)
    }

    private func addPage(
        _ header: inout PageHeader, _ body: [UInt8], rows: Int, bounds: Bounds, nulls: Int
    ) throws {
        let page = try finish(&header, body)
        pages.append((page.body, page.header, rows, bounds, nulls, Int(header.valueCount)))
    }

    private func finish(_ header: inout PageHeader, _ body: [UInt8]) throws -> (body: [UInt8], header: [UInt8]) {
        guard body.count < Int(Int32.max) else { throw DecodingFault.unsupported("a page over 2 GB") }
        let compressed = try codec.compress(body, options.compression, level: options.compressionLevel)
        header.uncompressedSize = Int32(body.count)
        header.compressedSize = Int32(compressed.count)
        header.crc = compressed.withUnsafeBytes { Int32(bitPattern: crc32(of: $0)) }
        var writer = CompactWriter()
        header.write(&writer)
        uncompressedSize += body.count + writer.bytes.count
        compressedSize += compressed.count + writer.bytes.count
        return (compressed, writer.bytes)
    }

    /// What a finished chunk is: its bytes in order, and what the footer says of it. Offsets count from its start.
    struct Chunk {
        var pieces: [[UInt8]]
        var metadata: ColumnChunkMetadata
        var columnIndex: ColumnIndex?
        var offsetIndex: OffsetIndex
        /// Header and bitset.
        var bloomFilter: [UInt8]?
    }

    /// Closes the chunk and starts the next.
    func takeChunk() throws -> Chunk {
        try closePage()
        var pieces: [[UInt8]] = []
        var metadata = ColumnChunkMetadata()
        metadata.physical = leaf.physical
        metadata.path = leaf.path
        metadata.codec = options.compression.codec
        metadata.valueCount = Int64(entries)
        var offset = 0
        if let dictionary = encoder.takeDictionary() {
            var header = PageHeader()
            header.type = .dictionary
            header.valueCount = Int32(dictionary.count)
            header.encoding = PageEncoding.plain.rawValue
            let page = try finish(&header, dictionary.bytes)
            pieces += [page.header, page.body]
            offset = page.header.count + page.body.count
            metadata.dictionaryPageOffset = 0
            encodings.insert(PageEncoding.plain.rawValue)
        }
        metadata.dataPageOffset = Int64(offset)
        var offsets = OffsetIndex()
        var firstRow = 0
        for page in pages {
            let size = page.header.count + page.body.count
            offsets.pages.append(.init(offset: Int64(offset), size: Int32(size), firstRow: Int64(firstRow)))
            pieces += [page.header, page.body]
            offset += size
            firstRow += page.rows
        }
        metadata.encodings = encodings.sorted()
        metadata.compressedSize = Int64(offset)
        metadata.uncompressedSize = Int64(uncompressedSize)
        let summary = ChunkStatistics(pages.map { ($0.bounds, $0.nulls, $0.entries) }, encoder, leaf)
        metadata.statistics = summary.statistics
        let chunk = Chunk(
            pieces: pieces, metadata: metadata, columnIndex: summary.columnIndex, offsetIndex: offsets,
            bloomFilter: hasBloomFilter ? Self.bloomFilter(encoder.takeHashes()) : nil)
        pages = []
        uncompressedSize = 0
        compressedSize = 0
        entries = 0
        encodings = [PageEncoding.rle.rawValue]
        return chunk
    }

    private static func bloomFilter(_ hashes: [UInt64]) -> [UInt8] {
        let filter = BloomFilter(hashes: hashes)
        var writer = CompactWriter()
        BloomFilterHeader(byteCount: filter.words.count * 4).write(&writer)
        return writer.bytes + filter.words.withUnsafeBytes { Array($0) }
    }
}
