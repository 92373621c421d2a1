/// The hashes of a chunk's values on the way to its Bloom filter.
///
/// Encoders hand over what they have anyhow: each value of a dictionary once, every value where there is none. What comes
/// twice costs a hash, and nothing of the filter (``BloomFilter/init(hashes:)``).
struct HashCollector {
    let isWanted: Bool
    private var hashes: [UInt64] = []

    init(isWanted: Bool) { self.isWanted = isWanted }

    mutating func add(_ rows: ByteRows) {
        guard isWanted else { return }
        hashes.append(addingCapacity: rows.count) { (span: inout OutputSpan<UInt64>) in
            for i in 0..<rows.count { span.append(ValueHash.of(rows[i])) }
        }
    }

    mutating func add(_ values: BytesColumn) {
        values.bytes.withUnsafeBytes { bytes in
            values.offsets.withUnsafeBufferPointer {
                add(ByteRows(bytes: bytes, offsets: $0, positions: nil, range: 0..<values.count))
            }
        }
    }

    mutating func add<T: FixedWidthValue>(_ values: [T], from start: Int) {
        if isWanted { T.appendHashes(values, from: start, to: &hashes) }
    }

    mutating func take() -> [UInt64] {
        defer { hashes = [] }
        return hashes
    }
}
