/// BYTE_STREAM_SPLIT: byte `k` of every value stands in stream `k`, the streams end to end. It compresses nothing by
/// itself but puts alike bytes side by side for the codec.
enum ByteStreamSplit {
    static func encode<T: BitwiseCopyable>(_ values: [T], to bytes: inout [UInt8]) {
        let width = MemoryLayout<T>.size
        let count = values.count
        bytes.append(addingCapacity: count * width) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { output, initialized in
                values.withUnsafeBytes { input in
                    for k in 0..<width {
                        for i in 0..<count { output[initialized + k * count + i] = input[i * width + k] }
                    }
                }
                initialized += count * width
            }
        }
    }

    /// - Precondition: `output.count * width <= input.count`; streams are `input.count / width` long.
    static func decode(
        _ input: UnsafeRawBufferPointer, width: Int, into output: UnsafeMutableRawBufferPointer
    ) {
        let stream = input.count / width
        let count = output.count / width
        precondition(count <= stream, "enough streams")
        for k in 0..<width {
            for i in 0..<count { output[i * width + k] = input[k * stream + i] }
        }
    }
}
