/// Walks over the pages of one chunk, checks and decompresses them.
struct PageReader {
    struct Page {
        var header: PageHeader
        /// Of v2 pages: the levels, which are never compressed.
        var repetitionLevels: Range<Int>
        var definitionLevels: Range<Int>
        /// The chunk's bytes that hold the levels of a v2 page lie before the body; `body` is what was compressed.
        var body: [UInt8]
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    private let compression: Compression
    private let codec: BlockCodec
    private let checksums: Bool
    private let budget: MemoryBudget

    /// - Parameter budget: charged for the body of each page; the caller releases it.
    init(
        _ bytes: UnsafeRawBufferPointer, compression: Compression, codec: BlockCodec, checksums: Bool,
        budget: MemoryBudget
    ) {
        self.budget = budget
        self.bytes = bytes
        self.compression = compression
        self.codec = codec
        self.checksums = checksums
    }

    var isAtEnd: Bool { position >= bytes.count }

    /// A page as it lies in the file.
    struct StoredPage {
        var header: PageHeader
        /// Of the body.
        var range: Range<Int>
    }

    mutating func next() throws -> Page { try unpack(try nextStored()) }

    /// The next page, its checksum checked.
    mutating func nextStored() throws -> StoredPage {
        var reader = CompactReader(UnsafeRawBufferPointer(rebasing: bytes[position...]))
        let header = try PageHeader(&reader)
        let start = position + reader.cursor.position
        let size = Int(header.compressedSize)
        guard size <= bytes.count - start else {
            throw DecodingFault.malformed("a page of \(size) bytes passes the end of its column")
        }
        let stored = UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])
        position = start + size
        if checksums, let crc = header.crc, UInt32(bitPattern: crc) != crc32(of: stored) {
            throw DecodingFault.malformed("the checksum of the page at byte \(start) of a column is wrong")
        }
        return StoredPage(header: header, range: start..<start + size)
    }

    /// The page with its body decompressed.
    func unpack(_ page: StoredPage) throws -> Page {
        let header = page.header
        let start = page.range.lowerBound
        let stored = UnsafeRawBufferPointer(rebasing: bytes[page.range])
        guard header.type == .dataV2 else {
            try budget.charge(Int(header.uncompressedSize))
            let body = try codec.decompress(stored, compression, size: Int(header.uncompressedSize))
            return Page(header: header, repetitionLevels: 0..<0, definitionLevels: 0..<0, body: body)
        }
        let repetition = Int(header.repetitionLength)
        let definition = Int(header.definitionLength)
        guard repetition >= 0, definition >= 0, repetition + definition <= stored.count,
            repetition + definition <= Int(header.uncompressedSize)
        else { throw DecodingFault.malformed("the levels of a page pass its end") }
        let values = UnsafeRawBufferPointer(rebasing: stored[(repetition + definition)...])
        let valueSize = Int(header.uncompressedSize) - repetition - definition
        try budget.charge(valueSize)
        let isCompressed = header.isCompressed && compression != .none && !(values.isEmpty && valueSize == 0)
        let body = try codec.decompress(values, isCompressed ? compression : .none, size: valueSize)
        return Page(
            header: header, repetitionLevels: start..<start + repetition,
            definitionLevels: start + repetition..<start + repetition + definition, body: body)
    }
}
