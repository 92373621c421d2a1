/// The RLE / bit-packed hybrid of Parquet.
///
///     run := header value | header groups
///     header even: an RLE run of header >> 1 values; the value follows in ceil(width / 8) bytes, little endian
///     header odd: header >> 1 groups of 8 values, bit-packed from the least significant bit, width bytes a group
///
/// The last group is padded; what passes the expected count is ignored.
enum Hybrid {
    /// Decodes exactly `output.count` values of `width` bits. Initialises all of `output`.
    static func decode<T: FixedWidthInteger & BitwiseCopyable>(
        _ cursor: inout ByteCursor, width: Int, into output: UnsafeMutableBufferPointer<T>
    ) throws {
        guard width >= 0, width <= min(32, T.bitWidth) else {
            throw DecodingFault.malformed("\(width) is no bit width for levels or indices")
        }
        if width == 0 {
            output.initialize(repeating: 0)
            return
        }
        let valueBytes = (width + 7) / 8
        let mask: UInt64 = (1 << UInt64(width)) - 1
        var written = 0
        while written < output.count {
            let header = try cursor.varint()
            guard header < 1 << 40 else { throw DecodingFault.malformed("a run is too long") }
            if header & 1 == 0 {
                let length = min(Int(header >> 1), output.count - written)
                var value: UInt64 = 0
                for (shift, byte) in try cursor.take(valueBytes).enumerated() {
                    value |= UInt64(byte) << UInt64(8 * shift)
                }
                guard value <= mask else { throw DecodingFault.malformed("a run's value passes its bit width") }
                guard length > 0 else { throw DecodingFault.malformed("a run is empty") }
                output[written..<written + length].initialize(repeating: T(truncatingIfNeeded: value))
                written += length
            } else {
                let groups = Int(header >> 1)
                let length = min(groups * 8, output.count - written)
                guard length > 0 else { throw DecodingFault.malformed("a run is empty") }
                // Writers may cut the padding of the very last group.
                let packed = try cursor.take(min(groups * width, cursor.remaining))
                guard packed.count * 8 >= length * width else {
                    throw DecodingFault.malformed("a bit-packed run ends too early")
                }
                BitPacking.unpack(
                    packed, width: width, into: UnsafeMutableBufferPointer(rebasing: output[written..<written + length])
                )
                written += length
            }
        }
    }

    /// Whether the next run alone covers `count` values with `value`: the usual shape of levels without nulls. O(1).
    static func isOneRun(_ cursor: ByteCursor, width: Int, of value: UInt64, count: Int) throws -> Bool {
        var cursor = cursor
        let header = try cursor.varint()
        guard header & 1 == 0, header >> 1 >= UInt64(count), width <= 8 else { return false }
        return UInt64(try cursor.byte()) == value
    }
}

enum BitPacking {
    /// Unpacks `output.count` values of `width` bits, 1 to 64, least significant bit first. Initialises all of `output`.
    /// - Precondition: `bytes` has at least `output.count * width` bits.
    static func unpack<T: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, width: Int, into output: UnsafeMutableBufferPointer<T>
    ) {
        precondition(width >= 1 && width <= 64 && bytes.count * 8 >= output.count * width, "enough bits")
        let mask = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
        let out = output.baseAddress.unsafelyUnwrapped
        // Values whose first byte has eight readable bytes (nine, if wide) are read by one load; the rest bytewise.
        let reach = width > 57 ? 9 : 8
        let fast = bytes.count < reach ? 0 : min(output.count, ((bytes.count - reach) * 8) / width + 1)
        var bit = 0
        var i = 0
        if width <= 57 {
            while i < fast {
                let word = bytes.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
                (out + i).initialize(to: T(truncatingIfNeeded: (word >> UInt64(bit & 7)) & mask))
                bit += width
                i += 1
            }
        } else {
            while i < fast {
                let word = bytes.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
                let shift = UInt64(bit & 7)
                let high = shift == 0 ? 0 : UInt64(bytes[bit >> 3 + 8]) << (64 - shift)
                (out + i).initialize(to: T(truncatingIfNeeded: (word >> shift | high) & mask))
                bit += width
                i += 1
            }
        }
        while i < output.count {
            var value: UInt64 = 0
            for k in 0..<width {
                let position = bit + k
                value |= UInt64(bytes[position >> 3] >> UInt8(position & 7) & 1) << UInt64(k)
            }
            (out + i).initialize(to: T(truncatingIfNeeded: value))
            bit += width
            i += 1
        }
    }

    /// Appends `values` of `width` bits each, least significant bit first, padded with zero bits to whole bytes.
    /// - Precondition: no value has a bit beyond `width`, which is 1 to 64.
    static func pack<T: FixedWidthInteger & BitwiseCopyable>(
        _ values: UnsafeBufferPointer<T>, width: Int, to bytes: inout [UInt8]
    ) {
        let words = (values.count * width + 63) / 64
        bytes.append(addingCapacity: words * 8) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                // Whole words are stored, which the capacity has room for; only whole bytes count.
                let output = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...])
                precondition(output.count >= words * 8, "as much room as was asked for")
                var accumulator: UInt64 = 0
                var filled = 0
                var position = 0
                for value in values {
                    let bits = UInt64(truncatingIfNeeded: value)
                    accumulator |= bits << UInt64(filled)
                    filled += width
                    if filled >= 64 {
                        output.storeBytes(of: accumulator.littleEndian, toByteOffset: position, as: UInt64.self)
                        position += 8
                        filled -= 64
                        accumulator = filled == 0 ? 0 : bits >> UInt64(width - filled)
                    }
                }
                if filled > 0 {
                    output.storeBytes(of: accumulator.littleEndian, toByteOffset: position, as: UInt64.self)
                }
                initialized += (values.count * width + 7) / 8
            }
        }
    }

    /// The bits needed for values up to `maximum`.
    static func width(of maximum: UInt64) -> Int { 64 - maximum.leadingZeroBitCount }
}
