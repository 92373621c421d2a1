extension Hybrid {
    /// Appends `values`, each below `2^width`, as runs: an RLE run where at least eight equal values stand together,
    /// bit-packed groups elsewhere.
    static func encode<T: FixedWidthInteger & BitwiseCopyable>(
        _ values: UnsafeBufferPointer<T>, width: Int, to bytes: inout [UInt8]
    ) {
        guard width > 0 else { return }
        let count = values.count
        var position = 0
        var literalStart = 0
        while position < count {
            // Only at a group border can a run begin.
            let value = values[position]
            var end = position + 1
            while end < count, values[end] == value { end += 1 }
            if end - position >= 8 {
                literals(values[literalStart..<position], width: width, to: &bytes)
                bytes.append(varint: UInt64(end - position) << 1)
                var bits = UInt64(truncatingIfNeeded: value)
                for _ in 0..<(width + 7) / 8 {
                    bytes.append(UInt8(truncatingIfNeeded: bits))
                    bits >>= 8
                }
                position = end
                literalStart = end
            } else {
                // To the next group border, so that the literals before a run are whole groups.
                while position < end { position += 8 }
                position = min(position, count)
            }
        }
        literals(values[literalStart..<count], width: width, to: &bytes)
    }

    private static func literals<T: FixedWidthInteger & BitwiseCopyable>(
        _ values: Slice<UnsafeBufferPointer<T>>, width: Int, to bytes: inout [UInt8]
    ) {
        guard !values.isEmpty else { return }
        let groups = (values.count + 7) / 8
        bytes.append(varint: UInt64(groups) << 1 | 1)
        let end = bytes.count + groups * width
        BitPacking.pack(UnsafeBufferPointer(rebasing: values), width: width, to: &bytes)
        while bytes.count < end { bytes.append(0) }
    }
}
