/// Some rows of a batch, where they lie: whoever writes them takes them from there, and nothing is copied before.
struct SelectedRows: Sendable {
    var batch: RecordBatch
    /// Nil for all rows.
    var positions: RowPositions?

    var count: Int { positions?.count ?? batch.rowCount }
}
