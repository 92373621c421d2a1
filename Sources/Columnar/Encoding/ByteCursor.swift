/// Walks over bytes of unknown honesty: every step is checked against the bytes that are there.
///
/// Unsafe: borrows the buffer; a cursor must not outlive the closure that lent the buffer to its maker.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    @inline(__always)
    mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw DecodingFault.malformed("it ends too early") }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw DecodingFault.malformed("a length of \(count) passes the \(remaining) bytes that are left")
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    @inline(__always)
    mutating func load<T: BitwiseCopyable>(_ type: T.Type) throws -> T {
        let size = MemoryLayout<T>.size
        guard size <= remaining else { throw DecodingFault.malformed("it ends too early") }
        defer { position += size }
        return bytes.loadUnaligned(fromByteOffset: position, as: T.self)
    }

    /// ULEB128, at most ten bytes.
    @inline(__always)
    mutating func varint() throws -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let next = try byte()
            result |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return result }
            shift += 7
        }
        throw DecodingFault.malformed("a variable-length integer has no end")
    }

    mutating func zigzag() throws -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A varint that says how many of something follow, at most `limit`.
    mutating func count(limit: Int) throws -> Int {
        let raw = try varint()
        guard raw <= UInt64(limit) else {
            throw DecodingFault.malformed("a count of \(raw) passes the possible \(limit)")
        }
        return Int(raw)
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append<T: BitwiseCopyable>(littleEndian value: T) {
        Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
    }

    @inline(__always)
    mutating func append(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }

    mutating func append(zigzag value: Int64) {
        append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }
}
