/// A fixed-width type with an order and a bit pattern.
protocol FixedWidthValue: BitwiseCopyable, Sendable {
    static var zero: Self { get }
    var pattern: UInt64 { get }
    static func precedes(_ a: Self, _ b: Self) -> Bool
    /// NaN has no place in bounds.
    var isOrdered: Bool { get }
    /// The value to state as a bound: zeros of a float are widened, since −0 and +0 are equal but not the same bytes.
    func asBound(upper: Bool) -> Self
}

extension Int32: FixedWidthValue {
    var pattern: UInt64 { UInt64(UInt32(bitPattern: self)) }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { true }
    func asBound(upper: Bool) -> Self { self }
}

extension Int64: FixedWidthValue {
    var pattern: UInt64 { UInt64(bitPattern: self) }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { true }
    func asBound(upper: Bool) -> Self { self }
}

extension Float: FixedWidthValue {
    var pattern: UInt64 { UInt64(bitPattern) }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { !isNaN }
    func asBound(upper: Bool) -> Self { self == 0 ? (upper ? 0 : -0.0) : self }
}

extension Double: FixedWidthValue {
    var pattern: UInt64 { bitPattern }
    static func precedes(_ a: Self, _ b: Self) -> Bool { a < b }
    var isOrdered: Bool { !isNaN }
    func asBound(upper: Bool) -> Self { self == 0 ? (upper ? 0 : -0.0) : self }
}

/// Encodes ints, floats, dates and timestamps.
final class PrimitiveEncoder<T: FixedWidthValue>: ValueEncoder {
    private let extract: (Column) -> [T]
    private let plainEncoding: PageEncoding
    private var useDictionary: Bool
    private var pageValues: [T] = []
    private var pageIndices: [Int32] = []
    private var dictionary: [T] = []
    /// Open addressing, a power of two; −1 is free.
    private var table: [Int32]
    private var hasDictionaryPages = false
    private var isFirstPage = true

    /// - Parameter extract: takes the payload out of the column's enum.
    init(useDictionary: Bool, plainEncoding: PageEncoding, extract: @escaping (Column) -> [T]) {
        self.useDictionary = useDictionary
        self.plainEncoding = plainEncoding
        self.extract = extract
        table = useDictionary ? [Int32](repeating: -1, count: 1024) : []
    }

    var pageSize: Int { pageValues.count * MemoryLayout<T>.size }

    func append(_ column: Column, positions: [Int32]?, range: Range<Int>) {
        let source = extract(column)
        let start = pageValues.count
        if let positions {
            pageValues.reserveCapacity(start + range.count)
            for i in range { pageValues.append(source[Int(positions[i])]) }
        } else {
            pageValues.append(contentsOf: source[range])
        }
        if useDictionary { addIndices(from: start) }
    }

    private func addIndices(from start: Int) {
        pageIndices.reserveCapacity(pageValues.count)
        var last: Int32 = -1
        for i in start..<pageValues.count {
            let value = pageValues[i]
            if last < 0 || dictionary[Int(last)].pattern != value.pattern { last = index(of: value) }
            pageIndices.append(last)
        }
    }

    private func index(of value: T) -> Int32 {
        let pattern = value.pattern
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: (pattern &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while table[slot] >= 0 {
            if dictionary[Int(table[slot])].pattern == pattern { return table[slot] }
            slot = (slot + 1) & mask
        }
        let index = Int32(dictionary.count)
        dictionary.append(value)
        table[slot] = index
        if dictionary.count * 2 > table.count { grow() }
        return index
    }

    private func grow() {
        let mask = table.count * 2 - 1
        table = [Int32](repeating: -1, count: mask + 1)
        for (index, value) in dictionary.enumerated() {
            var slot = Int(truncatingIfNeeded: (value.pattern &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
            while table[slot] >= 0 { slot = (slot + 1) & mask }
            table[slot] = Int32(index)
        }
    }

    func takePage() -> EncodedValues {
        defer {
            pageValues.removeAll(keepingCapacity: true)
            pageIndices.removeAll(keepingCapacity: true)
            isFirstPage = false
        }
        if useDictionary, isFirstPage,
            DictionaryRule.isWorthless(distinct: dictionary.count, of: pageValues.count)
        {
            useDictionary = false
            dictionary = []
        }
        var result = EncodedValues(encoding: plainEncoding, bytes: [], bounds: bounds())
        if useDictionary, !pageIndices.isEmpty {
            hasDictionaryPages = true
            result.encoding = .rleDictionary
            result.bytes = encodeIndices(pageIndices, dictionarySize: dictionary.count)
            if dictionary.count * MemoryLayout<T>.size > DictionaryRule.maximumBytes { useDictionary = false }
        } else {
            result.bytes = encodePlain(pageValues)
        }
        return result
    }

    private func encodePlain(_ values: [T]) -> [UInt8] {
        switch plainEncoding {
        case .deltaBinaryPacked:
            var bytes: [UInt8] = []
            if let values = values as? [Int64] {
                DeltaEncoder.encode(values, to: &bytes)
            } else if let values = values as? [Int32] {
                DeltaEncoder.encode(values, to: &bytes)
            }
            return bytes
        case .byteStreamSplit: return ByteStreamSplit.encode(values)
        default: return values.withUnsafeBytes { Array($0) }
        }
    }

    private func bounds() -> Bounds {
        guard let first = pageValues.firstIndex(where: \.isOrdered) else { return Bounds() }
        var low = pageValues[first]
        var high = low
        for i in first..<pageValues.count {
            let value = pageValues[i]
            if T.precedes(value, low) { low = value }
            if T.precedes(high, value) { high = value }
        }
        var bounds = Bounds(minimum: [], maximum: [])
        bounds.minimum?.append(littleEndian: low.asBound(upper: false))
        bounds.maximum?.append(littleEndian: high.asBound(upper: true))
        return bounds
    }

    func takeDictionary() -> (bytes: [UInt8], count: Int)? {
        defer {
            dictionary.removeAll(keepingCapacity: true)
            hasDictionaryPages = false
            isFirstPage = true
            if !table.isEmpty {
                table = [Int32](repeating: -1, count: 1024)
                useDictionary = true
            }
        }
        guard hasDictionaryPages else { return nil }
        return (dictionary.withUnsafeBytes { Array($0) }, dictionary.count)
    }

    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        T.precedes(
            a.withUnsafeBytes { $0.loadUnaligned(as: T.self) }, b.withUnsafeBytes { $0.loadUnaligned(as: T.self) })
    }
}

/// The bit width in one byte, then the hybrid to the end.
func encodeIndices(_ indices: [Int32], dictionarySize: Int) -> [UInt8] {
    // A width of 0 is legal for a single entry, but readers differ in what they then expect.
    let width = max(1, BitPacking.width(of: UInt64(max(0, dictionarySize - 1))))
    var bytes: [UInt8] = [UInt8(width)]
    indices.withUnsafeBufferPointer { Hybrid.encode($0, width: width, to: &bytes) }
    return bytes
}

/// Encodes booleans: bit-packed, least significant first.
final class BoolEncoder: ValueEncoder {
    private var values: [UInt8] = []

    var pageSize: Int { values.count / 8 }

    func append(_ column: Column, positions: [Int32]?, range: Range<Int>) {
        guard let source = column.bools?.values else { return }
        for i in range { values.append(source[positions.map { Int($0[i]) } ?? i] ? 1 : 0) }
    }

    func takePage() -> EncodedValues {
        defer { values.removeAll(keepingCapacity: true) }
        var bytes: [UInt8] = []
        values.withUnsafeBufferPointer { BitPacking.pack($0, width: 1, to: &bytes) }
        let bounds = Bounds(minimum: values.min().map { [$0] }, maximum: values.max().map { [$0] })
        return EncodedValues(encoding: .plain, bytes: bytes, bounds: bounds)
    }

    func takeDictionary() -> (bytes: [UInt8], count: Int)? { nil }
    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool { a[0] < b[0] }
}
