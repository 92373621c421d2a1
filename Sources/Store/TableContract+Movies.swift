import Columnar

extension TableContract {
    /// The catalogue: one row for each film and update. The newest `updated_at` of an item wins;
    /// a row with an empty title withdraws it, and one that is partial leaves standing what it does not say.
    ///
    /// Only identifier, title, description, the two lists and the time are never null. Which message a row was is null for
    /// films that did not come through Kafka.
    public static let movies = TableContract(
        name: "movies",
        schema: Schema([
            Field(MovieColumn.itemID, .string, nullable: false),
            Field(MovieColumn.title, .string, nullable: false),
            Field(MovieColumn.description, .string, nullable: false),
            Field(MovieColumn.overview, .string),
            Field(MovieColumn.releaseDate, .date),
            Field(MovieColumn.year, .int32),
            Field(MovieColumn.genres, .list(.string, elementNullable: false), nullable: false),
            Field(MovieColumn.language, .string),
            Field(MovieColumn.runtime, .int32),
            Field(MovieColumn.popularity, .float),
            Field(MovieColumn.popularityNorm, .float),
            Field(MovieColumn.voteAverage, .float),
            Field(MovieColumn.voteCount, .int32),
            Field(MovieColumn.voteNorm, .float),
            Field(MovieColumn.keywords, .list(.string, elementNullable: false), nullable: false),
            Field(MovieColumn.director, .string),
            Field(MovieColumn.updatedAt, .timestamp, nullable: false),
            Field(MovieColumn.availableFrom, .timestamp),
            Field(MovieColumn.availableUntil, .timestamp),
            Field(OriginColumn.topic, .string),
            Field(OriginColumn.partition, .int32),
            Field(OriginColumn.offset, .int64),
            Field(MovieColumn.decade, .int32),
            Field(MovieColumn.tmdbID, .string),
            Field(MovieColumn.isPartial, .bool),
            Field(MovieColumn.findings, .list(.string, elementNullable: false)),
        ]))
}

/// Columns of ``TableContract/movies``. Their meaning is that of the properties of `Movie`.
public enum MovieColumn {
    /// The film.
    public static let itemID = "item_id"
    /// As it is shown.
    public static let title = "title"
    /// Title and overview joined: the text that content similarity reads.
    public static let description = "description"
    /// The synopsis alone.
    public static let overview = "overview"
    /// A day.
    public static let releaseDate = "release_date"
    /// Of the release.
    public static let year = "year"
    /// Names, in the order of the source.
    public static let genres = "genres"
    /// ISO 639-1, lower case.
    public static let language = "language"
    /// Minutes.
    public static let runtime = "runtime"
    /// As the source states it.
    public static let popularity = "popularity"
    /// Scaled to `0…1` over the catalogue.
    public static let popularityNorm = "popularity_norm"
    /// `0…10`.
    public static let voteAverage = "vote_average"
    /// How many votes the average is of.
    public static let voteCount = "vote_count"
    /// The average shrunk towards the mean by its count, scaled to `0…1`.
    public static let voteNorm = "vote_norm"
    /// Words, in the order of the source.
    public static let keywords = "keywords"
    /// A name.
    public static let director = "director"
    /// When lists may begin to show it, or null.
    public static let availableFrom = "available_from"
    /// When lists must have stopped to show it, or null.
    public static let availableUntil = "available_until"
    /// When the film was described so.
    public static let updatedAt = "updated_at"
    /// The first year of the decade of the release.
    public static let decade = "decade"
    /// The film at The Movie Database, where it has another identifier here; or null.
    public static let tmdbID = "tmdb_id"
    /// True where the row leaves out what its source knows: an older row says the rest. Null elsewhere.
    public static let isPartial = "is_partial"
    /// What cleaning found, each as `rule: detail`; null for nothing.
    public static let findings = "findings"
}
