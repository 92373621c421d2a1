import Linalg

/// How the rows of one side are divided among workers, and which of them are gone through in blocks.
///
/// A popular film has been seen by half the users, so each pass over its entries reads half their factors from memory.
/// Passes over a group of such rows go in step instead, through one block of the other side's factors after the other:
/// a block is read once for the group and stays in the L2 cache meanwhile.
///
/// Nothing here changes a result but the blocks' size, which is fixed: the factors are the same bytes whatever the number
/// of workers.
struct SweepPlan: Sendable {
    enum Unit: Sendable, Equatable {
        /// Rows of this range that are not long.
        case rows(Range<Int>)
        /// Positions in ``SweepPlan/someRows``.
        case someRows(Range<Int>)
        /// Positions in ``SweepPlan/longRows``.
        case longRows(Range<Int>)
    }

    /// What workers claim, the longest first.
    private(set) var units: [Unit] = []
    /// Rows that are solved exactly, if there are any; and how many units there are without them, for the units at the end
    /// are theirs, should they have to go with the others.
    let short: ShortRows?
    private(set) var unitsWithoutShort = 0
    /// Where there are short rows, those that are neither short nor long, and then the short ones with entries.
    private(set) var someRows: [Int] = []
    /// Rows that are solved in groups, ascending.
    private(set) var longRows: [Int] = []
    /// For each long row, where its entries of each block begin, and where the last ones end: `blocks + 1` numbers.
    private(set) var borders: [Int] = []
    /// Entries from which on a row is long.
    let longRow: Int
    /// Columns of a block.
    let blockColumns: Int
    /// Blocks that the columns are cut into.
    let blocks: Int
    /// Most rows of a group: their unknowns and directions share the cache with the block.
    let groupRows: Int

    /// Entries of a work unit, with 64 counted for each row's own cost: large enough to make claiming free, small
    /// enough to keep workers even when a few rows hold most entries.
    private static let unitSize = 65_536
    /// The same of a set so small that it has short rows.
    private static let smallUnitSize = 8192
    /// Factors of a block: 768 KiB, which the L2 cache of a server's core (1 or 2 MiB) holds beside the group.
    private static let blockFloats = 3 << 16
    static let groupFloats = 1 << 15
    /// With fewer blocks the other side's factors lie in near caches anyway.
    private static let leastBlocks = 8
    /// A row has this many entries in a block on the average, or going from row to row costs more than it saves.
    private static let entriesInBlock = 36

    /// - Parameters:
    ///   - rank: padded, of the other side's factors.
    ///   - solver: only conjugate gradients go over a row's entries again and again.
    ///   - short: rows to solve exactly.
    init(rows: SparseRows, rank: Int, solver: ALSParameters.Solver, workers: Int, short: ShortRows? = nil) {
        self.short = short
        blockColumns = max(1, Self.blockFloats / rank)
        blocks = (rows.columns + blockColumns - 1) / blockColumns
        groupRows = max(16, Self.groupFloats / rank)
        longRow = solver == .cg && blocks >= Self.leastBlocks ? Self.entriesInBlock * blocks : Int.max
        collectLongRows(rows, workers)
        findBorders(rows)
        if let short {
            collect((0..<rows.rows).filter { !isLong($0, rows) && !short.contains(count: rows.count(ofRow: $0)) }, rows)
            unitsWithoutShort = units.count
            collect(short.lengths.flatMap(\.rows), rows)
            return
        }
        var start = 0
        var size = 0
        for row in 0..<rows.rows {
            if !isLong(row, rows) { size += rows.count(ofRow: row) + 64 }
            if size >= Self.unitSize || row == rows.rows - 1 {
                units.append(.rows(start..<row + 1))
                (start, size) = (row + 1, 0)
            }
        }
    }

    func isLong(_ row: Int, _ rows: SparseRows) -> Bool { rows.count(ofRow: row) >= longRow }

    /// Units of rows that do not follow each other.
    private mutating func collect(_ some: [Int], _ rows: SparseRows) {
        var start = someRows.count
        var size = 0
        for row in some {
            someRows.append(row)
            size += rows.count(ofRow: row) + 64
            if size >= Self.smallUnitSize {
                units.append(.someRows(start..<someRows.count))
                (start, size) = (someRows.count, 0)
            }
        }
        if someRows.count > start { units.append(.someRows(start..<someRows.count)) }
    }

    private mutating func collectLongRows(_ rows: SparseRows, _ workers: Int) {
        // Every worker finds some, and short rows are left to fill up the end.
        let most = max(Self.unitSize, rows.count / (4 * workers))
        var start = 0
        var size = 0
        for row in 0..<rows.rows where isLong(row, rows) {
            let count = rows.count(ofRow: row)
            if longRows.count > start, longRows.count - start == groupRows || size + count > most {
                units.append(.longRows(start..<longRows.count))
                (start, size) = (longRows.count, 0)
            }
            longRows.append(row)
            size += count
        }
        if longRows.count > start { units.append(.longRows(start..<longRows.count)) }
    }

    /// By bisection, since columns ascend: once a training instead of in each pass. O(rows × blocks × log entries).
    private mutating func findBorders(_ rows: SparseRows) {
        borders.reserveCapacity(longRows.count * (blocks + 1))
        for row in longRows {
            let entries = rows.entries(ofRow: row)
            var low = entries.lowerBound
            for block in 0..<blocks {
                borders.append(low)
                // The first entry of the next block.
                let limit = Int32(clamping: (block + 1) * blockColumns)
                var high = entries.upperBound
                while low < high {
                    let middle = (low + high) / 2
                    if rows.columnIndices[middle] < limit { low = middle + 1 } else { high = middle }
                }
            }
            borders.append(entries.upperBound)
        }
    }
}
