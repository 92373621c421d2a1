internal import CZlib

/// RFC 1952. A block may have several members, one after the other.
///
/// Unsafe: `z_stream` borrows both arrays for the length of one call.
public enum Gzip {
    /// 15 bits of window, plus 16: gzip framing.
    private static let windowBits: Int32 = 15 + 16

    /// One member that holds `input`.
    /// - Parameter level: 1, fast, to 9, small.
    /// - Throws: for an input over 4 GB, or without memory.
    public static func compress(_ input: [UInt8], level: Int) throws -> [UInt8] {
        guard input.count <= Int(UInt32.max) else { throw DecodingFault.unsupported("a block over 4 GB") }
        var stream = z_stream()
        let started = deflateInit2_(
            &stream, Int32(level), Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard started == Z_OK else { throw DecodingFault.unsupported("gzip: zlib did not start") }
        defer { deflateEnd(&stream) }
        let capacity = Int(deflateBound(&stream, UInt(input.count)))
        return try [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            let status = input.withUnsafeBufferPointer { source in
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.avail_in = UInt32(source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(capacity)
                return deflate(&stream, Z_FINISH)
            }
            guard status == Z_STREAM_END else { throw DecodingFault.unsupported("gzip: zlib did not finish") }
            initialized = capacity - Int(stream.avail_out)
        }
    }

    static func decompress(_ input: UnsafeRawBufferPointer, size: Int) throws -> [UInt8] {
        guard input.count <= Int(UInt32.max), size < Int(UInt32.max) else {
            throw DecodingFault.malformed("a gzip block is over 4 GB")
        }
        var stream = z_stream()
        // 32 more: zlib framing is taken as well.
        guard inflateInit2_(&stream, windowBits + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DecodingFault.unsupported("gzip: zlib did not start")
        }
        defer { inflateEnd(&stream) }
        return try [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, initialized in
            stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(input.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(size + 1)
            while true {
                let status = inflate(&stream, Z_NO_FLUSH)
                if status == Z_STREAM_END, stream.avail_in > 0 {
                    guard inflateReset(&stream) == Z_OK else { break }
                    continue
                }
                guard status == Z_STREAM_END else { throw DecodingFault.malformed("a gzip block is damaged") }
                break
            }
            initialized = size + 1 - Int(stream.avail_out)
        }
    }
}
