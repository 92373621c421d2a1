internal import Catalog
internal import Columnar
internal import Domain
public import Store
public import Trainer

extension FilmContent {
    /// What the store's table of films says, with an index of its words; nil if there is no film. Blocks.
    public static func read(from store: EventStore) throws -> FilmContent? {
        guard let table = try store.openIfPresent(.movies) else { return nil }
        let films = try MovieTable.catalogue(of: try table.snapshot()).movies
        guard !films.isEmpty else { return nil }
        let index = ContentIndex(films)
        // The index numbers films in an order of its own.
        let places = Dictionary(
            films.enumerated().map { (ExactText($0.element.itemID), $0.offset) },
            uniquingKeysWith: { first, _ in first })
        let inOrder = index.films.compactMap { places[ExactText($0)] }.map { films[$0] }
        return FilmContent(films: inOrder) { liked, excluded, count in
            index.mostSimilar(to: liked, excluding: excluded, limit: count).map { (film: $0.document, score: $0.score) }
        }
    }
}
