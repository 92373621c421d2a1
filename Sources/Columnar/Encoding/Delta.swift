/// DELTA_BINARY_PACKED.
///
///     header: block size | miniblocks a block | count | first value (zigzag)
///     block: smallest delta (zigzag) | one width byte a miniblock | miniblocks of (delta − smallest), bit-packed
///
/// Arithmetic wraps. A width of 0 has no body; the last used miniblock is padded; widths of unused ones mean nothing.
enum DeltaEncoder {
    private static let blockSize = 128
    private static let miniblocks = 4

    static func encode<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(_ values: [T], to bytes: inout [UInt8])
    where T.Magnitude: BitwiseCopyable {
        bytes.append(varint: UInt64(blockSize))
        bytes.append(varint: UInt64(miniblocks))
        bytes.append(varint: UInt64(values.count))
        bytes.append(zigzag: Int64(values.first ?? 0))
        let perMiniblock = blockSize / miniblocks
        values.withUnsafeBufferPointer { values in
            withUnsafeTemporaryAllocation(of: T.Magnitude.self, capacity: blockSize) { deltas in
                var position = 1
                while position < values.count {
                    let count = min(blockSize, values.count - position)
                    var smallest = T.max
                    for i in 0..<count {
                        let delta = values[position + i] &- values[position + i - 1]
                        smallest = min(smallest, delta)
                        deltas[i] = T.Magnitude(truncatingIfNeeded: delta)
                    }
                    bytes.append(zigzag: Int64(smallest))
                    let widthsAt = bytes.count
                    for _ in 0..<miniblocks { bytes.append(0) }
                    for i in 0..<count { deltas[i] &-= T.Magnitude(truncatingIfNeeded: smallest) }
                    for i in count..<blockSize { deltas[i] = 0 }
                    for m in 0..<miniblocks where m * perMiniblock < count {
                        let part = UnsafeBufferPointer(
                            rebasing: deltas[m * perMiniblock..<(m + 1) * perMiniblock])
                        var all: T.Magnitude = 0
                        for delta in part { all |= delta }
                        let width = BitPacking.width(of: UInt64(all))
                        bytes[widthsAt + m] = UInt8(width)
                        if width > 0 { BitPacking.pack(part, width: width, to: &bytes) }
                    }
                    position += count
                }
            }
        }
    }
}

enum DeltaDecoder {
    /// Decodes all values; afterwards the cursor stands behind them.
    /// - Parameter limit: the most values there may be.
    static func decode<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
        _ cursor: inout ByteCursor, as type: T.Type, limit: Int
    ) throws -> [T] {
        // The largest that is written is DuckDB's 2048.
        let blockSize = try cursor.count(limit: 1 << 16)
        let miniblocks = try cursor.count(limit: 1 << 16)
        let count = try cursor.count(limit: limit)
        let first = try cursor.zigzag()
        guard count > 0 else { return [] }
        guard blockSize > 0, miniblocks > 0, blockSize % miniblocks == 0, blockSize / miniblocks % 8 == 0 else {
            throw DecodingFault.malformed("a delta block of \(blockSize) values in \(miniblocks) parts cannot be")
        }
        let perMiniblock = blockSize / miniblocks
        var values: [T] = []
        values.reserveCapacity(min(count, 1 << 20))
        var last = T(truncatingIfNeeded: first)
        values.append(last)
        var scratch = [UInt64](repeating: 0, count: perMiniblock)
        while values.count < count {
            let smallest = T(truncatingIfNeeded: try cursor.zigzag())
            let widths = try cursor.take(miniblocks)
            for m in 0..<miniblocks where values.count < count {
                let width = Int(widths[m])
                // DuckDB reckons the deltas of an INT32 in 64 bits; what passes the width of T is cut off below.
                guard width <= 64 else { throw DecodingFault.malformed("a delta is too wide") }
                let n = min(perMiniblock, count - values.count)
                if width == 0 {
                    for _ in 0..<n {
                        last = last &+ smallest
                        values.append(last)
                    }
                    continue
                }
                let wanted = perMiniblock / 8 * width
                // Some writers cut the padding of the last miniblock.
                let packed = try cursor.take(min(wanted, cursor.remaining))
                guard packed.count * 8 >= n * width else { throw DecodingFault.malformed("deltas end too early") }
                scratch.withUnsafeMutableBufferPointer {
                    BitPacking.unpack(packed, width: width, into: UnsafeMutableBufferPointer(rebasing: $0[0..<n]))
                }
                for i in 0..<n {
                    last = last &+ smallest &+ T(truncatingIfNeeded: scratch[i])
                    values.append(last)
                }
            }
        }
        return values
    }
}
