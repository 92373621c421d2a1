public import Domain
import Foundation

/// Makes films from different sources look alike.
public enum MovieCleaner {
    /// White space trimmed and folded, genres and keywords flattened and each once, language as two or three lower-case
    /// letters, the description made of title and overview.
    public static func clean(_ movie: Movie) -> Movie {
        Movie(
            itemID: movie.itemID, title: folded(movie.title), overview: folded(movie.overview),
            releaseDate: movie.releaseDate, year: movie.year, genres: distinct(movie.genres, isGenre: true),
            language: movie.language.flatMap(language), runtime: movie.runtime, popularity: movie.popularity,
            popularityNorm: movie.popularityNorm, voteAverage: movie.voteAverage, voteCount: movie.voteCount,
            voteNorm: movie.voteNorm, keywords: distinct(movie.keywords, isGenre: false),
            director: movie.director.map(folded), availableFrom: movie.availableFrom,
            availableUntil: movie.availableUntil, updatedAt: movie.updatedAt)
    }

    /// Cleans films and puts popularity and votes in relation to all of them.
    public static func clean(_ movies: [Movie]) -> [Movie] {
        var movies = movies.map(clean)
        var scale = CatalogScale()
        for movie in movies { scale.observe(movie) }
        for index in movies.indices { scale.apply(to: &movies[index]) }
        return movies
    }

    /// `1999-03-31`, also at the start of a longer time such as `1999-03-31T00:00:00Z`.
    static func date(_ text: String) -> CalendarDate? {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard text.utf8.count == 10 || text.utf8.dropFirst(10).first.map({ $0 == 0x54 || $0 == 0x20 }) == true else {
            return nil
        }
        return CalendarDate(String(text.prefix(10))).flatMap { year(Int($0.year)) == nil ? nil : $0 }
    }

    /// Film begins in 1874 with Janssen's transit of Venus; what lies past 2200 is a slip of the pen.
    static func year(_ year: Int) -> Int32? { (1870...2200).contains(year) ? Int32(year) : nil }

    private static func language(_ text: String) -> String? {
        // `en-US` and `pt_BR` name the language first.
        let code = folded(text).lowercased().prefix { $0 != "-" && $0 != "_" }
        let isCode = (2...3).contains(code.utf8.count) && code.utf8.allSatisfy { (0x61...0x7A).contains($0) }
        return isCode ? String(code) : nil
    }

    /// Runs of white space and control characters become one space; none at the ends.
    private static func folded(_ text: String) -> String {
        text.unicodeScalars.split(whereSeparator: isBlank).map(String.init).joined(separator: " ")
    }

    /// White space or a control character.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
    }

    private static func distinct(_ names: [String], isGenre: Bool) -> [String] {
        var seen = Set<String>()
        return names.map(folded).filter { name in
            // MovieLens's word for "none".
            !name.isEmpty && !(isGenre && name == "(no genres listed)") && seen.insert(name).inserted
        }
    }
}

/// What a film's popularity and votes are measured against: the catalogue seen so far.
public struct CatalogScale: Sendable {
    /// Votes that the catalogue's mean is worth when a film's own votes are weighed against it.
    public static let priorVotes: Float = 100

    private var greatestPopularity: Float = 0
    private var averages: Double = 0
    private var voted = 0

    public init() {}

    /// Takes a film into the measures: the greatest popularity, and the mean vote of films that have votes. Call it for
    /// every film before the first ``apply(to:)``; the order does not matter. A film observed twice counts twice in the
    /// mean.
    public mutating func observe(_ movie: Movie) {
        if let popularity = movie.popularity { greatestPopularity = max(greatestPopularity, popularity) }
        if let average = movie.voteAverage, movie.voteCount ?? 0 > 0 {
            averages += Double(average)
            voted += 1
        }
    }

    /// Fills the two norms:
    ///
    ///     popularityNorm = ln(1 + p) / ln(1 + greatest p)
    ///     voteNorm       = (v · average + m · mean) / (v + m) / 10,   m = 100 votes
    ///
    /// Both are in `0…1`, absent where the film has no popularity or no votes. The logarithm is there because
    /// popularity is spread over four powers of ten.
    public func apply(to movie: inout Movie) {
        movie.popularityNorm = movie.popularity.map {
            greatestPopularity > 0 ? min(1, log1p($0) / log1p(greatestPopularity)) : 0
        }
        movie.voteNorm = nil
        if let average = movie.voteAverage, let count = movie.voteCount, count > 0 {
            let mean = voted > 0 ? Float(averages / Double(voted)) : average
            let votes = Float(count)
            movie.voteNorm = (votes * average + Self.priorVotes * mean) / (votes + Self.priorVotes) / 10
        }
    }
}
