internal import Domain
public import EventIngest
public import Operations
public import Store

/// Which topics become which tables of a store.
public enum StoreRoutes {
    /// Events and impressions into their tables, films into theirs, cleaned and put in relation to those there already.
    /// - Parameters:
    ///   - format: how event messages are written; impressions are always JSON, films as their sources give them out
    ///     (docs/catalogue.md).
    ///   - duplicateWindow: see ``DuplicatePolicy``; 0 for none.
    ///   - keepsText: whether the words of reviews are kept.
    ///   - pseudonyms: keys of what users are called; nil for their identifiers as they are. The ingester's configuration
    ///     must name the same.
    /// - Throws: what stands in the way of looking at the store at all.
    public static func all(
        into store: EventStore, format: EventFormat = .json, duplicateWindow: Int = 65_536,
        keepingText keepsText: Bool = false, pseudonyms: PseudonymKeys? = nil
    ) throws -> [TopicRoute] {
        _ = try store.exists()
        let window = duplicateWindow == 0 ? nil : Int64(duplicateWindow)
        var films = TopicRoute(
            topics: [Topics.movies], table: .movies,
            identity: [MovieColumn.itemID, MovieColumn.title, MovieColumn.overview],
            keepsParts: true, repeatsBy: MovieColumn.updatedAt, makeComparer: { FilmAppender(store: nil) },
            makeAppender: { FilmAppender(store: store) })
        var impressions = ImpressionTable.route(
            duplicates: window.map {
                DuplicatePolicy(
                    window: $0, store: store, table: .impressions, identifier: ImpressionColumn.impressionID)
            }, pseudonyms: pseudonyms)
        // Producers mistake the topic.
        if let pseudonyms {
            films.refusedForm = .digestOfPersons(pseudonyms)
        } else if !keepsText {
            films.refusedForm = .withoutReviewText
            impressions.refusedForm = .withoutReviewText
        }
        return [
            EventTable.route(
                format: format, duplicates: window.map { DuplicatePolicy(window: $0, store: store) },
                keepingText: keepsText, pseudonyms: pseudonyms),
            impressions, films,
        ]
    }
}
