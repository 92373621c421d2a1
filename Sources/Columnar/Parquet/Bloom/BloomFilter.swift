import Foundation

/// A split-block Bloom filter, as parquet-format/BloomFilter.md has it: tells surely that a column chunk does not have a
/// value, and with a small chance of error that it has.
///
/// The bitset is `z` blocks of eight 32-bit words. A value's hash `h`, XXH64 with seed 0 of its PLAIN bytes (byte strings
/// without their length), chooses block `((h >> 32) · z) >> 32` and in each word `i` of it the one bit
/// `(low32(h) · salt[i]) >> 27`.
struct BloomFilter {
    private(set) var words: [UInt32]

    static let blockBytes = 32
    /// Of one filter: what pyarrow takes at most.
    static let maximumBytes = 128 << 20
    private static let salts: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947, 0x5C6B_FB31
    )

    /// A filter of all `hashes`, with 8 to 16 bits for each that is different: one wrong answer in 40 to 1,000.
    ///
    /// The size is a power of two. The specification does not ask for it, but pyarrow refuses other sizes; and then
    /// a filter that turns out too large, since many hashes came twice, is folded to half: the blocks of `z / 2` are those
    /// of `z` with each pair or'd together. So nobody need look for what comes twice.
    init(hashes: [UInt64]) {
        var bytes = Self.blockBytes
        while bytes < hashes.count, bytes < Self.maximumBytes { bytes *= 2 }
        words = [UInt32](repeating: 0, count: bytes / 4)
        insert(hashes)
        // The estimate is off by a percent or two: close to the border the larger size stays.
        let distinct = 1.05 * estimatedCount
        while words.count > 8, Double(words.count * 2) >= distinct { fold() }
    }

    private mutating func insert(_ hashes: [UInt64]) {
        let blocks = words.count / 8
        words.withUnsafeMutableBufferPointer { words in
            for hash in hashes {
                let first = Self.block(of: hash, count: blocks) * 8
                let mask = Self.mask(of: hash)
                for i in 0..<8 { words[first + i] |= mask[i] }
            }
        }
    }

    /// About how many different hashes it has: each sets one bit of 32 in every word of its block, so of all bits
    /// exp(−count / blocks / 32) stay unset.
    private var estimatedCount: Double {
        let set = words.reduce(0) { $0 + $1.nonzeroBitCount }
        let bits = words.count * 32
        return -log(Double(max(1, bits - set)) / Double(bits)) * Double(words.count * 4)
    }

    private mutating func fold() {
        let half = words.count / 2
        for block in 0..<half / 8 {
            for i in 0..<8 { words[block * 8 + i] = words[block * 16 + i] | words[block * 16 + 8 + i] }
        }
        words.removeLast(half)
    }

    /// Which block of `count` a hash belongs to.
    static func block(of hash: UInt64, count: Int) -> Int {
        Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(truncatingIfNeeded: count)) >> 32)
    }

    /// The eight words of a block that has a hash and nothing else.
    static func mask(of hash: UInt64) -> SIMD8<UInt32> {
        let low = SIMD8<UInt32>(repeating: UInt32(truncatingIfNeeded: hash))
        let salts = SIMD8<UInt32>(
            salts.0, salts.1, salts.2, salts.3, salts.4, salts.5, salts.6, salts.7)
        return SIMD8(repeating: 1) &<< ((low &* salts) &>> 27)
    }

    /// Whether a block, 32 bytes as they are in the file, has a hash.
    static func block(_ bytes: [UInt8], has hash: UInt64) -> Bool {
        guard bytes.count == blockBytes else { return true }
        var words = SIMD8<UInt32>()
        for i in 0..<8 {
            words[i] = bytes.withUnsafeBytes {
                UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))
            }
        }
        let mask = mask(of: hash)
        return words & mask == mask
    }
}

/// What stands before the bitset.
///
///     1: numBytes, 2: algorithm {1: block}, 3: hash {1: XXHASH}, 4: compression {1: none}
struct BloomFilterHeader {
    var byteCount: Int32 = 0
    /// Whether algorithm, hash and compression are the ones that are known: the only ones there are so far.
    private(set) var isKnown = true

    init(byteCount: Int) { self.byteCount = Int32(byteCount) }

    init(_ reader: inout CompactReader) throws {
        var kinds = 0
        var known = true
        var count: Int32 = 0
        try reader.structure { reader, id, type in
            switch id {
            case 1: count = try reader.int32(type)
            case 2, 3, 4:
                kinds += 1
                guard type == .structure else { throw DecodingFault.malformed("a Bloom filter's header is damaged") }
                try reader.structure { reader, id, type in
                    if id != 1 { known = false }
                    try reader.skip(type)
                }
            default: try reader.skip(type)
            }
        }
        byteCount = count
        isKnown = known && kinds == 3
    }

    func write(_ writer: inout CompactWriter) {
        writer.structure { writer in
            writer.field(1, int32: byteCount)
            for id in 2...4 { writer.field(id) { $0.field(1) { _ in } } }
        }
    }
}
