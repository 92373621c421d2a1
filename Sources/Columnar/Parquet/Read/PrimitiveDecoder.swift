/// Decodes INT32, INT64, FLOAT and DOUBLE.
struct PrimitiveDecoder<T: FixedWidthValue>: ValueDecoder {
    var values: [T] = []
    private var dictionary: [T]?
    private var scratch = IndexScratch()

    init() {}

    mutating func readDictionary(_ bytes: [UInt8], count: Int) throws {
        guard bytes.count / MemoryLayout<T>.size >= count else {
            throw DecodingFault.malformed("a dictionary is cut short")
        }
        var values: [T] = []
        bytes.withUnsafeBytes { Self.appendPlain($0, count: count, to: &values) }
        dictionary = values
    }

    mutating func append(_ bytes: [UInt8], from start: Int, count: Int, encoding: PageEncoding) throws {
        try bytes.withUnsafeBytes { all in
            let body = UnsafeRawBufferPointer(rebasing: all[start...])
            switch encoding {
            case .plain:
                guard body.count / MemoryLayout<T>.size >= count else {
                    throw DecodingFault.malformed("a page has \(body.count) bytes for \(count) values")
                }
                Self.appendPlain(body, count: count, to: &values)
            case .plainDictionary, .rleDictionary: try appendIndexed(body, count: count)
            case .deltaBinaryPacked: try appendDelta(body, count: count)
            case .byteStreamSplit:
                let width = MemoryLayout<T>.size
                guard body.count % width == 0, body.count / width >= count else {
                    throw DecodingFault.malformed("a page has \(body.count) bytes for \(count) values")
                }
                let old = values.count
                values.append(contentsOf: repeatElement(T.zero, count: count))
                values.withUnsafeMutableBytes {
                    ByteStreamSplit.decode(
                        body, width: width, into: UnsafeMutableRawBufferPointer(rebasing: $0[(old * width)...]))
                }
            default: throw unsupportedEncoding(encoding, "numbers")
            }
        }
    }

    private static func appendPlain(_ body: UnsafeRawBufferPointer, count: Int, to values: inout [T]) {
        values.append(addingCapacity: count) { (span: inout OutputSpan<T>) in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                let size = count * MemoryLayout<T>.size
                if let target = buffer.baseAddress, let source = body.baseAddress, size > 0 {
                    UnsafeMutableRawPointer(target + initialized).copyMemory(from: source, byteCount: size)
                }
                initialized += count
            }
        }
    }

    private mutating func appendIndexed(_ body: UnsafeRawBufferPointer, count: Int) throws {
        guard let dictionary else { throw DecodingFault.malformed("a page refers to a dictionary that is not there") }
        var cursor = ByteCursor(body)
        try scratch.read(&cursor, count: count, dictionarySize: dictionary.count)
        let indices = scratch.indices
        values.append(addingCapacity: count) { (span: inout OutputSpan<T>) in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                dictionary.withUnsafeBufferPointer { dictionary in
                    indices.withUnsafeBufferPointer { indices in
                        for i in 0..<count {
                            buffer[initialized + i] = dictionary[Int(indices[i])]
                        }
                    }
                }
                initialized += count
            }
        }
    }

    private mutating func appendDelta(_ body: UnsafeRawBufferPointer, count: Int) throws {
        var cursor = ByteCursor(body)
        func check(_ got: Int) throws {
            guard got == count else { throw DecodingFault.malformed("a page has \(got) deltas for \(count) values") }
        }
        if T.self == Int64.self {
            let decoded = try DeltaDecoder.decode(&cursor, as: Int64.self, limit: count)
            try check(decoded.count)
            decoded.withUnsafeBytes { Self.appendPlain($0, count: count, to: &values) }
        } else if T.self == Int32.self {
            let decoded = try DeltaDecoder.decode(&cursor, as: Int32.self, limit: count)
            try check(decoded.count)
            decoded.withUnsafeBytes { Self.appendPlain($0, count: count, to: &values) }
        } else {
            throw unsupportedEncoding(.deltaBinaryPacked, "floating-point numbers")
        }
    }
}

/// Decodes BOOLEAN.
struct BoolDecoder: ValueDecoder {
    var values: [Bool] = []

    init() {}

    mutating func readDictionary(_ bytes: [UInt8], count: Int) throws {
        throw DecodingFault.malformed("a column of truth values has a dictionary")
    }

    mutating func append(_ bytes: [UInt8], from start: Int, count: Int, encoding: PageEncoding) throws {
        var bits = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeBytes { all in
            var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: all[start...]))
            try bits.withUnsafeMutableBufferPointer { output in
                switch encoding {
                case .plain:
                    let packed = try cursor.take((count + 7) / 8)
                    if count > 0 { BitPacking.unpack(packed, width: 1, into: output) }
                case .rle:
                    let length = Int(try cursor.load(UInt32.self))
                    var runs = ByteCursor(try cursor.take(length))
                    try Hybrid.decode(&runs, width: 1, into: output)
                default: throw unsupportedEncoding(encoding, "truth values")
                }
            }
        }
        for bit in bits { values.append(bit != 0) }
    }
}

/// Decodes INT96: eight bytes of nanoseconds of the day and four of the Julian day, to microseconds since 1970.
struct Int96Decoder: ValueDecoder {
    var values: [Int64] = []
    private var dictionary: [Int64]?
    private var scratch = IndexScratch()
    private static let julianDayOf1970: Int64 = 2_440_588

    init() {}

    mutating func readDictionary(_ bytes: [UInt8], count: Int) throws {
        var values: [Int64] = []
        try bytes.withUnsafeBytes { try Self.appendPlain($0, count: count, to: &values) }
        dictionary = values
    }

    mutating func append(_ bytes: [UInt8], from start: Int, count: Int, encoding: PageEncoding) throws {
        try bytes.withUnsafeBytes { all in
            let body = UnsafeRawBufferPointer(rebasing: all[start...])
            switch encoding {
            case .plain: try Self.appendPlain(body, count: count, to: &values)
            case .plainDictionary, .rleDictionary:
                guard let dictionary else {
                    throw DecodingFault.malformed("a page refers to a dictionary that is not there")
                }
                var cursor = ByteCursor(body)
                try scratch.read(&cursor, count: count, dictionarySize: dictionary.count)
                for i in 0..<count { values.append(dictionary[Int(scratch.indices[i])]) }
            default: throw unsupportedEncoding(encoding, "INT96")
            }
        }
    }

    private static func appendPlain(_ body: UnsafeRawBufferPointer, count: Int, to values: inout [Int64]) throws {
        var cursor = ByteCursor(body)
        for _ in 0..<count {
            let nanoseconds = try cursor.load(Int64.self)
            let day = Int64(try cursor.load(Int32.self)) - julianDayOf1970
            let (micros, overflow) = day.multipliedReportingOverflow(by: 86_400_000_000)
            let (sum, carry) = micros.addingReportingOverflow(nanoseconds / 1000)
            guard !overflow, !carry else { throw DecodingFault.malformed("a timestamp is out of range") }
            values.append(sum)
        }
    }
}
