internal import CLZ4
internal import CSnappy
internal import CZlib
internal import CZstd

/// Compresses and decompresses whole blocks. One for each thread: zstd keeps its working memory between blocks.
///
/// Unsafe: hands array storage to C, always with its exact size.
final class BlockCodec {
    private var zstdCompressor: OpaquePointer?
    private var zstdDecompressor: OpaquePointer?
    private var scratch: [UInt8] = []

    init() {}

    deinit {
        ZSTD_freeCCtx(zstdCompressor)
        ZSTD_freeDCtx(zstdDecompressor)
    }

    /// - Parameter level: of zstd (1…19) and gzip (1…9); the others have none.
    func compress(_ input: [UInt8], _ compression: Compression, level: Int) throws -> [UInt8] {
        switch compression {
        case .none: return input
        case .snappy:
            return try compressed(capacity: snappy_max_compressed_length(input.count)) { buffer in
                var written = buffer.count
                let status = input.withUnsafeBytes {
                    snappy_compress($0.baseAddress, $0.count, buffer.baseAddress, &written)
                }
                return status == SNAPPY_OK ? written : nil
            }
        case .zstd:
            if zstdCompressor == nil { zstdCompressor = ZSTD_createCCtx() }
            return try compressed(capacity: ZSTD_compressBound(input.count)) { buffer in
                let written = input.withUnsafeBytes {
                    ZSTD_compressCCtx(
                        zstdCompressor, buffer.baseAddress, buffer.count, $0.baseAddress, $0.count, Int32(level))
                }
                return ZSTD_isError(written) == 0 ? written : nil
            }
        case .lz4:
            guard input.count <= LZ4_MAX_INPUT_SIZE else { throw DecodingFault.unsupported("a block over 2 GB") }
            return try compressed(capacity: Int(LZ4_compressBound(Int32(input.count)))) { buffer in
                let written = input.withUnsafeBytes {
                    LZ4_compress_default(
                        $0.baseAddress, buffer.baseAddress, Int32($0.count), Int32(buffer.count))
                }
                return written > 0 ? Int(written) : nil
            }
        case .hadoopLZ4: throw DecodingFault.unsupported("writing LZ4 with Hadoop framing")
        case .gzip: return try Gzip.compress(input, level: min(9, level))
        }
    }

    /// Output of `body` in an array of just its size: pages wait in memory until their row group is complete, and the
    /// codecs want room for more than the input.
    private func compressed(
        capacity: Int, _ body: (UnsafeMutableBufferPointer<CChar>) -> Int?
    ) throws -> [UInt8] {
        if scratch.count < capacity + 1 { scratch = [UInt8](repeating: 0, count: capacity + 1) }
        let written = scratch.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body(UnsafeMutableBufferPointer(rebasing: $0[0..<capacity])) }
        }
        guard let written else { throw DecodingFault.unsupported("a block the codec cannot compress") }
        return Array(scratch[0..<written])
    }

    /// - Parameter size: exact size of the result, as the page header says.
    func decompress(_ input: UnsafeRawBufferPointer, _ compression: Compression, size: Int) throws -> [UInt8] {
        if size == 0, input.isEmpty { return [] }
        let result: [UInt8]
        switch compression {
        case .none: result = Array(input)
        case .snappy:
            var stated = 0
            guard snappy_uncompressed_length(input.baseAddress, input.count, &stated) == SNAPPY_OK, stated == size
            else { throw DecodingFault.malformed("a snappy block does not have the size its page header states") }
            result = try output(capacity: size) { buffer in
                var written = buffer.count
                let status = snappy_uncompress(input.baseAddress, input.count, buffer.baseAddress, &written)
                return status == SNAPPY_OK ? written : nil
            }
        case .zstd:
            let stated = ZSTD_getFrameContentSize(input.baseAddress, input.count)
            guard stated >= UInt64.max - 1 || stated == UInt64(size) else {
                throw DecodingFault.malformed("a zstd block does not have the size its page header states")
            }
            if zstdDecompressor == nil { zstdDecompressor = ZSTD_createDCtx() }
            result = try output(capacity: size) { buffer in
                let written = ZSTD_decompressDCtx(
                    zstdDecompressor, buffer.baseAddress, buffer.count, input.baseAddress, input.count)
                return ZSTD_isError(written) == 0 ? written : nil
            }
        case .lz4:
            guard input.count <= Int(Int32.max), size <= Int(Int32.max) else {
                throw DecodingFault.malformed("an lz4 block is over 2 GB")
            }
            try checkRatio(input.count, size, most: 255)
            result = try lz4(input, limit: size)
        case .hadoopLZ4:
            guard input.count <= Int(Int32.max), size <= Int(Int32.max) else {
                throw DecodingFault.malformed("an lz4 block is over 2 GB")
            }
            try checkRatio(input.count, size, most: 255)
            // What looks like a frame by chance does not unfold as one.
            let framed = try? HadoopLZ4.decompress(input, size: size) { try lz4($0, limit: $1) }
            result = try framed.flatMap(\.self) ?? lz4(input, limit: size)
        case .gzip:
            try checkRatio(input.count, size, most: 1032)
            result = try Gzip.decompress(input, size: size)
        }
        guard result.count == size else {
            throw DecodingFault.malformed("a block has \(result.count) bytes, its page header states \(size)")
        }
        return result
    }

    /// At most `limit` bytes of a block.
    private func lz4(_ input: UnsafeRawBufferPointer, limit: Int) throws -> [UInt8] {
        try output(capacity: limit) { buffer in
            let written = LZ4_decompress_safe(
                input.baseAddress, buffer.baseAddress, Int32(input.count), Int32(buffer.count))
            return written >= 0 ? Int(written) : nil
        }
    }

    /// - Throws: if a block cannot become as large as is claimed, at the `most` its format can do. Nothing has been
    ///   allocated by then.
    private func checkRatio(_ stored: Int, _ size: Int, most: Int) throws {
        guard size <= (stored + 64) * most else {
            throw DecodingFault.malformed("a block of \(stored) bytes cannot have the \(size) its page header states")
        }
    }

    /// An array filled by C; `body` returns how much it wrote, nil on failure.
    private func output(
        capacity: Int, _ body: (UnsafeMutableBufferPointer<CChar>) -> Int?
    ) throws -> [UInt8] {
        // One byte more, so that an empty block has an address too.
        try [UInt8](unsafeUninitializedCapacity: capacity + 1) { buffer, initialized in
            let written = UnsafeMutableRawBufferPointer(buffer).withMemoryRebound(to: CChar.self) {
                body(UnsafeMutableBufferPointer(rebasing: $0[0..<capacity]))
            }
            guard let written, written <= capacity else {
                throw DecodingFault.malformed("a compressed block is damaged")
            }
            initialized = written
        }
    }
}

/// CRC-32 of zlib, as page headers carry it.
func crc32(of bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    UInt32(
        truncatingIfNeeded: crc32_z(UInt(seed), bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
}
