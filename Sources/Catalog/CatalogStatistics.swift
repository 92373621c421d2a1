public import Domain

/// Figures about the films that lists may show: what charts of the catalogue are drawn from.
public struct CatalogStatistics: Sendable {
    /// A film and what it is ranked by.
    public struct Film: Sendable, Hashable {
        public var id: String
        public var title: String
        public var value: Double
    }

    /// Ascending by year; years without films are left out.
    public var filmsByYear: [(year: Int, count: Int)] = []
    /// By the catalogue's own popularity.
    public var mostPopular: [Film] = []
    /// The plain mean over the films of a genre that have votes.
    public var meanRatingByGenre: [(genre: String, mean: Double, count: Int)] = []
    /// Most films first.
    public var languages: [(language: String, count: Int)] = []
    /// By the number of votes.
    public var mostVoted: [Film] = []
    /// Films by their average vote; a bin has its lower bound, the last one its upper, too.
    public var ratings: [(from: Double, to: Double, count: Int)] = []

    /// How many films the two rankings have.
    public static let top = 10

    /// Of no film.
    init() {}

    /// O(films log films).
    public init(_ movies: [Movie]) {
        var years: [Int: Int] = [:]
        var genres: [String: (sum: Double, count: Int)] = [:]
        var languages: [String: Int] = [:]
        var bins = [Int](repeating: 0, count: 10)
        for movie in movies {
            if let year = movie.year { years[Int(year), default: 0] += 1 }
            if let language = movie.language { languages[language, default: 0] += 1 }
            guard let average = movie.voteAverage.map(Double.init) else { continue }
            bins[Self.bin(of: average)] += 1
            for genre in movie.genres {
                genres[genre, default: (0, 0)].sum += average
                genres[genre]!.count += 1
            }
        }
        filmsByYear = years.map { (year: $0.key, count: $0.value) }
        meanRatingByGenre = genres.map {
            (genre: $0.key, mean: $0.value.sum / Double($0.value.count), count: $0.value.count)
        }
        self.languages = languages.map { (language: $0.key, count: $0.value) }
        ratings = bins.enumerated().map { (from: Double($0.offset), to: Double($0.offset + 1), count: $0.element) }
        mostPopular = Self.best(movies) { $0.popularity.map(Double.init) }
        mostVoted = Self.best(movies) { $0.voteCount.map(Double.init) }
        sort()
    }

    /// Puts years, genres and languages into their order.
    mutating func sort() {
        filmsByYear.sort { $0.year < $1.year }
        meanRatingByGenre.sort { $0.mean != $1.mean ? $0.mean > $1.mean : $0.genre < $1.genre }
        languages.sort { $0.count != $1.count ? $0.count > $1.count : $0.language < $1.language }
    }

    /// Where in ``ratings`` an average belongs.
    static func bin(of average: Double) -> Int { min(9, max(0, Int(average))) }

    private static func best(_ movies: [Movie], by value: (Movie) -> Double?) -> [Film] {
        movies.compactMap { movie in value(movie).map { (movie: movie, value: $0) } }
            .sorted { $0.value != $1.value ? $0.value > $1.value : $0.movie.itemID < $1.movie.itemID }.prefix(top)
            .map { Film(id: $0.movie.itemID, title: $0.movie.title, value: $0.value) }
    }
}
