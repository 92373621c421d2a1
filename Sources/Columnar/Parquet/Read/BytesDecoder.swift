/// Decodes BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
struct BytesDecoder: ValueDecoder {
    private(set) var offsets: [Int32] = [0]
    private(set) var bytes: [UInt8] = []
    /// Of FIXED_LEN_BYTE_ARRAY, else nil.
    private let fixedLength: Int?
    private var dictionary: Dictionary?
    private var scratch = IndexScratch()

    private struct Dictionary {
        var offsets: [Int32]
        var bytes: [UInt8]
        var longest: Int
    }

    private let budget: MemoryBudget

    init(fixedLength: Int?, budget: MemoryBudget) {
        self.fixedLength = fixedLength
        self.budget = budget
    }

    mutating func readDictionary(_ body: [UInt8], count: Int) throws {
        var reader = BytesDecoder(fixedLength: fixedLength, budget: MemoryBudget())
        try reader.append(body, from: 0, count: count, encoding: .plain)
        var longest = 0
        for i in 0..<count { longest = max(longest, Int(reader.offsets[i + 1] - reader.offsets[i])) }
        dictionary = Dictionary(offsets: reader.offsets, bytes: reader.bytes, longest: longest)
    }

    mutating func append(_ body: [UInt8], from start: Int, count: Int, encoding: PageEncoding) throws {
        try body.withUnsafeBytes { all in
            let page = UnsafeRawBufferPointer(rebasing: all[start...])
            switch encoding {
            case .plain:
                if let fixedLength {
                    try appendFixed(page, count: count, length: fixedLength)
                } else {
                    try appendPlain(page, count: count)
                }
            case .plainDictionary, .rleDictionary: try appendIndexed(page, count: count)
            case .deltaLengthByteArray:
                guard fixedLength == nil else { throw unsupportedEncoding(encoding, "fixed-length bytes") }
                var cursor = ByteCursor(page)
                try appendDeltaLength(&cursor, count: count)
            case .deltaByteArray: try appendDelta(page, count: count)
            case .byteStreamSplit:
                guard let fixedLength, page.count % fixedLength == 0, page.count / fixedLength >= count else {
                    throw unsupportedEncoding(encoding, "byte strings")
                }
                var joined = [UInt8](repeating: 0, count: count * fixedLength)
                joined.withUnsafeMutableBytes { ByteStreamSplit.decode(page, width: fixedLength, into: $0) }
                try joined.withUnsafeBytes { try appendFixed($0, count: count, length: fixedLength) }
            default: throw unsupportedEncoding(encoding, "byte strings")
            }
        }
        if let fixedLength {
            for i in offsets.count - 1 - count..<offsets.count - 1
            where Int(offsets[i + 1] - offsets[i]) != fixedLength {
                throw DecodingFault.malformed("a value of fixed length has another")
            }
        }
    }

    /// - Throws: if the column grows past what `Int32` offsets can address.
    private func checkRoom(for more: Int) throws {
        guard bytes.count + more <= Int(Int32.max) else {
            throw DecodingFault.unsupported("row groups with over 2 GB in one column")
        }
        try budget.charge(more)
    }

    /// Checked and in one step: an array that grows as it is appended to takes three times its size in between.
    private mutating func makeRoom(for more: Int) throws {
        guard more >= 0 else { throw DecodingFault.malformed("a value has a negative length") }
        try checkRoom(for: more)
        // Half as much again, so that many pages are not copied once for each.
        if bytes.count + more > bytes.capacity {
            bytes.reserveCapacity(bytes.isEmpty ? more : bytes.count + bytes.count / 2 + more)
        }
    }

    private mutating func appendFixed(_ page: UnsafeRawBufferPointer, count: Int, length: Int) throws {
        guard page.count / length >= count else { throw DecodingFault.malformed("a page is cut short") }
        try checkRoom(for: count * length)
        bytes.append(contentsOf: page[0..<count * length])
        offsets.reserveCapacity(offsets.count + count)
        var last = offsets[offsets.count - 1]
        for _ in 0..<count {
            last += Int32(length)
            offsets.append(last)
        }
    }

    /// Each value has its length in four bytes before it. One pass checks and adds the lengths, the next copies.
    private mutating func appendPlain(_ page: UnsafeRawBufferPointer, count: Int) throws {
        guard count <= page.count / 4 else { throw DecodingFault.malformed("a page is too short for its values") }
        var position = 0
        var total = 0
        for _ in 0..<count {
            guard position + 4 <= page.count else {
                throw DecodingFault.malformed("a value passes the end of its page")
            }
            let length = Int(page.loadUnaligned(fromByteOffset: position, as: UInt32.self))
            position += 4
            guard length <= page.count - position else {
                throw DecodingFault.malformed("a value of \(length) bytes passes the end of its page")
            }
            position += length
            total += length
        }
        try checkRoom(for: total)
        var end = offsets[offsets.count - 1]
        offsets.append(addingCapacity: count) { (offsets: inout OutputSpan<Int32>) in
            bytes.append(addingCapacity: total) { (bytes: inout OutputSpan<UInt8>) in
                bytes.withUnsafeMutableBufferPointer { target, initialized in
                    var position = 0
                    for _ in 0..<count {
                        let length = Int(page.loadUnaligned(fromByteOffset: position, as: UInt32.self))
                        position += 4
                        copy(page, position, length, to: target, at: initialized)
                        position += length
                        initialized += length
                        end += Int32(length)
                        offsets.append(end)
                    }
                }
            }
        }
    }

    private mutating func appendIndexed(_ page: UnsafeRawBufferPointer, count: Int) throws {
        guard let dictionary else { throw DecodingFault.malformed("a page refers to a dictionary that is not there") }
        var cursor = ByteCursor(page)
        try scratch.read(&cursor, count: count, dictionarySize: dictionary.offsets.count - 1)
        let indices = scratch.indices
        var total = 0
        for i in 0..<count {
            let index = Int(indices[i])
            total += Int(dictionary.offsets[index + 1] - dictionary.offsets[index])
        }
        try checkRoom(for: total)
        var end = offsets[offsets.count - 1]
        offsets.append(addingCapacity: count) { (offsets: inout OutputSpan<Int32>) in
            bytes.append(addingCapacity: total) { (bytes: inout OutputSpan<UInt8>) in
                bytes.withUnsafeMutableBufferPointer { target, initialized in
                    dictionary.bytes.withUnsafeBytes { source in
                        for i in 0..<count {
                            let index = Int(indices[i])
                            let start = Int(dictionary.offsets[index])
                            let length = Int(dictionary.offsets[index + 1]) - start
                            copy(source, start, length, to: target, at: initialized)
                            initialized += length
                            end += Int32(length)
                            offsets.append(end)
                        }
                    }
                }
            }
        }
    }

    private mutating func appendDeltaLength(_ cursor: inout ByteCursor, count: Int) throws {
        let lengths = try DeltaDecoder.decode(&cursor, as: Int32.self, limit: count)
        guard lengths.count == count else { throw DecodingFault.malformed("a page has too few lengths") }
        try makeRoom(for: lengths.reduce(0) { $0 + Int($1) })
        for length in lengths {
            let value = try cursor.take(Int(length))
            bytes.append(contentsOf: value)
            offsets.append(Int32(bytes.count))
        }
    }

    /// Each value begins with a prefix of the one before.
    private mutating func appendDelta(_ page: UnsafeRawBufferPointer, count: Int) throws {
        var cursor = ByteCursor(page)
        let prefixes = try DeltaDecoder.decode(&cursor, as: Int32.self, limit: count)
        let lengths = try DeltaDecoder.decode(&cursor, as: Int32.self, limit: count)
        guard prefixes.count == count, lengths.count == count else {
            throw DecodingFault.malformed("a page has too few lengths")
        }
        guard prefixes.allSatisfy({ $0 >= 0 }), lengths.allSatisfy({ $0 >= 0 }) else {
            throw DecodingFault.malformed("a length is below zero")
        }
        let total = prefixes.reduce(0) { $0 + Int($1) } + lengths.reduce(0) { $0 + Int($1) }
        try makeRoom(for: total)
        var end = Int32(bytes.count)
        // A buffer of its own: an array that is appended a part of itself is copied whole each time.
        let values = try [UInt8](unsafeUninitializedCapacity: total) { target, initialized in
            var previous = 0..<0
            for i in 0..<count {
                let prefix = Int(prefixes[i])
                guard prefix <= previous.count else {
                    throw DecodingFault.malformed("a prefix is longer than the value before")
                }
                let suffix = try cursor.take(Int(lengths[i]))
                let start = initialized
                // In bounds: `total` is the sum of all prefixes and lengths, none below zero, and the value before is
                // initialized.
                copy(UnsafeRawBufferPointer(target), previous.lowerBound, prefix, to: target, at: start)
                copy(suffix, 0, suffix.count, to: target, at: start + prefix)
                initialized += prefix + suffix.count
                previous = start..<initialized
                end += Int32(prefix + suffix.count)
                offsets.append(end)
            }
        }
        bytes.append(contentsOf: values)
    }
}

@inline(__always)
private func copy(
    _ source: UnsafeRawBufferPointer, _ start: Int, _ length: Int, to target: UnsafeMutableBufferPointer<UInt8>,
    at position: Int
) {
    guard length > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
    UnsafeMutableRawPointer(to + position).copyMemory(from: from + start, byteCount: length)
}
