internal import Domain

/// Some films of the catalogue in the order of their identifiers: those behind a cursor, as many as were asked for.
struct CataloguePage {
    let state: ServingState
    let films: [Movie]
    /// Films that the filter lets through, on all pages.
    let total: Int
    /// nil on the last page.
    let nextCursor: String?

    /// O(films).
    /// - Throws: for a filter that cannot be understood, and for a cursor that is none, is too old, or is of other films.
    init(_ request: ListRequest, of state: ServingState, now: Timestamp = .now) throws(ServingError) {
        let selection = try request.filter.map { filter throws(ServingError) in try state.select(filter) }
        let movies = state.items.movies
        let places = state.items.moviePlaces
        let fingerprint = ListPage.fingerprint(request, "items")
        var first = 0
        if let text = request.cursor {
            let cursor = try CatalogueCursor(text)
            guard cursor.fingerprint == fingerprint else { throw .cursorOfAnotherList }
            try ListCursor.check(madeAt: cursor.madeAt, at: now)
            first = Self.place(behind: cursor.last, in: movies)
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
        nextCursor =
            hasMore
            ? films.last.map { CatalogueCursor(madeAt: now, fingerprint: fingerprint, last: $0.itemID).text } : nil
    }

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

/// Where a page of the catalogue ended: behind which film, and of which films.
///
/// The film is named, so that films that come or go between two pages neither shift nor repeat others. Each page has a
/// cursor of its own time: whoever reads a large catalogue may take longer over all of it than a cursor is good for.
struct CatalogueCursor: Hashable {
    /// When the page was made.
    var madeAt: Timestamp
    /// Of the filter.
    var fingerprint: UInt64
    /// The last identifier given.
    var last: String

    init(madeAt: Timestamp, fingerprint: UInt64, last: String) {
        self.madeAt = madeAt
        self.fingerprint = fingerprint
        self.last = last
    }

    var text: String {
        var bytes = [CursorSeal.Kind.catalogue.rawValue]
        for number in [UInt64(bitPattern: madeAt.microseconds), fingerprint] {
            for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))) }
        }
        return CursorSeal.text(of: bytes + Array(last.utf8))
    }

    /// - Throws: ``ServingError/badCursor``, ``ServingError/cursorOfAnotherList``.
    init(_ text: String) throws(ServingError) {
        let bytes = try CursorSeal.bytes(of: text, .catalogue)
        guard bytes.count > 17, let last = String(validating: bytes[17...], as: UTF8.self) else { throw .badCursor }
        self.init(
            madeAt: Timestamp(microseconds: Int64(bitPattern: CursorSeal.number(bytes[1..<9]))),
            fingerprint: CursorSeal.number(bytes[9..<17]), last: last)
    }
}
