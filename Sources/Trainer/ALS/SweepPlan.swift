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
        /// Positions in ``SweepPlan/longRows``.
        case longRows(Range<Int>)
    }

    /// What workers claim, the longest first.
    private(set) var units: [Unit] = []
    /// Rows that are solved in groups, ascending.
    private(set) var longRows: [Int] = []
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
    init(rows: SparseRows, rank: Int, solver: ALSParameters.Solver, workers: Int) {
        blockColumns = max(1, Self.blockFloats / rank)
        blocks = (rows.columns + blockColumns - 1) / blockColumns
        groupRows = max(16, Self.groupFloats / rank)
        longRow = solver == .cg && blocks >= Self.leastBlocks ? Self.entriesInBlock * blocks : Int.max
        collectLongRows(rows, workers)
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
}
