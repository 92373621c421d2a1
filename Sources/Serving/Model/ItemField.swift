internal import Domain

/// What of a film can be asked for by `fields=`, under the names of the `movies` table.
enum ItemField: String, CaseIterable {
    case title, overview, year, genres, language, runtime, director, popularity, keywords
    case releaseDate = "release_date"
    case voteAverage = "vote_average"
    case voteCount = "vote_count"
    case availableFrom = "available_from"
    case availableUntil = "available_until"
    case updatedAt = "updated_at"

    /// Writes name and value; `null` where the film, or the fact, is not known.
    func write(_ movie: Movie?, to json: inout JSONWriter) {
        switch self {
        case .title: Self.write("title", movie?.title, &json)
        case .overview: Self.write("overview", movie?.overview, &json)
        case .year: Self.write("year", movie?.year.map(Int.init), &json)
        case .genres: Self.write("genres", movie?.genres, &json)
        case .language: Self.write("language", movie?.language, &json)
        case .runtime: Self.write("runtime", movie?.runtime.map(Int.init), &json)
        case .director: Self.write("director", movie?.director, &json)
        case .popularity: Self.write("popularity", movie?.popularity, &json)
        case .keywords: Self.write("keywords", movie?.keywords, &json)
        case .releaseDate: Self.write("release_date", movie?.releaseDate?.description, &json)
        case .voteAverage: Self.write("vote_average", movie?.voteAverage, &json)
        case .voteCount: Self.write("vote_count", movie?.voteCount.map(Int.init), &json)
        case .availableFrom: Self.write("available_from", movie?.availableFrom?.description, &json)
        case .availableUntil: Self.write("available_until", movie?.availableUntil?.description, &json)
        case .updatedAt: Self.write("updated_at", movie?.updatedAt.description, &json)
        }
    }

    private static func write(_ name: StaticString, _ value: String?, _ json: inout JSONWriter) {
        json.name(name)
        if let value { json.value(value) } else { json.null() }
    }

    private static func write(_ name: StaticString, _ value: Int?, _ json: inout JSONWriter) {
        json.name(name)
        if let value { json.value(value) } else { json.null() }
    }

    private static func write(_ name: StaticString, _ value: Float?, _ json: inout JSONWriter) {
        json.name(name)
        if let value { json.value(value) } else { json.null() }
    }

    private static func write(_ name: StaticString, _ value: [String]?, _ json: inout JSONWriter) {
        json.name(name)
        if let value { json.array { for text in value { $0.value(text) } } } else { json.null() }
    }
}
