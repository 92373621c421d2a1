import Columnar

extension TableContract {
    /// What is wrong with the films: one row for each film and rule, made anew from ``movies`` and ``deadLetters``. Older
    /// versions say what was wrong before.
    public static let quality = TableContract(
        name: "quality",
        schema: Schema([
            Field(QualityColumn.rule, .string, nullable: false),
            Field(QualityColumn.field, .string, nullable: false),
            Field(QualityColumn.itemID, .string),
            Field(QualityColumn.title, .string),
            Field(QualityColumn.detail, .string),
            Field(QualityColumn.at, .timestamp),
        ]))

    /// What the events say of films: one row for each film that has events, made anew from ``events``. Kept apart from
    /// ``movies``, so that reading those again changes nothing.
    public static let filmStatistics = TableContract(
        name: "film_stats",
        schema: Schema([
            Field(FilmStatisticsColumn.itemID, .string, nullable: false),
            Field(FilmStatisticsColumn.events, .int64, nullable: false),
            Field(FilmStatisticsColumn.views, .int64, nullable: false),
            Field(FilmStatisticsColumn.likes, .int64, nullable: false),
            Field(FilmStatisticsColumn.dislikes, .int64, nullable: false),
            Field(FilmStatisticsColumn.reviews, .int64, nullable: false),
            Field(FilmStatisticsColumn.meanStars, .float),
            Field(FilmStatisticsColumn.meanShare, .float),
            Field(FilmStatisticsColumn.recent, .int64, nullable: false),
            Field(FilmStatisticsColumn.trend, .float, nullable: false),
            Field(FilmStatisticsColumn.firstAt, .timestamp, nullable: false),
            Field(FilmStatisticsColumn.lastAt, .timestamp, nullable: false),
            Field(FilmStatisticsColumn.asOf, .timestamp, nullable: false),
        ]))
}

/// Columns of ``TableContract/quality``.
public enum QualityColumn {
    /// The code of the rule, such as `impossible-runtime`.
    public static let rule = "rule"
    /// The member of the film that the rule is about.
    public static let field = "field"
    /// The film; null for what is no film at all.
    public static let itemID = MovieColumn.itemID
    /// Its title, or null.
    public static let title = MovieColumn.title
    /// The value at fault, or what was done; null where the rule says it all.
    public static let detail = "detail"
    /// When the film was described so, or the message refused.
    public static let at = "at"
}

/// Columns of ``TableContract/filmStatistics``.
public enum FilmStatisticsColumn {
    /// The film.
    public static let itemID = MovieColumn.itemID
    /// Events of all kinds.
    public static let events = "events"
    /// How many of them are views.
    public static let views = "views"
    /// Likes that are positive.
    public static let likes = "likes"
    /// Likes that are negative.
    public static let dislikes = "dislikes"
    /// Reviews, each with stars.
    public static let reviews = "reviews"
    /// Mean of the stars, 0.5 to 5; null without a review.
    public static let meanStars = "mean_stars"
    /// Mean share watched, 0 to 1; null without a view.
    public static let meanShare = "mean_share"
    /// Events of the seven days before ``asOf``.
    public static let recent = "events_7d"
    /// Those against a week of the four before: log2((recent + 1) / (before / 4 + 1)); 0 is steady, 1 twice as many.
    public static let trend = "trend"
    /// The film's oldest event.
    public static let firstAt = "first_at"
    /// The film's newest event.
    public static let lastAt = "last_at"
    /// The newest event of all: what "recent" is counted from.
    public static let asOf = "as_of"
}
