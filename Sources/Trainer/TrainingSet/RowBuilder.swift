internal import Domain
internal import Linalg

/// Turns (row, column, weight) in any order into sorted rows with one value per column, which do not depend on that order.
struct RowBuilder {
    private let repeats: ConfidenceWeights.Repeats
    private var starts: [Int64]
    private var cursors: [Int64]
    private var columns: [Int32]
    private var values: [Float]
    /// Only where the newest counts.
    private var times: [Int64]
    /// Empty where nobody asks for them.
    private var kinds: [EventKinds]

    /// - Parameters:
    ///   - lengths: how many triples each row will get.
    ///   - keepsKinds: whether ``finish(columns:ceiling:)`` says of which kinds the events of a pair were.
    init(lengths: [Int64], repeats: ConfidenceWeights.Repeats, keepsKinds: Bool = false) {
        self.repeats = repeats
        starts = [0]
        starts.reserveCapacity(lengths.count + 1)
        for length in lengths { starts.append(starts[starts.count - 1] + length) }
        cursors = Array(starts.dropLast())
        columns = [Int32](repeating: 0, count: Int(starts[lengths.count]))
        values = [Float](repeating: 0, count: columns.count)
        times = repeats == .newest ? [Int64](repeating: 0, count: columns.count) : []
        kinds = keepsKinds ? [EventKinds](repeating: [], count: columns.count) : []
    }

    /// - Parameter at: microseconds since 1970.
    mutating func add(_ value: Float, row: Int32, column: Int32, at: Int64, kind: EventKind) {
        let position = Int(cursors[Int(row)])
        precondition(position < Int(starts[Int(row) + 1]), "more triples than announced")
        cursors[Int(row)] += 1
        columns[position] = column
        values[position] = value
        if repeats == .newest { times[position] = at }
        if !kinds.isEmpty { kinds[position] = EventKinds(kind) }
    }

    /// One triple of a row in hand.
    private struct Entry {
        var column: Int32
        var value: Float
        /// 0 where only the sum counts.
        var at: Int64
        var kinds: EventKinds

        /// By column, then time, then value: triples that are equal in all three are the same wherever they stood.
        static func precedes(_ a: Entry, _ b: Entry) -> Bool {
            if a.column != b.column { return a.column < b.column }
            if a.at != b.at { return a.at < b.at }
            return a.value < b.value
        }
    }

    /// Of each column the sum or the newest value, cut at plus and minus `ceiling`. Of several newest at the same instant
    /// the greatest counts; sums are made by rising value. So the bits do not depend on the order of adding.
    /// O(n log(longest row)).
    /// - Returns: the rows, and by entry the kinds of its events; empty if they were not kept.
    consuming func finish(
        columns columnCount: Int, ceiling: Float
    ) throws -> (rows: SparseRows, kinds: [EventKinds]) {
        let keepsKinds = !kinds.isEmpty
        var scratch: [Entry] = []
        var kept = 0
        for row in 0..<starts.count - 1 {
            let range = Int(starts[row])..<Int(starts[row + 1])
            scratch.removeAll(keepingCapacity: true)
            for position in range {
                scratch.append(
                    Entry(
                        column: columns[position], value: values[position],
                        at: repeats == .newest ? times[position] : 0,
                        kinds: keepsKinds ? kinds[position] : []))
            }
            scratch.sort(by: Entry.precedes)
            // The row is written over itself and those before it: it never grows.
            starts[row] = Int64(kept)
            var next = 0
            while next < scratch.count {
                let column = scratch[next].column
                var sum: Float = 0
                var united: EventKinds = []
                while next < scratch.count, scratch[next].column == column {
                    sum = repeats == .sum ? sum + scratch[next].value : scratch[next].value
                    united.formUnion(scratch[next].kinds)
                    next += 1
                }
                if keepsKinds { kinds[kept] = united }
                columns[kept] = column
                values[kept] = min(max(sum, -ceiling), ceiling)
                kept += 1
            }
        }
        starts[starts.count - 1] = Int64(kept)
        columns.removeLast(columns.count - kept)
        values.removeLast(values.count - kept)
        if keepsKinds { kinds.removeLast(kinds.count - kept) }
        let rows = try SparseRows(
            rows: starts.count - 1, columns: columnCount, rowStarts: starts, columnIndices: columns, values: values)
        return (rows, kinds)
    }
}
