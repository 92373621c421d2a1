public import Domain
public import Linalg

/// The vector of a user who is new, or has new events, by the equations of the model's kind: what ``FoldIn`` is to
/// implicit models, for both. Immutable; any number of threads may use one.
public struct UserSolver: Sendable {
    private enum Kind {
        case implicit(FoldIn)
        case explicit(RatingFoldIn)
    }

    private let kind: Kind
    private let items: Matrix
    private let parameters: ALSParameters
    /// Of the items; nil in an explicit model, whose equations have none.
    private let gramian: Gramian?
    /// Items of the training.
    private let others: Int

    /// O(items × rank²).
    public init(_ model: MappedModel) throws {
        guard let ratings = model.manifest.ratings, let parameters = model.manifest.recipe.ratingParameters else {
            try self.init(itemFactors: model.itemFactors, parameters: model.manifest.parameters)
            return
        }
        self.init(
            kind: .explicit(RatingFoldIn(items: model.itemFactors, mean: ratings.mean, parameters: parameters)),
            items: model.itemFactors, parameters: model.manifest.parameters)
    }

    /// Of an implicit model. O(items × rank²).
    public init(itemFactors: Matrix, parameters: ALSParameters) throws {
        let gramian = try Gramian(of: itemFactors)
        self.init(
            kind: .implicit(try FoldIn(itemFactors: itemFactors, gramian: gramian, parameters: parameters)),
            items: itemFactors, parameters: parameters, gramian: gramian)
    }

    private init(
        kind: Kind, items: Matrix, parameters: ALSParameters, gramian: Gramian? = nil, others: Int? = nil
    ) {
        self.kind = kind
        self.others = others ?? items.rows
        self.gramian = gramian
        self.items = items
        self.parameters = parameters
    }

    /// The same equations over further items, behind those of training: the rows of films that it had no events of.
    /// - Parameter items: begins with the rows that this has.
    public func extended(to items: Matrix) throws -> UserSolver {
        switch kind {
        case .implicit:
            let gramian = try gramian ?? Gramian(of: self.items)
            return UserSolver(
                kind: .implicit(
                    try FoldIn(
                        itemFactors: items, gramian: gramian, parameters: parameters, others: self.items.rows)),
                items: items, parameters: parameters, gramian: gramian, others: others)
        case .explicit(let foldIn):
            return UserSolver(
                kind: .explicit(RatingFoldIn(items: items, mean: foldIn.mean, parameters: foldIn.parameters)),
                items: items, parameters: parameters, others: others)
        }
    }

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

    /// What each item of the history adds to the product of the user's row, as ``vector(items:confidences:)`` has it, with
    /// the row of `target`; an item's bias, of a model that has one, comes on top. Zeros under the non-negative
    /// constraint, where no such sum exists. See ``Contributions``.
    /// - Throws: ``ALSError`` or ``LinalgError``. O(items × rank² + rank³).
    public func contributions(items rows: [Int32], confidences: [Float], to target: ItemIndex) throws -> [Float] {
        guard !rows.isEmpty else { return [] }
        switch kind {
        case .implicit:
            return try Contributions(
                itemFactors: items, gramian: gramian ?? Gramian(of: items), parameters: parameters, items: rows,
                confidences: confidences, others: others
            ).of(target)
        case .explicit(let foldIn):
            guard !foldIn.parameters.isNonNegative else { return [Float](repeating: 0, count: rows.count) }
            return try foldIn.contributions(items: rows, ratings: confidences, to: [target.position])[0]
        }
    }
}
