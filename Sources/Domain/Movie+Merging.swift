extension Movie {
    /// Whether two descriptions say the same, whenever they were given and whatever they were measured against.
    public func describes(the other: Movie) -> Bool {
        var (a, b) = (self, other)
        a.updatedAt = b.updatedAt
        (a.popularityNorm, a.voteNorm, b.popularityNorm, b.voteNorm) = (nil, nil, nil, nil)
        return a == b
    }

    /// This film as `news` describes it; what that does not say stays.
    public func updated(by news: Movie) -> Movie {
        var film = news.completed(by: self)
        film.itemID = itemID
        film.isPartial = isPartial && news.isPartial
        film.findings = news.findings.isEmpty ? findings : news.findings
        return film
    }

    /// This film with what it does not say itself, as `other` says it. Identifier, title, time and findings stay.
    public func completed(by other: Movie) -> Movie {
        var film = self
        if film.overview.isEmpty { film.overview = other.overview }
        film.description = Self.description(title: film.title, overview: film.overview)
        film.releaseDate = releaseDate ?? other.releaseDate
        film.year = year ?? other.year
        if film.genres.isEmpty { film.genres = other.genres }
        film.language = language ?? other.language
        film.runtime = runtime ?? other.runtime
        film.popularity = popularity ?? other.popularity
        film.voteAverage = voteAverage ?? other.voteAverage
        film.voteCount = voteCount ?? other.voteCount
        if film.keywords.isEmpty { film.keywords = other.keywords }
        film.director = director ?? other.director
        film.availableFrom = availableFrom ?? other.availableFrom
        film.availableUntil = availableUntil ?? other.availableUntil
        film.tmdbID = tmdbID ?? other.tmdbID
        (film.popularityNorm, film.voteNorm) = (nil, nil)
        return film
    }
}
