/// A sparse matrix in compressed rows (CSR): the entries of row `i` are `rowStarts[i]..<rowStarts[i + 1]` of `columns`
/// and `values`.
///
/// Eight bytes an entry and eight a row. Within a row the columns need not ascend; equal columns add up.
///
///     let likes = try SparseRows(rows: 2, columns: 3, entries: [(0, 1, 1), (1, 2, 0.5)])
///     let byItem = likes.transposed()
public struct SparseRows: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// `rows + 1` positions, ascending from 0 to the number of entries.
    public let rowStarts: [Int64]
    public let columnIndices: [Int32]
    public let values: [Float]

    /// - Throws: ``LinalgError`` if the starts do not ascend, lengths differ or a column is out of range. O(entries).
    public init(
        rows: Int, columns: Int, rowStarts: [Int64], columnIndices: [Int32], values: [Float]
    ) throws(LinalgError) {
        guard rows >= 0, columns >= 0, rows <= Int(Int32.max), columns <= Int(Int32.max) else {
            throw .tooLarge(rows: rows, columns: columns)
        }
        guard rowStarts.count == rows + 1, columnIndices.count == values.count else {
            throw .shape(
                operation: "Sparse rows", expected: "\(rows + 1) row starts and as many values as columns",
                found: "\(rowStarts.count) starts, \(columnIndices.count) columns, \(values.count) values")
        }
        guard rowStarts[0] == 0 else { throw .rowStarts(row: 0) }
        for row in 0..<rows {
            let start = rowStarts[row]
            let end = rowStarts[row + 1]
            guard start <= end, end <= Int64(columnIndices.count) else { throw .rowStarts(row: row) }
            for entry in Int(start)..<Int(end) {
                let column = columnIndices[entry]
                guard column >= 0, column < columns else {
                    throw .columnOutOfRange(row: row, column: Int(column), columns: columns)
                }
            }
        }
        guard rowStarts[rows] == Int64(columnIndices.count) else { throw .rowStarts(row: rows) }
        self.init(
            trustedRows: rows, columns: columns, rowStarts: rowStarts, columnIndices: columnIndices, values: values)
    }

    init(trustedRows rows: Int, columns: Int, rowStarts: [Int64], columnIndices: [Int32], values: [Float]) {
        self.rows = rows
        self.columns = columns
        self.rowStarts = rowStarts
        self.columnIndices = columnIndices
        self.values = values
    }

    /// Sorts loose entries into rows by counting; entries of a row keep their order. O(rows + entries).
    public init(
        rows: Int, columns: Int, entries: [(row: Int32, column: Int32, value: Float)]
    ) throws(LinalgError) {
        var starts = [Int64](repeating: 0, count: max(rows, 0) + 1)
        for entry in entries {
            guard entry.row >= 0, entry.row < rows else {
                throw .shape(
                    operation: "Sparse entries", expected: "rows in 0..<\(rows)", found: "row \(entry.row)")
            }
            starts[Int(entry.row) + 1] += 1
        }
        for row in 0..<rows { starts[row + 1] += starts[row] }
        var next = starts
        var columnIndices = [Int32](repeating: 0, count: entries.count)
        var values = [Float](repeating: 0, count: entries.count)
        for entry in entries {
            let place = Int(next[Int(entry.row)])
            next[Int(entry.row)] += 1
            columnIndices[place] = entry.column
            values[place] = entry.value
        }
        try self.init(
            rows: rows, columns: columns, rowStarts: starts, columnIndices: columnIndices, values: values)
    }

    /// Number of stored entries.
    public var count: Int { values.count }

    /// Number of entries of one row.
    public func count(ofRow row: Int) -> Int { Int(rowStarts[row + 1] - rowStarts[row]) }

    /// Where the entries of one row lie in ``columnIndices`` and ``values``.
    public func entries(ofRow row: Int) -> Range<Int> { Int(rowStarts[row])..<Int(rowStarts[row + 1]) }

    /// Calls `body` with the columns and the values of one row.
    public func withRow<R, E: Error>(
        _ row: Int, _ body: (Span<Int32>, Span<Float>) throws(E) -> R
    ) throws(E) -> R {
        let range = entries(ofRow: row)
        let allColumns = columnIndices.span
        let allValues = values.span
        return try body(allColumns.extracting(range), allValues.extracting(range))
    }

    /// Rows become columns. Within each new row the entries ascend by old row, whatever the number of workers.
    ///
    /// Each worker takes a range of the columns and reads all entries: no counts or copies beside the result.
    /// O(rows + columns + entries × workers).
    public func transposed(workers: Workers = Workers(count: 1)) -> SparseRows {
        var starts = [Int64](repeating: 0, count: columns + 1)
        for column in columnIndices { starts[Int(column) + 1] += 1 }
        for column in 0..<columns { starts[column + 1] += starts[column] }
        var newColumns = [Int32](repeating: 0, count: count)
        var newValues = [Float](repeating: 0, count: count)
        let parts = count < 1 << 20 ? 1 : workers.count
        let borders = Self.borders(starts, parts: parts)
        var next = starts
        columnIndices.withUnsafeBufferPointer { oldColumns in
            values.withUnsafeBufferPointer { oldValues in
                newColumns.withUnsafeMutableBufferPointer { newColumns in
                    newValues.withUnsafeMutableBufferPointer { newValues in
                        next.withUnsafeMutableBufferPointer { next in
                            guard let columns = oldColumns.baseAddress, let values = oldValues.baseAddress else {
                                return
                            }
                            let (old, oldData) = (Shared(columns), Shared(values))
                            let columnsOut = SharedMutable(newColumns.baseAddress!)
                            let valuesOut = SharedMutable(newValues.baseAddress!)
                            let places = SharedMutable(next.baseAddress!)
                            workers.run(units: parts) { _, part in
                                scatter(
                                    borders[part]..<borders[part + 1], old.pointer, oldData.pointer, places.pointer,
                                    columnsOut.pointer, valuesOut.pointer)
                            }
                        }
                    }
                }
            }
        }
        return SparseRows(
            trustedRows: columns, columns: rows, rowStarts: starts, columnIndices: newColumns, values: newValues)
    }

    /// Writes the entries of some columns to their new places; `next` holds the next free place of each column.
    private func scatter(
        _ range: Range<Int>, _ columns: UnsafePointer<Int32>, _ values: UnsafePointer<Float>,
        _ next: UnsafeMutablePointer<Int64>, _ newColumns: UnsafeMutablePointer<Int32>,
        _ newValues: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            for entry in entries(ofRow: row) {
                let column = Int(columns[entry])
                guard range.contains(column) else { continue }
                let place = Int(next[column])
                next[column] += 1
                newColumns[place] = Int32(row)
                newValues[place] = values[entry]
            }
        }
    }

    /// Cuts rows into parts of about as many entries each.
    private static func borders(_ starts: [Int64], parts: Int) -> [Int] {
        let rows = starts.count - 1
        var borders = [0]
        for part in 1..<max(parts, 1) {
            let wanted = starts[rows] / Int64(parts) * Int64(part)
            var border = borders[part - 1]
            while border < rows, starts[border] < wanted { border += 1 }
            borders.append(border)
        }
        return borders + [rows]
    }
}
