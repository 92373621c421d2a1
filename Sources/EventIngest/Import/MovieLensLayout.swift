import Foundation

/// How one edition of MovieLens lays out its files.
struct MovieLensLayout: Sendable {
    var ratings: String
    var movies: String
    var ratingSeparator: String
    var movieSeparator: String
    var isQuoted: Bool
    var hasHeader: Bool
    /// 1M and 100k are in ISO 8859-1.
    var isLatin1: Bool
    /// Whether genres are nineteen 0/1 columns.
    var hasGenreFlags: Bool

    /// latest, 20M, 25M, 32M.
    static let csv = MovieLensLayout(
        ratings: "ratings.csv", movies: "movies.csv", ratingSeparator: ",", movieSeparator: ",", isQuoted: true,
        hasHeader: true, isLatin1: false, hasGenreFlags: false)
    /// 1M and 10M.
    static let million = MovieLensLayout(
        ratings: "ratings.dat", movies: "movies.dat", ratingSeparator: "::", movieSeparator: "::", isQuoted: false,
        hasHeader: false, isLatin1: true, hasGenreFlags: false)
    static let hundredThousand = MovieLensLayout(
        ratings: "u.data", movies: "u.item", ratingSeparator: "\t", movieSeparator: "|", isQuoted: false,
        hasHeader: false, isLatin1: true, hasGenreFlags: true)

    /// The order of the flags in `u.item`, after its README.
    static let flagGenres = [
        "unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ]
}

/// Titles as MovieLens writes them, with the year in brackets and the article behind.
enum MovieLensTitle {
    private static let articles = [
        "The", "A", "An", "Le", "La", "Les", "L'", "Il", "Der", "Die", "Das", "El", "Los", "Las",
    ]

    /// `"American President, The (1995)"` → `("The American President", 1995)`.
    static func split(_ raw: String) -> (title: String, year: Int32?) {
        var title = raw.trimmingCharacters(in: .whitespaces)
        var year: Int32?
        if title.hasSuffix(")"), let open = title.lastIndex(of: "(") {
            let inside = title[title.index(after: open)...].dropLast()
            // Series have spans: 2006–2007, 2009-.
            let after = inside.dropFirst(4).first
            if let number = Int32(inside.prefix(4)), (1870...2100).contains(number), after?.isNumber != true {
                year = number
                title = title[..<open].trimmingCharacters(in: .whitespaces)
            }
        }
        for article in articles where title.hasSuffix(", \(article)") {
            let rest = title.dropLast(article.count + 2)
            title = article.hasSuffix("'") ? "\(article)\(rest)" : "\(article) \(rest)"
            break
        }
        return (title, year)
    }
}
