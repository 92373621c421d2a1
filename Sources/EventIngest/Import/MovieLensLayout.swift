/// How one edition of MovieLens lays out its files.
struct MovieLensLayout: Sendable {
    /// Where the columns stand that are read.
    enum Columns: Sendable {
        /// By the names in the first line.
        case named([String])
        /// By their places in lines of `width` columns; there is no header.
        case numbered([Int], width: Int)
    }

    var ratings: String
    /// User, film, stars, time.
    var ratingColumns: Columns
    var ratingSeparator: String
    var movies: String
    /// Film, title, genres or the first flag of them.
    var movieColumns: Columns
    var movieSeparator: String
    var isQuoted: Bool
    /// 1M and 100k are in ISO 8859-1, and 10M, in the same layout, in UTF-8.
    var isLatin1: Bool
    /// Whether genres are nineteen 0/1 columns.
    var hasGenreFlags: Bool

    /// latest, 20M, 25M, 32M.
    static let csv = MovieLensLayout(
        ratings: "ratings.csv", ratingColumns: .named(["userId", "movieId", "rating", "timestamp"]),
        ratingSeparator: ",", movies: "movies.csv", movieColumns: .named(["movieId", "title", "genres"]),
        movieSeparator: ",", isQuoted: true, isLatin1: false, hasGenreFlags: false)
    /// 1M and 10M.
    static let million = MovieLensLayout(
        ratings: "ratings.dat", ratingColumns: .numbered([0, 1, 2, 3], width: 4), ratingSeparator: "::",
        movies: "movies.dat", movieColumns: .numbered([0, 1, 2], width: 3), movieSeparator: "::", isQuoted: false,
        isLatin1: true, hasGenreFlags: false)
    static let hundredThousand = MovieLensLayout(
        ratings: "u.data", ratingColumns: .numbered([0, 1, 2, 3], width: 4), ratingSeparator: "\t",
        movies: "u.item", movieColumns: .numbered([0, 1, 5], width: 24), movieSeparator: "|", isQuoted: false,
        isLatin1: true, hasGenreFlags: true)

    /// The order of the flags in `u.item`, after its README.
    static let flagGenres = [
        "unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ]
}
