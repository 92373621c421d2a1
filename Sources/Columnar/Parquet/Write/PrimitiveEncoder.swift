/// How integers without a dictionary are written.
enum IntegerEncoding {
    case plain
    case delta
    /// Delta where the first page shows that it pays.
    case whatPays
}

/// Encodes ints, floats, dates and timestamps.
final class PrimitiveEncoder<T: FixedWidthValue>: ValueEncoder {
    private let extract: (Column) -> [T]
    private let splits: Bool
    private let integers: IntegerEncoding
    private let wantsDictionary: Bool
    private var useDictionary: Bool
    /// Of this chunk; nil until a page decided.
    private var useDelta: Bool?
    private var pageValues: [T] = []
    private var pageIndices: [Int32] = []
    private var dictionary = PrimitiveDictionary<T>()
    private var hasDictionaryPages = false
    private var isFirstPage = true
    private var hashes: HashCollector

    /// - Parameters:
    ///   - splits: BYTE_STREAM_SPLIT, without a dictionary.
    ///   - extract: takes the payload out of the column's enum.
    init(
        useDictionary: Bool, integers: IntegerEncoding = .plain, splits: Bool = false,
        hashes: HashCollector = HashCollector(isWanted: false), extract: @escaping (Column) -> [T]
    ) {
        self.useDictionary = useDictionary && !splits
        wantsDictionary = useDictionary && !splits
        self.integers = integers
        self.splits = splits
        self.hashes = hashes
        self.extract = extract
    }

    var pageSize: Int { pageValues.count * MemoryLayout<T>.size }

    func append(_ column: Column, positions: [Int32]?, range: Range<Int>) {
        let start = pageValues.count
        T.append(extract(column), positions: positions, range: range, to: &pageValues)
        guard useDictionary else { return hashes.add(pageValues, from: start) }
        T.index(pageValues, from: start, in: &dictionary, to: &pageIndices)
        if isFirstPage, DictionaryRule.isHopeless(distinct: dictionary.count, of: pageIndices.count) {
            giveUpDictionary()
            pageIndices.removeAll(keepingCapacity: true)
        }
    }

    private func giveUpDictionary() {
        hashes.add(dictionary.values, from: 0)
        useDictionary = false
        dictionary.removeAll()
    }

    func takePage(to body: inout [UInt8]) -> EncodedValues {
        defer {
            pageValues.removeAll(keepingCapacity: true)
            pageIndices.removeAll(keepingCapacity: true)
            isFirstPage = false
        }
        let bounds = bounds()
        let delta = deltaIfItPays()
        if useDictionary, !pageIndices.isEmpty {
            hasDictionaryPages = true
            appendIndices(pageIndices, dictionarySize: dictionary.count, to: &body)
            if dictionary.count * MemoryLayout<T>.size > DictionaryRule.maximumBytes { useDictionary = false }
            return EncodedValues(encoding: .rleDictionary, bounds: bounds)
        }
        if let delta {
            body.append(contentsOf: delta)
        } else if useDelta ?? false {
            T.appendDelta(pageValues, to: &body)
        } else if splits {
            T.appendSplit(pageValues, to: &body)
            return EncodedValues(encoding: .byteStreamSplit, bounds: bounds)
        } else {
            pageValues.withUnsafeBytes { body.append(contentsOf: $0) }
        }
        return EncodedValues(encoding: useDelta ?? false ? .deltaBinaryPacked : .plain, bounds: bounds)
    }

    /// The first page decides between a dictionary, deltas and PLAIN, by what it takes in each; where a dictionary grew
    /// too large, the first page without it.
    /// - Returns: the page as deltas, if it was the one to decide for them.
    private func deltaIfItPays() -> [UInt8]? {
        guard useDelta == nil, isFirstPage || !useDictionary, !pageValues.isEmpty else { return nil }
        if useDictionary, DictionaryRule.isWorthless(distinct: dictionary.count, of: pageValues.count) {
            giveUpDictionary()
        }
        guard integers == .whatPays, pageValues.count > 64 else {
            useDelta = integers == .delta
            return nil
        }
        var delta: [UInt8] = []
        T.appendDelta(pageValues, to: &delta)
        // A codec makes more of PLAIN bytes and of indices than of deltas, so that these must be clearly shorter.
        var toBeat = pageValues.count * MemoryLayout<T>.size * 5 / 8
        if useDictionary {
            let packed = pageIndices.count * indexWidth(dictionarySize: dictionary.count) / 8
            toBeat = min(toBeat, (packed + dictionary.count * MemoryLayout<T>.size) / 2)
        }
        guard delta.count < toBeat else {
            useDelta = useDictionary ? nil : false
            return nil
        }
        useDelta = true
        if useDictionary { giveUpDictionary() }
        return delta
    }

    private func bounds() -> Bounds {
        let nanCount = T.mayBeNaN ? pageValues.reduce(0) { $1.isOrdered ? $0 : $0 + 1 } : nil
        guard let (low, high) = T.extremes(of: pageValues) else { return Bounds(nanCount: nanCount) }
        var bounds = Bounds(minimum: [], maximum: [], nanCount: nanCount)
        bounds.minimum?.append(littleEndian: low.asBound(upper: false))
        bounds.maximum?.append(littleEndian: high.asBound(upper: true))
        return bounds
    }

    func takeDictionary() -> (bytes: [UInt8], count: Int)? {
        defer {
            dictionary.removeAll()
            hasDictionaryPages = false
            isFirstPage = true
            useDictionary = wantsDictionary
            useDelta = nil
        }
        guard hasDictionaryPages else { return nil }
        hashes.add(dictionary.values, from: 0)
        return (dictionary.values.withUnsafeBytes { Array($0) }, dictionary.count)
    }

    func takeHashes() -> [UInt64] { hashes.take() }

    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        T.precedes(
            a.withUnsafeBytes { $0.loadUnaligned(as: T.self) }, b.withUnsafeBytes { $0.loadUnaligned(as: T.self) })
    }
}

/// Encodes booleans: bit-packed, least significant first.
final class BoolEncoder: ValueEncoder {
    private var values: [UInt8] = []

    var pageSize: Int { values.count / 8 }

    func append(_ column: Column, positions: [Int32]?, range: Range<Int>) {
        guard let source = column.bools?.values else { return }
        Self.append(source, positions, range, to: &values)
    }

    private static func append(_ source: [Bool], _ positions: [Int32]?, _ range: Range<Int>, to values: inout [UInt8]) {
        values.reserveCapacity(values.count + range.count)
        if let positions {
            for position in positions[range] { values.append(source[Int(position)] ? 1 : 0) }
        } else {
            for value in source[range] { values.append(value ? 1 : 0) }
        }
    }

    func takePage(to body: inout [UInt8]) -> EncodedValues {
        defer { values.removeAll(keepingCapacity: true) }
        values.withUnsafeBufferPointer { BitPacking.pack($0, width: 1, to: &body) }
        let bounds = Bounds(minimum: values.min().map { [$0] }, maximum: values.max().map { [$0] })
        return EncodedValues(encoding: .plain, bounds: bounds)
    }

    func takeDictionary() -> (bytes: [UInt8], count: Int)? { nil }
    func takeHashes() -> [UInt64] { [] }
    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool { a[0] < b[0] }
}
