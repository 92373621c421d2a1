/// One film of the catalogue, as the `movies` topic and table carry it after cleaning.
public struct Movie: Hashable, Sendable {
    public var itemID: String
    public var title: String
    /// Title and overview joined: the text that content similarity reads.
    public var description: String
    /// The synopsis alone.
    public var overview: String
    public var releaseDate: CalendarDate?
    public var year: Int32?
    public var genres: [String]
    /// ISO 639-1, lower case.
    public var language: String?
    /// Minutes.
    public var runtime: Int32?
    public var popularity: Float?
    /// Popularity scaled to `0…1` over the catalogue.
    public var popularityNorm: Float?
    /// `0…10`.
    public var voteAverage: Float?
    public var voteCount: Int32?
    /// Vote average shrunk towards the mean by its count, scaled to `0…1`.
    public var voteNorm: Float?
    public var keywords: [String]
    public var director: String?
    /// No list shows the film before this time, nor from ``availableUntil`` on; nil: no bound.
    public var availableFrom: Timestamp?
    /// See ``availableFrom``.
    public var availableUntil: Timestamp?
    public var updatedAt: Timestamp
    /// The film at The Movie Database, where it has another identifier here.
    public var tmdbID: String?
    /// Whether the description leaves out what its source knows, as pages of a list do: what it does not say stays as it
    /// was said before.
    public var isPartial: Bool
    /// What cleaning found wrong with the source's values, and set right or left out.
    public var findings: [FilmFinding]

    public init(
        itemID: String, title: String, overview: String = "", description: String? = nil,
        releaseDate: CalendarDate? = nil, year: Int32? = nil, genres: [String] = [], language: String? = nil,
        runtime: Int32? = nil, popularity: Float? = nil, popularityNorm: Float? = nil, voteAverage: Float? = nil,
        voteCount: Int32? = nil, voteNorm: Float? = nil, keywords: [String] = [], director: String? = nil,
        availableFrom: Timestamp? = nil, availableUntil: Timestamp? = nil,
        updatedAt: Timestamp = Timestamp(microseconds: 0), tmdbID: String? = nil, isPartial: Bool = false,
        findings: [FilmFinding] = []
    ) {
        self.itemID = itemID
        self.title = title
        self.overview = overview
        self.description = description ?? Self.description(title: title, overview: overview)
        self.releaseDate = releaseDate
        self.year = year ?? releaseDate.map(\.year)
        self.genres = genres
        self.language = language
        self.runtime = runtime
        self.popularity = popularity
        self.popularityNorm = popularityNorm
        self.voteAverage = voteAverage
        self.voteCount = voteCount
        self.voteNorm = voteNorm
        self.keywords = keywords
        self.director = director
        self.availableFrom = availableFrom
        self.availableUntil = availableUntil
        self.updatedAt = updatedAt
        self.tmdbID = tmdbID
        self.isPartial = isPartial
        self.findings = findings
    }

    /// The first year of the decade, such as 1990.
    public var decade: Int32? { year.map { $0.flooredDivision(by: 10) * 10 } }

    /// ``description`` of a title and an overview.
    public static func description(title: String, overview: String) -> String {
        overview.isEmpty ? title : "\(title). \(overview)"
    }

    /// The mark that a film is withdrawn: nothing but its identifier and the time. A film itself has a title.
    public static func withdrawn(_ itemID: String, at time: Timestamp) -> Movie {
        Movie(itemID: itemID, title: "", updatedAt: time)
    }

    /// Whether this is the mark of a film that is not there any more.
    public var isWithdrawn: Bool { title.isEmpty }
}
