internal import Linalg

/// Turns (row, column, weight) in any order into sorted rows with one sum per column.
struct RowBuilder {
    private var starts: [Int64]
    private var cursors: [Int64]
    private var columns: [Int32]
    private var values: [Float]

    /// - Parameter lengths: how many triples each row will get.
    init(lengths: [Int64]) {
        starts = [0]
        starts.reserveCapacity(lengths.count + 1)
        for length in lengths { starts.append(starts[starts.count - 1] + length) }
        cursors = Array(starts.dropLast())
        columns = [Int32](repeating: 0, count: Int(starts[lengths.count]))
        values = [Float](repeating: 0, count: columns.count)
    }

    mutating func add(_ value: Float, row: Int32, column: Int32) {
        let position = Int(cursors[Int(row)])
        precondition(position < Int(starts[Int(row) + 1]), "more triples than announced")
        cursors[Int(row)] += 1
        columns[position] = column
        values[position] = value
    }

    /// Sums (or the last of each column), cut at plus and minus `ceiling`. They are made in the order of adding, so the
    /// same input gives the same bits. O(n log(longest row)).
    consuming func finish(
        columns columnCount: Int, ceiling: Float, repeats: ConfidenceWeights.Repeats = .sum
    ) throws -> SparseRows {
        var scratch: [(column: Int32, position: Int32, value: Float)] = []
        var kept = 0
        for row in 0..<starts.count - 1 {
            let range = Int(starts[row])..<Int(starts[row + 1])
            scratch.removeAll(keepingCapacity: true)
            for position in range {
                scratch.append((columns[position], Int32(position - range.lowerBound), values[position]))
            }
            scratch.sort { ($0.column, $0.position) < ($1.column, $1.position) }
            // The row is written over itself and those before it: it never grows.
            starts[row] = Int64(kept)
            var next = 0
            while next < scratch.count {
                let column = scratch[next].column
                var sum: Float = 0
                while next < scratch.count, scratch[next].column == column {
                    sum = repeats == .sum ? sum + scratch[next].value : scratch[next].value
                    next += 1
                }
                columns[kept] = column
                values[kept] = min(max(sum, -ceiling), ceiling)
                kept += 1
            }
        }
        starts[starts.count - 1] = Int64(kept)
        columns.removeLast(columns.count - kept)
        values.removeLast(values.count - kept)
        return try SparseRows(
            rows: starts.count - 1, columns: columnCount, rowStarts: starts, columnIndices: columns, values: values)
    }
}
