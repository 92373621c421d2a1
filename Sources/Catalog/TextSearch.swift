/// Where films are found by words: ``ContentIndex`` in this process, or ``ElasticsearchClient``.
public protocol TextSearch: Sendable {
    /// The films that have every word of the text in title or synopsis, best first, equal scores by the bytes of the
    /// identifier.
    /// - Parameter limit: how many at most.
    /// - Throws: A ``Fault`` of category `unavailable` when the source cannot be asked now.
    func search(_ text: String, limit: Int) async throws -> [ScoredItem]
}
