import Domain

/// Which bytes of a chunk are read, and what is in them.
struct ChunkPlan {
    /// The rows that the bytes hold.
    let present: RowSelection
    /// Rows of each data page, for a part of a chunk; nil for the whole.
    let pageRows: [Int]?
    let ranges: [Range<Int>]

    /// - Parameter selection: the rows that are wanted; nil for all.
    init(
        of chunk: ColumnChunkMetadata, _ leaf: Leaf, rows: Int, selection: RowSelection?, in file: ParquetFile
    ) throws {
        // Without values there may be no pages, and the offsets mean nothing.
        guard chunk.valueCount > 0 else {
            present = RowSelection(all: rows)
            pageRows = nil
            ranges = []
            return
        }
        let whole = try file.range(of: chunk)
        guard let selection, let index = try file.offsetIndex(chunk, rows: rows) else {
            present = RowSelection(all: rows)
            pageRows = nil
            ranges = [whole]
            return
        }
        // What stands before the first data page is the dictionary.
        let first = Int(index.pages[0].offset)
        var ranges = whole.lowerBound < first ? [whole.lowerBound..<first] : []
        var present = RowSelection()
        var pageRows: [Int] = []
        for (i, page) in index.pages.enumerated() {
            let rowRange = index.rows(ofPage: i, of: rows)
            guard selection.intersects(rowRange) else { continue }
            present.append(rowRange)
            pageRows.append(rowRange.count)
            let range = Int(page.offset)..<Int(page.offset) + Int(page.size)
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        self.present = present
        self.pageRows = pageRows
        self.ranges = ranges
    }

    /// One read for each run of neighbouring pages.
    func load(_ object: any StoredObject) throws -> [UInt8] {
        if ranges.count == 1 { return try object.read(ranges[0]) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ranges.reduce(0) { $0 + $1.count })
        for range in ranges { bytes.append(contentsOf: try object.read(range)) }
        return bytes
    }
}
