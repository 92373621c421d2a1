import Foundation

/// Encodes strings and byte strings.
final class BytesEncoder: ValueEncoder {
    private var useDictionary: Bool
    private let wantsDictionary: Bool
    private let mayFrontCode: Bool
    /// Of this chunk, where it has no dictionary: DELTA_BYTE_ARRAY instead of PLAIN.
    private var isFrontCoded = false
    private var plain = PlainPage()
    private var frontCoded = FrontCodedPage()
    private var pageIndices: [Int32] = []
    private var dictionary = BytesDictionary()
    private var hasDictionaryPages = false
    private var isFirstPage = true
    private var indexedBytes = 0
    private var hashes: HashCollector

    /// - Parameter frontCoding: whether values that begin like the ones before them are written as what differs.
    init(useDictionary: Bool, frontCoding: Bool, hashes: HashCollector) {
        self.useDictionary = useDictionary
        wantsDictionary = useDictionary
        mayFrontCode = frontCoding
        self.hashes = hashes
    }

    var pageSize: Int { plain.bytes.count + frontCoded.plainSize + indexedBytes }

    func append(_ column: Column, positions: [Int32]?, range: Range<Int>) {
        guard let source = column.byteStrings, !range.isEmpty else { return }
        source.bytes.withUnsafeBytes { bytes in
            source.offsets.withUnsafeBufferPointer { offsets in
                guard let positions else {
                    return append(ByteRows(bytes: bytes, offsets: offsets, positions: nil, range: range))
                }
                positions.withUnsafeBufferPointer {
                    append(ByteRows(bytes: bytes, offsets: offsets, positions: $0, range: range))
                }
            }
        }
    }

    private func append(_ rows: ByteRows) {
        guard useDictionary else {
            hashes.add(rows)
            return spellOut(rows)
        }
        indexedBytes += dictionary.append(rows, to: &pageIndices) + 4 * rows.count
        if isFirstPage, DictionaryRule.isHopeless(distinct: dictionary.count, of: pageIndices.count) {
            giveUpDictionary()
        }
    }

    private func spellOut(_ rows: ByteRows) {
        if isFrontCoded { frontCoded.append(rows) } else { plain.append(rows) }
    }

    /// The values of the page so far are spelled out. In which way, those that are different show: nearly all.
    private func giveUpDictionary() {
        hashes.add(dictionary.values)
        useDictionary = false
        isFrontCoded = mayFrontCode && FrontCodedPage.pays(for: dictionary.values)
        let values = dictionary.values
        values.bytes.withUnsafeBytes { bytes in
            values.offsets.withUnsafeBufferPointer { offsets in
                pageIndices.withUnsafeBufferPointer {
                    spellOut(ByteRows(bytes: bytes, offsets: offsets, positions: $0, range: 0..<$0.count))
                }
            }
        }
        dictionary.removeAll()
        pageIndices.removeAll(keepingCapacity: true)
        indexedBytes = 0
    }

    func takePage(to body: inout [UInt8]) -> EncodedValues {
        defer {
            pageIndices.removeAll(keepingCapacity: true)
            indexedBytes = 0
            isFirstPage = false
        }
        if useDictionary, isFirstPage,
            DictionaryRule.isWorthless(distinct: dictionary.count, of: pageIndices.count)
        {
            giveUpDictionary()
        }
        guard useDictionary, !pageIndices.isEmpty else {
            return isFrontCoded
                ? EncodedValues(encoding: .deltaByteArray, bounds: frontCoded.take(to: &body))
                : EncodedValues(encoding: .plain, bounds: plain.take(to: &body))
        }
        let bounds = dictionary.bounds(of: pageIndices, hasAll: isFirstPage)
        hasDictionaryPages = true
        appendIndices(pageIndices, dictionarySize: dictionary.count, to: &body)
        if dictionary.plainSize > DictionaryRule.maximumBytes { useDictionary = false }
        return EncodedValues(encoding: .rleDictionary, bounds: bounds)
    }

    func takeDictionary() -> (bytes: [UInt8], count: Int)? {
        defer {
            dictionary.removeAll()
            hasDictionaryPages = false
            isFirstPage = true
            useDictionary = wantsDictionary
            isFrontCoded = false
        }
        guard hasDictionaryPages else { return nil }
        hashes.add(dictionary.values)
        let values = dictionary.values
        var page = PlainPage()
        values.bytes.withUnsafeBytes { bytes in
            values.offsets.withUnsafeBufferPointer {
                page.append(ByteRows(bytes: bytes, offsets: $0, positions: nil, range: 0..<values.count))
            }
        }
        return (page.bytes, values.count)
    }

    func takeHashes() -> [UInt64] { hashes.take() }

    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.withUnsafeBytes { a in b.withUnsafeBytes { b in ShortBytes.compare(a, b) < 0 } }
    }
}
