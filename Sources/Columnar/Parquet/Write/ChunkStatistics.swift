/// The bounds of a chunk and of its pages, from those of its pages.
struct ChunkStatistics {
    var statistics = Statistics()
    /// Nil where a page has values but no bounds (all NaN): such an index may not be written.
    var columnIndex: ColumnIndex?
    /// Longer byte strings are cut: bounds are for skipping, not for reading.
    static let maximumBoundLength = 64

    init(_ pages: [(bounds: Bounds, nulls: Int, entries: Int)], _ encoder: any ValueEncoder, _ leaf: Leaf) {
        let cuts = leaf.physical == .byteArray
        var index = ColumnIndex()
        var indexable = true
        var low: [UInt8]?
        var high: [UInt8]?
        var ascending = true
        var descending = true
        var previous: Bounds?
        for page in pages {
            let isNull = page.nulls == page.entries
            index.nullPages.append(isNull)
            index.nullCounts.append(Int64(page.nulls))
            if let count = page.bounds.nanCount { index.nanCounts.append(Int64(count)) }
            guard let minimum = page.bounds.minimum, let maximum = page.bounds.maximum else {
                if !isNull { indexable = false }
                index.minimums.append([])
                index.maximums.append([])
                continue
            }
            let cutMaximum = cuts ? Self.cutUp(maximum, isText: leaf.type == .string) : maximum
            if cutMaximum == nil { indexable = false }
            index.minimums.append(cuts ? Self.cutDown(minimum, isText: leaf.type == .string) : minimum)
            index.maximums.append(cutMaximum ?? [])
            if low.map({ encoder.isAscending(minimum, $0) }) ?? true { low = minimum }
            if high.map({ encoder.isAscending($0, maximum) }) ?? true { high = maximum }
            if let before = previous, let a = before.minimum, let b = before.maximum {
                if encoder.isAscending(minimum, a) || encoder.isAscending(maximum, b) { ascending = false }
                if encoder.isAscending(a, minimum) || encoder.isAscending(b, maximum) { descending = false }
            }
            previous = page.bounds
        }
        index.boundaryOrder = ascending ? 1 : descending ? 2 : 0
        statistics.nullCount = Int64(pages.reduce(0) { $0 + $1.nulls })
        if index.nanCounts.count == pages.count, !pages.isEmpty {
            statistics.nanCount = index.nanCounts.reduce(0, +)
        } else {
            index.nanCounts = []
        }
        if let low, let high {
            let minimum = cuts ? Self.cutDown(low, isText: leaf.type == .string) : low
            statistics.minimum = minimum
            statistics.minimumIsExact = minimum == low
            if let maximum = cuts ? Self.cutUp(high, isText: leaf.type == .string) : high {
                statistics.maximum = maximum
                statistics.maximumIsExact = maximum == high
            }
        }
        columnIndex = indexable ? index : nil
    }

    /// A prefix sorts before the whole. Text is cut between characters.
    static func cutDown(_ bytes: [UInt8], isText: Bool) -> [UInt8] {
        guard bytes.count > maximumBoundLength else { return bytes }
        var end = maximumBoundLength
        while isText, end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(bytes[..<end])
    }

    /// A prefix whose last byte was raised sorts after the whole. In text only an ASCII character is raised, which
    /// keeps it UTF-8. Nil if no byte can be raised.
    static func cutUp(_ bytes: [UInt8], isText: Bool) -> [UInt8]? {
        guard bytes.count > maximumBoundLength else { return bytes }
        var prefix = cutDown(bytes, isText: isText)
        let highest: UInt8 = isText ? 0x7E : 0xFE
        while let last = prefix.last {
            if last <= highest {
                prefix[prefix.count - 1] = last + 1
                return prefix
            }
            prefix.removeLast()
        }
        return nil
    }
}
