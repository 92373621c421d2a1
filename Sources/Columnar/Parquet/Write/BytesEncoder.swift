import Foundation

/// Encodes strings and byte strings.
final class BytesEncoder: ValueEncoder {
    private var useDictionary: Bool
    private let wantsDictionary: Bool
    /// Values of the page, when it is PLAIN: already encoded.
    private var plain: [UInt8] = []
    private var plainBounds = ByteBounds()
    private var pageIndices: [Int32] = []
    private var dictionary = BytesDictionary()
    private var hasDictionaryPages = false
    private var isFirstPage = true
    private var indexedBytes = 0
    private var hashes: HashCollector

    init(useDictionary: Bool, hashes: HashCollector) {
        self.useDictionary = useDictionary
        wantsDictionary = useDictionary
        self.hashes = hashes
    }

    var pageSize: Int { plain.count + indexedBytes }

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
        if useDictionary {
            indexedBytes += dictionary.append(rows, to: &pageIndices) + 4 * rows.count
            if isFirstPage, DictionaryRule.isHopeless(distinct: dictionary.count, of: pageIndices.count) {
                giveUpDictionary(spellingOutTo: &plain, widening: &plainBounds)
                pageIndices.removeAll(keepingCapacity: true)
                indexedBytes = 0
            }
        } else {
            hashes.add(rows)
            Self.append(rows, to: &plain, widening: &plainBounds)
        }
    }

    /// The page's values so far become PLAIN.
    private func giveUpDictionary(spellingOutTo body: inout [UInt8], widening bounds: inout ByteBounds) {
        hashes.add(dictionary.values)
        useDictionary = false
        let values = dictionary.values
        values.bytes.withUnsafeBytes { bytes in
            values.offsets.withUnsafeBufferPointer { offsets in
                pageIndices.withUnsafeBufferPointer {
                    Self.append(
                        ByteRows(bytes: bytes, offsets: offsets, positions: $0, range: 0..<$0.count), to: &body,
                        widening: &bounds)
                }
            }
        }
        dictionary.removeAll()
    }

    /// Each value with its length in four bytes before it.
    private static func append(_ rows: ByteRows, to plain: inout [UInt8], widening bounds: inout ByteBounds) {
        plain.append(addingCapacity: rows.byteCount + 4 * rows.count) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                let output = UnsafeMutableRawBufferPointer(buffer)
                var run = BoundsOfRun()
                for i in 0..<rows.count {
                    let value = rows[i]
                    run.widen(value)
                    precondition(output.count - initialized >= 4 + value.count, "as much room as was asked for")
                    output.storeBytes(of: UInt32(value.count), toByteOffset: initialized, as: UInt32.self)
                    initialized += 4
                    if let source = value.baseAddress, let target = output.baseAddress {
                        ShortBytes.copy(source, to: target + initialized, count: value.count)
                        initialized += value.count
                    }
                }
                bounds.widen(run)
            }
        }
    }

    func takePage(to body: inout [UInt8]) -> EncodedValues {
        defer {
            plain.removeAll(keepingCapacity: true)
            plainBounds = ByteBounds()
            pageIndices.removeAll(keepingCapacity: true)
            indexedBytes = 0
            isFirstPage = false
        }
        guard useDictionary, !pageIndices.isEmpty else {
            body.append(contentsOf: plain)
            return EncodedValues(encoding: .plain, bounds: plainBounds.bounds)
        }
        let bounds = dictionary.bounds(of: pageIndices, hasAll: isFirstPage)
        if isFirstPage, DictionaryRule.isWorthless(distinct: dictionary.count, of: pageIndices.count) {
            var same = ByteBounds()
            giveUpDictionary(spellingOutTo: &body, widening: &same)
            return EncodedValues(encoding: .plain, bounds: bounds)
        }
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
        }
        guard hasDictionaryPages else { return nil }
        hashes.add(dictionary.values)
        let values = dictionary.values
        var bytes: [UInt8] = []
        var unused = ByteBounds()
        values.bytes.withUnsafeBytes { all in
            values.offsets.withUnsafeBufferPointer {
                Self.append(
                    ByteRows(bytes: all, offsets: $0, positions: nil, range: 0..<values.count), to: &bytes,
                    widening: &unused)
            }
        }
        return (bytes, values.count)
    }

    func takeHashes() -> [UInt64] { hashes.take() }

    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.withUnsafeBytes { a in b.withUnsafeBytes { b in ShortBytes.compare(a, b) < 0 } }
    }
}
