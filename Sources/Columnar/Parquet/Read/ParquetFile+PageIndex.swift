import Domain

extension OffsetIndex {
    /// The rows of a page in a row group of `count`.
    func rows(ofPage page: Int, of count: Int) -> Range<Int> {
        let start = Int(pages[page].firstRow)
        return start..<(page + 1 < pages.count ? Int(pages[page + 1].firstRow) : count)
    }
}

extension ParquetFile {
    /// Bounds of the pages of a chunk; nil if it has none.
    func columnIndex(_ chunk: ColumnChunkMetadata) throws -> ColumnIndex? {
        guard let bytes = try indexBytes(chunk.columnIndexOffset, chunk.columnIndexLength) else { return nil }
        return try bytes.withUnsafeBytes {
            var reader = CompactReader($0)
            return try ColumnIndex(&reader)
        }
    }

    /// Where the pages of a chunk lie; nil if it does not say. The pages are in order, within the chunk, and have all of
    /// `rows` rows between them.
    func offsetIndex(_ chunk: ColumnChunkMetadata, rows: Int) throws -> OffsetIndex? {
        guard let bytes = try indexBytes(chunk.offsetIndexOffset, chunk.offsetIndexLength) else { return nil }
        let index = try bytes.withUnsafeBytes {
            var reader = CompactReader($0)
            return try OffsetIndex(&reader)
        }
        let place = try range(of: chunk)
        var end = place.lowerBound
        var row: Int64 = -1
        for page in index.pages {
            guard page.offset >= Int64(end), page.size > 0, Int64(page.size) <= Int64(place.upperBound) - page.offset,
                page.firstRow > row || (row < 0 && page.firstRow == 0), page.firstRow < rows || rows == 0
            else {
                throw DecodingFault.malformed("the page index of column \(chunk.path.joined(separator: ".")) is wrong")
            }
            end = Int(page.offset) + Int(page.size)
            row = page.firstRow
        }
        guard index.pages.first?.firstRow ?? 0 == 0 else {
            throw DecodingFault.malformed("a page index does not begin at the first row")
        }
        return index.pages.isEmpty ? nil : index
    }

    private func indexBytes(_ offset: Int64?, _ length: Int32?) throws -> [UInt8]? {
        guard let offset, let length, offset > 0, length > 0 else { return nil }
        guard offset <= Int64(object.size) - Int64(length) else {
            throw DecodingFault.malformed("a page index lies outside of the file")
        }
        return try object.read(Int(offset)..<Int(offset) + Int(length))
    }
}
