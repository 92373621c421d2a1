import Delimited
public import Domain
import Foundation

/// Makes films from different sources look alike.
public enum MovieCleaner {
    /// HTML, control and invisible characters taken out of texts, white space folded, genres and keywords flattened and
    /// each once, language as two or three lower-case letters, the description made of title and overview.
    ///
    /// What was wrong becomes ``Movie/findings``. Cleaning a clean film changes nothing.
    public static func clean(_ movie: Movie) -> Movie {
        var film = movie
        var marked: [String] = []
        var controlled: [String] = []
        func cleaned(_ text: String, _ field: String) -> String {
            let clean = CleanText(text)
            if clean.hadMarkup { marked.append(field) }
            if clean.hadControls { controlled.append(field) }
            if clean.text.utf8.count > FilmRule.textLimit {
                film.note(FilmFinding(.longText, "\(field) of \(clean.text.utf8.count) bytes"))
            }
            return clean.text
        }
        func names(_ names: [String], _ field: String) -> [String] {
            var seen = Set<String>()
            return names.map { cleaned($0, field) }.filter { !$0.isEmpty && seen.insert($0).inserted }
        }
        let title = cleaned(movie.title, "title")
        // A film is told from the mark of its withdrawal by its title.
        film.title = title.isEmpty ? movie.title : title
        film.overview = cleaned(movie.overview, "overview")
        film.description = Movie.description(title: film.title, overview: film.overview)
        // MovieLens's word for "none".
        film.genres = names(movie.genres, "genres").filter { $0 != "(no genres listed)" }
        film.keywords = names(movie.keywords, "keywords")
        film.director = movie.director.map { cleaned($0, "director") }.flatMap { $0.isEmpty ? nil : $0 }
        film.language = movie.language.flatMap(language)
        if let text = movie.language, film.language == nil, !["", "xx"].contains(text) {
            film.note(FilmFinding(.impossibleLanguage, Cell.shown(text)))
        }
        if !marked.isEmpty { film.note(FilmFinding(.markupRemoved, distinct(marked))) }
        if !controlled.isEmpty { film.note(FilmFinding(.controlsRemoved, distinct(controlled))) }
        return film
    }

    private static func distinct(_ fields: [String]) -> String { Set(fields).sorted().joined(separator: ", ") }

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

    static func language(_ text: String) -> String? {
        // `en-US` and `pt_BR` name the language first; `xx` is TMDB's word for "none".
        let code = CleanText(text).text.lowercased().prefix { $0 != "-" && $0 != "_" }
        let isCode = (2...3).contains(code.utf8.count) && code.utf8.allSatisfy { (0x61...0x7A).contains($0) }
        return isCode && code != "xx" ? String(code) : nil
    }
}

extension Movie {
    /// Adds a finding, unless it is there.
    mutating func note(_ finding: FilmFinding) {
        if !findings.contains(finding) { findings.append(finding) }
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
