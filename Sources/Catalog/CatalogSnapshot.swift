public import Domain

/// The catalogue as it stood at one moment: films by identifier, with popularity and votes in relation to each other.
public struct CatalogSnapshot: Sendable {
    /// Ascending by the bytes of the identifier.
    public let movies: [Movie]
    /// The films that were withdrawn, by identifier, and when.
    public let withdrawn: [ExactText: Timestamp]
    private let places: [ExactText: Int]

    /// No catalogue at all.
    public static let empty = CatalogSnapshot([])

    /// A catalogue that had films, of which none is left.
    public static let emptied = CatalogSnapshot([], isThere: true)

    /// - Parameter movies: Films and marks of withdrawal (``Movie/isWithdrawn``) in any order; of several with one
    ///   identifier the newest `updatedAt` counts, of equally new ones the last. What a partial one does not say stays as
    ///   those before it said it.
    public init(_ movies: some Sequence<Movie>) { self.init(movies, isThere: false) }

    private init(_ movies: some Sequence<Movie>, isThere: Bool) {
        // Looked through twice where some are partial.
        let movies = Array(movies)
        var latest: [ExactText: Movie] = [:]
        var partial: Set<ExactText> = []
        for movie in movies {
            let itemID = ExactText(movie.itemID)
            if movie.isPartial { partial.insert(itemID) }
            if let known = latest[itemID], known.updatedAt > movie.updatedAt { continue }
            latest[itemID] = movie
        }
        if !partial.isEmpty { Self.complete(partial, of: movies, in: &latest) }
        let withdrawn = latest.filter { $0.value.isWithdrawn }.mapValues(\.updatedAt)
        for itemID in withdrawn.keys { latest[itemID] = nil }
        let sorted = latest.values.sorted { $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8) }
        self.init(sorted: sorted, withdrawn: withdrawn, isThere: isThere)
    }

    /// - Parameters:
    ///   - movies: ascending, each once.
    ///   - places: by identifier where each stands, if that is known.
    private init(
        sorted movies: [Movie], withdrawn: [ExactText: Timestamp], isThere: Bool, places: [ExactText: Int]? = nil
    ) {
        var movies = movies
        // By index: a film that is taken out is copied, field by field.
        var scale = CatalogScale()
        for index in movies.indices { scale.observe(movies[index]) }
        for index in movies.indices { scale.apply(to: &movies[index]) }
        self.movies = movies
        self.withdrawn = withdrawn
        self.isThere = isThere || !movies.isEmpty || !withdrawn.isEmpty
        self.places =
            places ?? Dictionary(uniqueKeysWithValues: movies.indices.lazy.map { (ExactText(movies[$0].itemID), $0) })
    }

    /// Lets partial descriptions add to those before them, in the order of their times.
    private static func complete(
        _ partial: Set<ExactText>, of movies: [Movie], in latest: inout [ExactText: Movie]
    ) {
        let rows = Dictionary(grouping: movies.lazy.filter { partial.contains(ExactText($0.itemID)) }) {
            ExactText($0.itemID)
        }
        for (itemID, rows) in rows {
            // Stable: of equally new ones the last counts.
            let sorted = rows.enumerated().sorted {
                ($0.element.updatedAt, $0.offset) < ($1.element.updatedAt, $1.offset)
            }
            var film: Movie?
            for (_, row) in sorted {
                if row.isPartial, let known = film, !known.isWithdrawn {
                    film = known.updated(by: row)
                } else {
                    film = row
                }
            }
            latest[itemID] = film
        }
    }

    /// The same catalogue after more films and marks of withdrawal. O(films), but little of it for each film.
    public func updated(with rows: some Sequence<Movie>) -> CatalogSnapshot {
        var latest: [ExactText: Movie] = [:]
        for row in rows {
            let itemID = ExactText(row.itemID)
            let known = latest[itemID] ?? self[row.itemID]
            if let last = known?.updatedAt ?? withdrawn[itemID], last > row.updatedAt { continue }
            if row.isPartial, let known, !known.isWithdrawn {
                latest[itemID] = known.updated(by: row)
            } else {
                latest[itemID] = row
            }
        }
        var (movies, withdrawn) = (movies, withdrawn)
        var (gone, new): (Set<Int>, [Movie]) = ([], [])
        for (itemID, row) in latest {
            withdrawn[itemID] = row.isWithdrawn ? row.updatedAt : nil
            let place = places[itemID]
            if let place, !row.isWithdrawn {
                movies[place] = row
            } else {
                if let place { gone.insert(place) }
                if !row.isWithdrawn { new.append(row) }
            }
        }
        if gone.isEmpty, new.isEmpty {
            return CatalogSnapshot(sorted: movies, withdrawn: withdrawn, isThere: isThere, places: places)
        }
        if !gone.isEmpty { movies = movies.indices.filter { !gone.contains($0) }.map { movies[$0] } }
        if new.count > 100 {
            movies = (movies + new).sorted { $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8) }
        } else {
            for movie in new { movies.insert(movie, at: Self.place(of: movie, in: movies)) }
        }
        return CatalogSnapshot(sorted: movies, withdrawn: withdrawn, isThere: isThere)
    }

    /// Where a film belongs among films in order. O(log films).
    private static func place(of movie: Movie, in movies: [Movie]) -> Int {
        var (low, high) = (0, movies.count)
        while low < high {
            let middle = (low + high) / 2
            if movies[middle].itemID.utf8.lexicographicallyPrecedes(movie.itemID.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Distinct films. O(1).
    public var count: Int { movies.count }

    /// Whether there is a catalogue: a film, the mark of one, or the place of those that were deleted.
    public let isThere: Bool

    /// The film of that identifier, nil if the catalogue has none. O(1).
    public subscript(itemID: String) -> Movie? { places[ExactText(itemID)].map { movies[$0] } }
}
