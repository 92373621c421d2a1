internal import CLZ4

/// LZ4 blocks, without a frame: of little use for numbers, and cheap for text that says the same again and again.
///
/// Unsafe: hands array storage to C, always with its exact size.
public enum LZ4Block {
    /// The size of what it compresses and of what it makes, at most.
    public static let maximumBytes = 1 << 30

    /// - Throws: ``ColumnarError`` for more than ``maximumBytes``.
    public static func compress(_ input: [UInt8]) throws -> [UInt8] {
        guard input.count <= maximumBytes else { throw DecodingFault.unsupported("a block over 1 GB") }
        return [UInt8](unsafeUninitializedCapacity: Int(LZ4_compressBound(Int32(input.count)))) { output, count in
            let capacity = Int32(output.count)
            count = output.withMemoryRebound(to: CChar.self) { output in
                input.withUnsafeBytes { input in
                    // With room for the worst case it cannot fail.
                    Int(
                        LZ4_compress_default(
                            input.baseAddress, output.baseAddress, Int32(input.count), capacity))
                }
            }
        }
    }

    /// - Parameter size: how much comes out, exactly.
    /// - Throws: for a block that is damaged or has another size. Nothing is allocated for a size that cannot be.
    public static func decompress(_ input: ArraySlice<UInt8>, size: Int) throws -> [UInt8] {
        guard input.count <= maximumBytes, (0...maximumBytes).contains(size) else {
            throw DecodingFault.malformed("an lz4 block is over 1 GB")
        }
        return try input.withUnsafeBytes { try BlockCodec().decompress($0, .lz4, size: size) }
    }
}
