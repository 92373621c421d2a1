internal import Domain
internal import Linalg
internal import Trainer

/// What is the model's alone, laid out once: catalogues come and go with every edit of a film.
final class ModelLayout: Sendable {
    let model: any FactorModel
    /// Item factors scaled to length 1, for the cosine of two items. An item without factors stays zero.
    let directions: PackedItems
    /// By item index, ‖q_i‖.
    let lengths: [Float]
    let foldIn: UserSolver
    let users: UserSpace

    /// O(items × rank²): for a large model seconds, so never on a thread that answers requests.
    init(_ model: any FactorModel) throws {
        self.model = model
        lengths = (0..<model.itemCount).map { item in
            model.itemFactors.withRow(item) { row in
                var sum: Float = 0
                for i in 0..<model.tasteColumns { sum += row[i] * row[i] }
                return sum.squareRoot()
            }
        }
        directions = try PackedItems(Self.scaled(model.itemFactors, model.tasteColumns, by: lengths))
        foldIn = try model.solver()
        users = UserSpace(model)
    }

    /// Columns from `tastes` on become 0: a bias is no likeness.
    private static func scaled(_ matrix: Matrix, _ tastes: Int, by lengths: [Float]) -> Matrix {
        var unit = matrix
        unit.withUnsafeMutableElements { elements in
            for (row, length) in lengths.enumerated() where length > 0 {
                for i in row * matrix.columns..<row * matrix.columns + tastes { elements[i] /= length }
            }
            for row in 0..<matrix.rows {
                for i in row * matrix.columns + tastes..<(row + 1) * matrix.columns { elements[i] = 0 }
            }
        }
        return unit
    }
}
