internal import Linalg

extension ALSParameters {
    /// Interactions as the equations take them: see ``entry(_:)``. The same ones, not copied, but for MLlib's weighting.
    func entries(of interactions: SparseRows) throws -> SparseRows {
        guard weighting == .mllib else { return interactions }
        return try SparseRows(
            rows: interactions.rows, columns: interactions.columns, rowStarts: interactions.rowStarts,
            columnIndices: interactions.columnIndices, values: interactions.values.map(entry))
    }
}
