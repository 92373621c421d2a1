internal import Domain

/// Some films of the catalogue in the order of their identifiers: those behind a cursor, as many as were asked for.
///
/// The cursor is the last identifier given, so films that come or go between two pages neither shift nor repeat others.
struct CataloguePage {
    let state: ServingState
    let films: [Movie]
    /// Films that the filter lets through, on all pages.
    let total: Int
    /// nil on the last page.
    let nextCursor: String?

    /// O(films).
    /// - Throws: for a filter or a cursor that cannot be understood.
    init(_ request: ListRequest, of state: ServingState) throws(ServingError) {
        let selection = try request.filter.map { filter throws(ServingError) in try state.select(filter) }
        let movies = state.items.movies
        let places = state.items.moviePlaces
        var first = 0
        if let text = request.cursor {
            guard let bytes = Base64URL.bytes(of: text), bytes.first == Self.version,
                let id = String(validating: bytes.dropFirst(), as: UTF8.self)
            else { throw .badCursor }
            first = Self.place(behind: id, in: movies)
        }
        var films: [Movie] = []
        var total = 0
        var hasMore = false
        for (number, place) in places.enumerated() where selection?.contains(place) != false {
            total += 1
            guard number >= first else { continue }
            if films.count < request.count { films.append(movies[number]) } else { hasMore = true }
        }
        self.state = state
        self.films = films
        self.total = total
        nextCursor = hasMore ? films.last.map { Base64URL.text(of: [Self.version] + Array($0.itemID.utf8)) } : nil
    }

    private static let version: UInt8 = 1

    /// The first film whose identifier is greater. O(log films).
    private static func place(behind id: String, in movies: [Movie]) -> Int {
        var (low, high) = (0, movies.count)
        while low < high {
            let middle = (low + high) / 2
            if id.utf8.lexicographicallyPrecedes(movies[middle].itemID.utf8) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
