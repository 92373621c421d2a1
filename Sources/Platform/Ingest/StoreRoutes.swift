internal import Catalog
internal import Domain
public import EventIngest
internal import Foundation
public import Store

/// Which topics become which tables of a store.
public enum StoreRoutes {
    /// Events and impressions into their tables, films into theirs, put in relation to those there already. Blocks.
    /// - Parameters:
    ///   - format: how event messages are written; films and impressions are always JSON.
    ///   - duplicateWindow: see ``DuplicatePolicy``; 0 for none.
    public static func all(
        into store: EventStore, format: EventFormat = .json, duplicateWindow: Int = 65_536
    ) throws -> [TopicRoute] {
        let known = try store.exists() ? try StoredCatalogue(store: store).read() : nil
        let normalizer = CatalogNormalizer(knowing: known?.snapshot ?? .empty)
        let window = duplicateWindow == 0 ? nil : Int64(duplicateWindow)
        return [
            EventTable.route(format: format, duplicates: window.map { DuplicatePolicy(window: $0, store: store) }),
            ImpressionTable.route(
                duplicates: window.map {
                    DuplicatePolicy(
                        window: $0, store: store, table: .impressions, identifier: ImpressionColumn.impressionID)
                }),
            .values(
                topics: [Topics.movies], table: .movies,
                identity: [MovieColumn.itemID, MovieColumn.title, MovieColumn.overview],
                decode: { try FilmTopic.film(of: $0, receivedAt: $1) },
                batch: { try MovieTable.batch(normalizer.normalised($0)) }),
        ]
    }
}
