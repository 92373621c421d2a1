public import Domain

/// What can be wrong with the numbers or shapes that are handed to this room.
public enum LinalgError: Fault, Equatable {
    /// Two operands do not fit together.
    case shape(operation: String, expected: String, found: String)
    /// A matrix of this size does not fit in memory or in the 32-bit indices of BLAS.
    case tooLarge(rows: Int, columns: Int)
    /// Row starts do not ascend from 0 to the number of entries.
    case rowStarts(row: Int)
    /// An entry's column is not in `0..<columns`.
    case columnOutOfRange(row: Int, column: Int, columns: Int)
    /// NaN or infinity where a number is needed.
    case notFinite(what: String, row: Int, column: Int)
    /// A symmetric matrix that should be positive definite is not: elimination failed at this pivot.
    case notPositiveDefinite(pivot: Int, size: Int)

    public var code: String {
        switch self {
        case .shape: "shape-mismatch"
        case .tooLarge: "matrix-too-large"
        case .rowStarts: "bad-row-starts"
        case .columnOutOfRange: "column-out-of-range"
        case .notFinite: "not-finite"
        case .notPositiveDefinite: "not-positive-definite"
        }
    }

    public var message: String {
        switch self {
        case .shape(let operation, let expected, let found): "\(operation) needs \(expected), not \(found)."
        case .tooLarge(let rows, let columns): "A matrix of \(rows) × \(columns) is too large."
        case .rowStarts(let row): "The starts of the sparse rows do not ascend at row \(row)."
        case .columnOutOfRange(let row, let column, let columns):
            "Sparse row \(row) has an entry in column \(column); there are \(columns) columns."
        case .notFinite(let what, let row, let column): "\(what) has a NaN or infinity at (\(row), \(column))."
        case .notPositiveDefinite(let pivot, let size):
            "A symmetric \(size) × \(size) system is singular at pivot \(pivot)."
        }
    }

    public var advice: String {
        switch self {
        case .shape, .rowStarts, .columnOutOfRange: "Check where the data was put together."
        case .tooLarge: "Use fewer rows or a smaller rank."
        case .notFinite: "Clean the input: only finite numbers are accepted."
        case .notPositiveDefinite: "Raise the regularisation λ."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .shape: .internalError
        case .tooLarge: .usage
        case .rowStarts, .columnOutOfRange, .notFinite, .notPositiveDefinite: .badData
        }
    }
}
