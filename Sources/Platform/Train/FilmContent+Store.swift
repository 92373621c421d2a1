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
        return FilmContent(films: films) { liked, excluded, count in
            index.mostSimilar(to: liked, excluding: excluded, limit: count).map { (id: $0.itemID, score: $0.score) }
        }
    }
}
