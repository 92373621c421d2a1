/// The rows of a data file that are deleted, as ascending ranges that do not touch.
struct DeletedRows: Hashable, Sendable {
    private(set) var ranges: [Range<Int64>] = []
    /// How many rows they are.
    private(set) var count: Int64 = 0

    /// Adds a row or rows behind those that are there.
    /// - Throws: `DecodingFault` if they are not behind them.
    mutating func append(_ rows: Range<Int64>) throws {
        if let last = ranges.last, last.upperBound >= rows.lowerBound {
            guard last.upperBound == rows.lowerBound else {
                throw DecodingFault.malformed("its rows are not in ascending order")
            }
            ranges[ranges.count - 1] = last.lowerBound..<rows.upperBound
        } else {
            ranges.append(rows)
        }
        count += rows.upperBound - rows.lowerBound
    }

    /// The last row; nil if there are none.
    var last: Int64? { ranges.last.map { $0.upperBound - 1 } }

    /// Of `count` rows from `start` on those that are not deleted, counted from `start`; nil if that is all of them.
    func remaining(from start: Int64, count: Int) -> RowSelection? {
        let end = start + Int64(count)
        // The first range that ends behind the start, and the first that begins at the end or behind it.
        let low = first { $0.upperBound > start }
        let high = first { $0.lowerBound >= end }
        guard low < high else { return nil }
        var selection = RowSelection()
        selection.reserveCapacity(high - low + 1)
        var next = start
        for range in ranges[low..<high] {
            if range.lowerBound > next { selection.append(Int(next - start)..<Int(range.lowerBound - start)) }
            next = range.upperBound
        }
        if next < end { selection.append(Int(next - start)..<count) }
        return selection
    }

    /// The first range for which `holds` is true, which it is for all behind it.
    private func first(where holds: (Range<Int64>) -> Bool) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
