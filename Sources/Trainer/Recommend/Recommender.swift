internal import Domain
internal import Linalg

/// A list for one user, from factors alone: what `marquee recommend` prints. Serving blends more into its lists.
public struct Recommendation: Sendable {
    public enum UserState: String, Sendable {
        /// The user was in training.
        case known
        /// The model has not seen the user; the list is the most liked items.
        case new
    }

    public struct Item: Sendable {
        public var itemID: String
        /// ⟨p_u, q_i⟩; for a new user the share of users who like the item.
        public var score: Float
        /// Items of the user's history that speak for this one, the strongest first.
        public var reasons: [Reason]
    }

    public struct Reason: Sendable {
        public var itemID: String
        /// The part of the score that comes from this item of the history.
        public var contribution: Float
    }

    public var model: ModelID
    public var state: UserState
    public var items: [Item]
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
    public func recommend(userID: String, count: Int, reasons: Int = 3) throws -> Recommendation {
        guard let user = model.userIndex(of: userID) else { return mostLiked(count) }
        let (items, confidences) = model.history(of: user)
        let contributions = try Contributions(
            itemFactors: model.itemFactors, gramian: gramian, parameters: model.manifest.parameters,
            items: items.map(\.rawValue), confidences: confidences)
        let best = model.packedItems.topK(
            contributions.vector, count: count, excluding: ItemBitmap(itemCount: model.itemCount, items: items))
        return Recommendation(
            model: model.id, state: .known,
            items: try best.map { item, score in
                let parts = try zip(items, contributions.of(item)).filter { $0.1 > 0 }
                let strongest = parts.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(reasons)
                return Recommendation.Item(
                    itemID: model.itemID(item), score: score,
                    reasons: strongest.map { .init(itemID: model.itemID($0.0), contribution: $0.1) })
            })
    }

    private func mostLiked(_ count: Int) -> Recommendation {
        let order = (0..<model.itemCount).map { ItemIndex($0) }.sorted {
            (-model.popularity(of: $0), $0) < (-model.popularity(of: $1), $1)
        }
        let users = Float(max(model.userCount, 1))
        return Recommendation(
            model: model.id, state: .new,
            items: order.prefix(max(count, 0)).map {
                .init(itemID: model.itemID($0), score: Float(model.popularity(of: $0)) / users, reasons: [])
            })
    }
}
