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

    public init(
        itemID: String, title: String, overview: String = "", description: String? = nil,
        releaseDate: CalendarDate? = nil, year: Int32? = nil, genres: [String] = [], language: String? = nil,
        runtime: Int32? = nil, popularity: Float? = nil, popularityNorm: Float? = nil, voteAverage: Float? = nil,
        voteCount: Int32? = nil, voteNorm: Float? = nil, keywords: [String] = [], director: String? = nil,
        availableFrom: Timestamp? = nil, availableUntil: Timestamp? = nil,
        updatedAt: Timestamp = Timestamp(microseconds: 0)
    ) {
        self.itemID = itemID
        self.title = title
        self.overview = overview
        self.description = description ?? (overview.isEmpty ? title : "\(title). \(overview)")
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
    }

    /// The mark that a film is withdrawn: nothing but its identifier and the time. A film itself has a title.
    public static func withdrawn(_ itemID: String, at time: Timestamp) -> Movie {
        Movie(itemID: itemID, title: "", updatedAt: time)
    }

    /// Whether this is the mark of a film that is not there any more.
    public var isWithdrawn: Bool { title.isEmpty }
}
