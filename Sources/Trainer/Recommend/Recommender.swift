internal import Domain
internal import Linalg

/// A list for one user, from factors alone: what models are compared by. Serving blends more into its lists.
public struct FactorList: Sendable {
    /// Whose list it is.
    public enum Basis: Sendable {
        /// The user's own: they were in training.
        case history
        /// Everybody's, the most liked items: the model has not seen the user.
        case mostLiked
    }

    /// One place of a list.
    public struct Entry: Sendable {
        public var itemID: String
        /// ⟨p_u, q_i⟩, in an explicit model with the item's bias; for a new user the share of users who like the item.
        public var score: Float
        /// Items of the user's history that speak for this one, the strongest first.
        public var reasons: [Evidence]
    }

    /// One item of the user's history behind a recommendation. In an implicit model the parts of the whole history add
    /// up to the score (Hu et al. 2008, section 5); those of zero or less are not named.
    public struct Evidence: Sendable {
        public var itemID: String
        /// The part of the score that comes from this item of the history.
        public var contribution: Float
    }

    public var model: ModelID
    public var basis: Basis
    public var items: [Entry]
}

/// Answers single questions from a model, without a server.
public struct Recommender: Sendable {
    private let model: MappedModel
    private let gramian: Gramian

    /// O(items × rank²).
    public init(_ model: MappedModel) throws {
        self.model = model
        gramian = try Gramian(of: model.itemFactors)
    }

    /// The `count` items of highest score that are not in the user's history, best first, equal scores by item index.
    /// - Parameter reasons: at most so many for each item.
    public func recommend(userID: String, count: Int, reasons: Int = 3) throws -> FactorList {
        guard let user = model.userIndex(of: userID) else { return mostLiked(count) }
        let (items, confidences) = model.history(of: user)
        let seen = ItemBitmap(itemCount: model.itemCount, items: items)
        if let ratings = model.manifest.ratings, let parameters = model.manifest.recipe.ratingParameters {
            return try byStars(
                RatingFoldIn(items: model.itemFactors, mean: ratings.mean, parameters: parameters), items, confidences,
                count, seen, reasons)
        }
        let contributions = try Contributions(
            itemFactors: model.itemFactors, gramian: gramian, parameters: model.manifest.parameters,
            items: items.map(\.rawValue), confidences: confidences)
        let best = model.packedItems.topK(
            contributions.vector, count: count, excluding: seen)
        return FactorList(
            model: model.id, basis: .history,
            items: try best.map { item, score in
                FactorList.Entry(
                    itemID: model.itemID(item), score: score,
                    reasons: strongest(try contributions.of(item), of: items, reasons))
            })
    }

    /// A list of an explicit model. A non-negative one has no reasons: its vectors are no sums over the history.
    private func byStars(
        _ foldIn: RatingFoldIn, _ items: [ItemIndex], _ ratings: [Float], _ count: Int, _ seen: ItemBitmap,
        _ reasons: Int
    ) throws -> FactorList {
        let rows = items.map(\.rawValue)
        let best = model.packedItems.topK(
            try foldIn.row(items: rows, ratings: ratings), count: count, excluding: seen)
        let parts =
            foldIn.parameters.isNonNegative || reasons == 0
            ? best.map { _ in [] }
            : try foldIn.contributions(items: rows, ratings: ratings, to: best.map(\.item.position))
        return FactorList(
            model: model.id, basis: .history,
            items: zip(best, parts).map { best, parts in
                .init(itemID: model.itemID(best.item), score: best.score, reasons: strongest(parts, of: items, reasons))
            })
    }

    private func strongest(_ parts: [Float], of items: [ItemIndex], _ count: Int) -> [FactorList.Evidence] {
        zip(items, parts).filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(count)
            .map { .init(itemID: model.itemID($0.0), contribution: $0.1) }
    }

    private func mostLiked(_ count: Int) -> FactorList {
        let order = (0..<model.itemCount).map { ItemIndex($0) }.sorted {
            (-model.popularity(of: $0), $0) < (-model.popularity(of: $1), $1)
        }
        let users = Float(max(model.userCount, 1))
        return FactorList(
            model: model.id, basis: .mostLiked,
            items: order.prefix(max(count, 0)).map {
                .init(itemID: model.itemID($0), score: Float(model.popularity(of: $0)) / users, reasons: [])
            })
    }
}
