import Domain

extension ParquetFile {
    /// A chunk's Bloom filter, of which a look-up reads one block.
    struct StoredBloomFilter {
        let file: ParquetFile
        let leaf: Leaf
        /// Where the bitset lies.
        let bits: Range<Int>

        /// False only if no row of the chunk is equal to `value`.
        func mayContain(_ value: Value) -> Bool {
            guard let hash = ValueHash.of(value, in: leaf) else { return true }
            return mayContain(hash: hash)
        }

        func mayContain(hash: UInt64) -> Bool {
            let block = BloomFilter.block(of: hash, count: bits.count / BloomFilter.blockBytes)
            let start = bits.lowerBound + block * BloomFilter.blockBytes
            // What cannot be read is found out where the rows are read.
            guard let bytes = try? file.object.read(start..<start + BloomFilter.blockBytes) else { return true }
            return BloomFilter.block(bytes, has: hash)
        }
    }

    /// The filter of a chunk; nil if it has none, or one of a kind that is not known here.
    /// - Throws: `DecodingFault` if it passes the end of the file or makes no sense.
    func bloomFilter(_ chunk: ColumnChunkMetadata, _ leaf: Leaf) throws -> StoredBloomFilter? {
        guard let offset = chunk.bloomFilterOffset, offset > 0, ValueHash.isDefined(for: leaf.type) else { return nil }
        // The header takes some twenty bytes, unknown fields aside.
        let start = Int(exactly: offset) ?? .max
        guard start < object.size else { throw DecodingFault.malformed("a Bloom filter lies outside of the file") }
        let head = try object.read(start..<min(start + 256, object.size))
        let (header, length) = try head.withUnsafeBytes { bytes in
            var reader = CompactReader(bytes)
            let header = try BloomFilterHeader(&reader)
            return (header, reader.cursor.position)
        }
        guard header.isKnown else { return nil }
        let count = Int(header.byteCount)
        guard count >= BloomFilter.blockBytes, count % BloomFilter.blockBytes == 0,
            count <= object.size - start - length
        else { throw DecodingFault.malformed("a Bloom filter of \(count) bytes does not fit into the file") }
        return StoredBloomFilter(file: self, leaf: leaf, bits: start + length..<start + length + count)
    }
}
