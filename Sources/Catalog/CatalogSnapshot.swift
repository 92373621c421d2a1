public import Domain

/// The catalogue as it stood at one moment: films by identifier, with popularity and votes in relation to each other.
public struct CatalogSnapshot: Sendable {
    /// Ascending by the bytes of the identifier.
    public let movies: [Movie]
    /// The films that were withdrawn, by identifier, and when.
    public let withdrawn: [String: Timestamp]
    private let places: [String: Int]

    /// No catalogue at all.
    public static let empty = CatalogSnapshot([])

    /// A catalogue that had films, of which none is left.
    public static let emptied = CatalogSnapshot([], isThere: true)

    /// - Parameter movies: Films and marks of withdrawal (``Movie/isWithdrawn``) in any order; of several with one
    ///   identifier the newest `updatedAt` counts, of equally new ones the last.
    public init(_ movies: some Sequence<Movie>) { self.init(movies, isThere: false) }

    private init(_ movies: some Sequence<Movie>, isThere: Bool) {
        var latest: [String: Movie] = [:]
        for movie in movies {
            if let known = latest[movie.itemID], known.updatedAt > movie.updatedAt { continue }
            latest[movie.itemID] = movie
        }
        withdrawn = latest.filter { $0.value.isWithdrawn }.mapValues(\.updatedAt)
        for itemID in withdrawn.keys { latest[itemID] = nil }
        var sorted = latest.values.sorted { $0.itemID.utf8.lexicographicallyPrecedes($1.itemID.utf8) }
        var scale = CatalogScale()
        for movie in sorted { scale.observe(movie) }
        for index in sorted.indices { scale.apply(to: &sorted[index]) }
        self.movies = sorted
        self.isThere = isThere || !sorted.isEmpty || !withdrawn.isEmpty
        places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.itemID, $0) })
    }

    /// The same catalogue after more films and marks of withdrawal. O(films log films).
    public func updated(with rows: some Sequence<Movie>) -> CatalogSnapshot {
        CatalogSnapshot(movies + withdrawn.map { Movie.withdrawn($0.key, at: $0.value) } + rows)
    }

    /// Distinct films. O(1).
    public var count: Int { movies.count }

    /// Whether there is a catalogue: a film, the mark of one, or the place of those that were deleted.
    public let isThere: Bool

    /// The film of that identifier, nil if the catalogue has none. O(1).
    public subscript(itemID: String) -> Movie? { places[itemID].map { movies[$0] } }
}
