public import Catalog
internal import Columnar
public import Domain
public import Store

/// Films on their way into the table of films.
public enum ImportedFilms {
    /// Adds the films that the store does not have or describes otherwise. Of a film that is there, what the data set
    /// does not speak of (a synopsis from elsewhere, figures) stays. Blocks.
    /// - Returns: how many were there already.
    public static func store(_ films: [Movie], in store: EventStore) throws -> Int {
        guard !films.isEmpty else { return 0 }
        let table = try store.openOrCreate(.movies)
        let known = try MovieTable.catalogue(of: table.snapshot())
        let news = films.compactMap { film -> Movie? in
            let film = MovieCleaner.clean(film)
            guard let stored = known[film.itemID] else { return film }
            let whole = stored.updated(by: film)
            return whole.describes(the: stored) ? nil : whole
        }
        try append(news, knowing: known, to: table)
        return films.count - news.count
    }

    /// Adds films as they are; the table comes with the first of them. Blocks.
    /// - Parameter known: what the table has, which says what a film's popularity is measured against.
    public static func append(_ films: [Movie], knowing known: CatalogSnapshot, in store: EventStore) throws {
        guard !films.isEmpty else { return }
        try append(films, knowing: known, to: store.openOrCreate(.movies))
    }

    private static func append(_ films: [Movie], knowing known: CatalogSnapshot, to table: DeltaTable) throws {
        guard !films.isEmpty else { return }
        let normalizer = CatalogNormalizer(knowing: known)
        _ = try table.append([MovieTable.batch(normalizer.normalised(films))], operation: "IMPORT")
    }
}
