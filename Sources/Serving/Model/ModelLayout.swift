internal import Catalog
internal import Domain
internal import Linalg
internal import Operations
internal import Trainer

/// What is the model's alone, laid out once: catalogues come and go with every edit of a film. Films that are new to the
/// model have rows here too, if it predicts them, so that only a change of those lays it out anew.
final class ModelLayout: Sendable {
    let model: any FactorModel
    /// The model as it was trained.
    var trained: any FactorModel { (model as? ExtendedModel)?.trained ?? model }
    /// Item factors scaled to length 1, for the cosine of two items. An item without factors stays zero. A copy of the
    /// factors with its codes, so it is made when somebody asks for similar items.
    let directions: OnDemand<PackedItems, any Error>
    /// By item index, ‖q_i‖.
    let lengths: [Float]
    let foldIn: UserSolver
    let users: UserSpace

    /// A model with the films of a catalogue that are new to it.
    convenience init(_ model: any FactorModel, with catalog: CatalogSnapshot) throws {
        let films = NewFilms(of: model, in: catalog)
        try self.init(films.isEmpty ? model : ExtendedModel(model, films))
    }

    /// The layout for another catalogue; this one, if its films that are new to the model are as before. O(films).
    /// - Parameter moved: their rows as events have moved them; nil for those there are.
    func following(_ catalog: CatalogSnapshot, moved: [ExactText: [Float]]? = nil) throws -> ModelLayout {
        guard trained.content != nil else { return self }
        let before = (model as? ExtendedModel)?.films
        let films = NewFilms(of: trained, in: catalog, moved: moved ?? before?.moved ?? [:], before: before)
        if films.isEmpty { return before == nil ? self : try ModelLayout(trained) }
        if let before, before.hasSameRows(as: films) { return self }
        return try ModelLayout(ExtendedModel(trained, films))
    }

    /// O(items × rank²): for a large model seconds, so never on a thread that answers requests.
    init(_ model: any FactorModel) throws {
        self.model = model
        let lengths: [Float] = (0..<model.itemCount).map { item in
            model.itemFactors.withRow(item) { row in
                var sum: Float = 0
                for i in 0..<model.tasteColumns { sum += row[i] * row[i] }
                return sum.squareRoot()
            }
        }
        self.lengths = lengths
        directions = OnDemand {
            try PackedItems(Self.scaled(model.itemFactors, model.tasteColumns, by: lengths))
        }
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
