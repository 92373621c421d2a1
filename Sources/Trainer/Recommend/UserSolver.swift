public import Linalg

/// The vector of a user who is new, or has new events, by the equations of the model's kind: what ``FoldIn`` is to
/// implicit models, for both. Immutable; any number of threads may use one.
public struct UserSolver: Sendable {
    private enum Kind {
        case implicit(FoldIn)
        case explicit(RatingFoldIn)
    }

    private let kind: Kind

    /// O(items × rank²).
    public init(_ model: MappedModel) throws {
        guard let ratings = model.manifest.ratings, let parameters = model.manifest.recipe.ratingParameters else {
            try self.init(itemFactors: model.itemFactors, parameters: model.manifest.parameters)
            return
        }
        self.init(kind: .explicit(RatingFoldIn(items: model.itemFactors, mean: ratings.mean, parameters: parameters)))
    }

    /// Of an implicit model. O(items × rank²).
    public init(itemFactors: Matrix, parameters: ALSParameters) throws {
        self.init(kind: .implicit(try FoldIn(itemFactors: itemFactors, parameters: parameters)))
    }

    private init(kind: Kind) { self.kind = kind }

    /// The user's row from the **full** history: its product with an item's row orders the items.
    /// - Parameters:
    ///   - items: rows of the item factors.
    ///   - confidences: one for each item, as the model's weights make them.
    /// - Throws: ``ALSError``. O(items × rank² + rank³).
    public func vector(items: [Int32], confidences: [Float]) throws -> [Float] {
        switch kind {
        case .implicit(let foldIn): try foldIn.vector(items: items, confidences: confidences)
        case .explicit(let foldIn): try foldIn.row(items: items, ratings: confidences)
        }
    }
}
