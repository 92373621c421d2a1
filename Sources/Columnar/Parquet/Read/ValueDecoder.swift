/// Decodes the values of one chunk, page by page, end to end.
protocol ValueDecoder {
    /// Reads the PLAIN dictionary of `count` values.
    mutating func readDictionary(_ bytes: [UInt8], count: Int) throws
    /// Appends `count` values that stand from `start` of `bytes` on.
    mutating func append(_ bytes: [UInt8], from start: Int, count: Int, encoding: PageEncoding) throws
}

/// Indices of a dictionary page: the bit width in one byte, then the hybrid to the end.
struct IndexScratch {
    private(set) var indices: [Int32] = []

    mutating func read(_ cursor: inout ByteCursor, count: Int, dictionarySize: Int) throws {
        let width = count == 0 && cursor.remaining == 0 ? 0 : Int(try cursor.byte())
        guard width <= 32 else { throw DecodingFault.malformed("\(width) is no bit width for indices") }
        if indices.count < count { indices = [Int32](repeating: 0, count: count) }
        try indices.withUnsafeMutableBufferPointer { buffer in
            try Hybrid.decode(&cursor, width: width, into: UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
            var highest: UInt32 = 0
            for i in 0..<count { highest = max(highest, UInt32(bitPattern: buffer[i])) }
            guard count == 0 || Int(highest) < dictionarySize else {
                throw DecodingFault.malformed("an index passes the \(dictionarySize) values of its dictionary")
            }
        }
    }
}

func unsupportedEncoding(_ encoding: PageEncoding, _ what: String) -> DecodingFault {
    .unsupported("\(encoding.name) for \(what)")
}
