/// LZ4 as Hadoop writes it, and old Parquet files have it: frames, each with the size of what it unfolds to, and in it blocks
/// until that is reached, with their own size before them; sizes are four bytes, most significant first.
enum HadoopLZ4 {
    /// - Parameters:
    ///   - size: of the result, exactly.
    ///   - block: unfolds a block to at most as many bytes as it is told.
    /// - Returns: nil if the bytes are not framed so: some writers put a bare block under the same name.
    static func decompress(
        _ input: UnsafeRawBufferPointer, size: Int, block: (UnsafeRawBufferPointer, _ limit: Int) throws -> [UInt8]
    ) throws -> [UInt8]? {
        var result: [UInt8] = []
        var position = 0
        func word() -> Int? {
            guard position + 4 <= input.count else { return nil }
            defer { position += 4 }
            return Int(UInt32(bigEndian: input.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        }
        while position < input.count {
            guard let stated = word(), stated <= size - result.count else { return nil }
            let end = result.count + stated
            while result.count < end {
                guard let length = word(), length > 0, length <= input.count - position else { return nil }
                let bytes = UnsafeRawBufferPointer(rebasing: input[position..<position + length])
                let piece = try block(bytes, end - result.count)
                guard !piece.isEmpty else { return nil }
                result += piece
                position += length
            }
        }
        return result.count == size ? result : nil
    }
}
