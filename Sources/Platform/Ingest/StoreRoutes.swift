internal import Domain
public import EventIngest
public import Store

/// Which topics become which tables of a store.
public enum StoreRoutes {
    /// Events and impressions into their tables, films into theirs, cleaned and put in relation to those there already.
    /// - Parameters:
    ///   - format: how event messages are written; impressions are always JSON, films as their sources give them out
    ///     (docs/catalogue.md).
    ///   - duplicateWindow: see ``DuplicatePolicy``; 0 for none.
    /// - Throws: what stands in the way of looking at the store at all.
    public static func all(
        into store: EventStore, format: EventFormat = .json, duplicateWindow: Int = 65_536
    ) throws -> [TopicRoute] {
        _ = try store.exists()
        let window = duplicateWindow == 0 ? nil : Int64(duplicateWindow)
        return [
            EventTable.route(format: format, duplicates: window.map { DuplicatePolicy(window: $0, store: store) }),
            ImpressionTable.route(
                duplicates: window.map {
                    DuplicatePolicy(
                        window: $0, store: store, table: .impressions, identifier: ImpressionColumn.impressionID)
                }),
            TopicRoute(
                topics: [Topics.movies], table: .movies,
                identity: [MovieColumn.itemID, MovieColumn.title, MovieColumn.overview],
                keepsParts: true, repeatsBy: MovieColumn.updatedAt, makeComparer: { FilmAppender(store: nil) },
                makeAppender: { FilmAppender(store: store) }),
        ]
    }
}
