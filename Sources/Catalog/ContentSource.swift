/// An item and how well it fits; higher is better, comparable within one answer only.
public struct ScoredItem: Hashable, Sendable {
    public var itemID: String
    public var score: Float

    public init(itemID: String, score: Float) {
        self.itemID = itemID
        self.score = score
    }
}

/// Where "films like these" comes from: ``ContentIndex`` in this process, or ``ElasticsearchClient``.
///
/// Both compute the same more_like_this over title, overview and genres: the same films in the same order.
public protocol ContentSource: Sendable {
    /// What to call it in a list of degraded parts, such as `elasticsearch`.
    var name: String { get }

    /// The items most like `itemIDs` taken together.
    /// - Parameters:
    ///   - itemIDs: The liked items. Those the source does not know count for nothing; all unknown: an empty answer.
    ///   - excluding: Items that must not come back; the liked ones never do.
    ///   - filter: What an item must be like; nil: anything. It is asked of every item, so none that fits is missed.
    ///   - limit: How many at most; fewer come back only if fewer share a word with the liked ones.
    /// - Returns: Descending by score; equal scores ascending by the bytes of the identifier.
    /// - Throws: A ``Fault`` of category `unavailable` when the source cannot be asked now; it says so quickly.
    func similar(
        to itemIDs: [String], excluding: [String], where filter: FilmFilter?, limit: Int
    ) async throws -> [ScoredItem]
}

extension ContentSource {
    /// The same of all films, whatever they are like.
    public func similar(to itemIDs: [String], excluding: [String], limit: Int) async throws -> [ScoredItem] {
        try await similar(to: itemIDs, excluding: excluding, where: nil, limit: limit)
    }
}
