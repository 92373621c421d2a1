import Foundation

/// Encodes strings and byte strings.
///
/// Unsafe: reads eight bytes at a time when hashing, inside the bounds of each value.
final class BytesEncoder: ValueEncoder {
    private var useDictionary: Bool
    private let wantsDictionary: Bool
    /// Values of the page, when it is PLAIN: already encoded.
    private var plain: [UInt8] = []
    private var pageIndices: [Int32] = []
    private var dictionary = BytesColumn()
    private var hashes: [UInt32] = []
    private var table: [Int32]
    private var hasDictionaryPages = false
    private var isFirstPage = true
    private var minimum: [UInt8]?
    private var maximum: [UInt8]?
    private var indexedBytes = 0

    init(useDictionary: Bool) {
        self.useDictionary = useDictionary
        wantsDictionary = useDictionary
        table = useDictionary ? [Int32](repeating: -1, count: 1024) : []
    }

    var pageSize: Int { plain.count + indexedBytes }

    func append(_ column: Column, positions: [Int32]?, range: Range<Int>) {
        guard let source = column.byteStrings else { return }
        source.bytes.withUnsafeBytes { bytes in
            source.offsets.withUnsafeBufferPointer { offsets in
                var previous = UnsafeRawBufferPointer(start: nil, count: 0)
                var previousIndex: Int32 = -1
                for i in range {
                    let row = positions.map { Int($0[i]) } ?? i
                    let value = UnsafeRawBufferPointer(rebasing: bytes[Int(offsets[row])..<Int(offsets[row + 1])])
                    if useDictionary {
                        indexedBytes += value.count + 4
                        if previousIndex < 0 || !Self.equal(previous, value) {
                            let known = dictionary.count
                            previousIndex = index(of: value)
                            if pageIndices.isEmpty || Int(previousIndex) >= known || !isFirstPage {
                                widenBounds(value)
                            }
                            previous = value
                        }
                        pageIndices.append(previousIndex)
                    } else {
                        plain.append(littleEndian: UInt32(value.count))
                        plain.append(contentsOf: value)
                        widenBounds(value)
                    }
                }
            }
        }
    }

    private func widenBounds(_ value: UnsafeRawBufferPointer) {
        if minimum == nil {
            minimum = Array(value)
            maximum = minimum
            return
        }
        if minimum?.withUnsafeBytes({ Self.compare(value, $0) < 0 }) ?? false { minimum = Array(value) }
        if maximum?.withUnsafeBytes({ Self.compare($0, value) < 0 }) ?? false { maximum = Array(value) }
    }

    @inline(__always)
    private static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        guard let x = a.baseAddress, let y = b.baseAddress else { return true }
        return memcmp(x, y, a.count) == 0
    }

    static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        if let x = a.baseAddress, let y = b.baseAddress {
            let order = memcmp(x, y, min(a.count, b.count))
            if order != 0 { return Int(order) }
        }
        return a.count - b.count
    }

    @inline(__always)
    private static func hash(_ value: UnsafeRawBufferPointer) -> UInt32 {
        var hash = UInt64(value.count) &* 0x9E37_79B9_7F4A_7C15
        var position = 0
        while position + 8 <= value.count {
            hash = (hash ^ value.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &* 0xD6E8_FEB8_6659_FD93
            hash ^= hash >> 32
            position += 8
        }
        var tail: UInt64 = 0
        while position < value.count {
            tail = tail << 8 | UInt64(value[position])
            position += 1
        }
        hash = (hash ^ tail) &* 0xD6E8_FEB8_6659_FD93
        return UInt32(truncatingIfNeeded: hash >> 32)
    }

    private func index(of value: UnsafeRawBufferPointer) -> Int32 {
        let hash = Self.hash(value)
        let mask = table.count - 1
        var slot = Int(hash) & mask
        while table[slot] >= 0 {
            let candidate = Int(table[slot])
            if hashes[candidate] == hash,
                dictionary.withBytes(of: candidate, { Self.equal(UnsafeRawBufferPointer($0), value) })
            {
                return Int32(candidate)
            }
            slot = (slot + 1) & mask
        }
        let index = Int32(dictionary.count)
        dictionary.append(utf8: value.assumingMemoryBound(to: UInt8.self))
        hashes.append(hash)
        table[slot] = index
        if dictionary.count * 2 > table.count { grow() }
        return index
    }

    private func grow() {
        let mask = table.count * 2 - 1
        table = [Int32](repeating: -1, count: mask + 1)
        for (index, hash) in hashes.enumerated() {
            var slot = Int(hash) & mask
            while table[slot] >= 0 { slot = (slot + 1) & mask }
            table[slot] = Int32(index)
        }
    }

    func takePage() -> EncodedValues {
        defer {
            plain.removeAll(keepingCapacity: true)
            pageIndices.removeAll(keepingCapacity: true)
            minimum = nil
            maximum = nil
            indexedBytes = 0
            isFirstPage = false
        }
        let bounds = Bounds(minimum: minimum, maximum: maximum)
        guard useDictionary, !pageIndices.isEmpty else {
            return EncodedValues(encoding: .plain, bytes: plain, bounds: bounds)
        }
        if isFirstPage, DictionaryRule.isWorthless(distinct: dictionary.count, of: pageIndices.count) {
            useDictionary = false
            return EncodedValues(encoding: .plain, bytes: spellOut(), bounds: bounds)
        }
        hasDictionaryPages = true
        if dictionary.bytes.count + 4 * dictionary.count > DictionaryRule.maximumBytes { useDictionary = false }
        return EncodedValues(
            encoding: .rleDictionary, bytes: encodeIndices(pageIndices, dictionarySize: dictionary.count),
            bounds: bounds)
    }

    /// The page's values, PLAIN, when the dictionary turns out to be of no use.
    private func spellOut() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(indexedBytes)
        for index in pageIndices {
            dictionary.withBytes(of: Int(index)) {
                bytes.append(littleEndian: UInt32($0.count))
                bytes.append(contentsOf: $0)
            }
        }
        return bytes
    }

    func takeDictionary() -> (bytes: [UInt8], count: Int)? {
        defer {
            dictionary = BytesColumn()
            hashes = []
            hasDictionaryPages = false
            isFirstPage = true
            useDictionary = wantsDictionary
            if wantsDictionary { table = [Int32](repeating: -1, count: 1024) }
        }
        guard hasDictionaryPages else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(dictionary.bytes.count + 4 * dictionary.count)
        for i in 0..<dictionary.count {
            dictionary.withBytes(of: i) {
                bytes.append(littleEndian: UInt32($0.count))
                bytes.append(contentsOf: $0)
            }
        }
        return (bytes, dictionary.count)
    }

    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.withUnsafeBytes { a in b.withUnsafeBytes { b in Self.compare(a, b) < 0 } }
    }
}
