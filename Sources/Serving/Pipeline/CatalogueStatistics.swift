internal import Domain

/// Figures about the films that lists may show: what charts of the catalogue are drawn from.
struct CatalogueStatistics {
    struct Film {
        var id: String
        var title: String
        var value: Double
    }

    var filmsByYear: [(year: Int, count: Int)] = []
    /// By the catalogue's own popularity.
    var mostPopular: [Film] = []
    /// The plain mean over the films of a genre that have votes.
    var meanRatingByGenre: [(genre: String, mean: Double, count: Int)] = []
    /// Most films first.
    var languages: [(language: String, count: Int)] = []
    var mostVoted: [Film] = []
    /// Films by their average vote; a bin has its lower bound, the last one its upper, too.
    var ratings: [(from: Double, to: Double, count: Int)] = []

    static let top = 10

    /// O(films log films).
    init(_ movies: [Movie]) {
        var years: [Int: Int] = [:]
        var genres: [String: (sum: Double, count: Int)] = [:]
        var languages: [String: Int] = [:]
        var bins = [Int](repeating: 0, count: 10)
        for movie in movies {
            if let year = movie.year { years[Int(year), default: 0] += 1 }
            if let language = movie.language { languages[language, default: 0] += 1 }
            guard let average = movie.voteAverage.map(Double.init) else { continue }
            bins[min(9, max(0, Int(average)))] += 1
            for genre in movie.genres {
                genres[genre, default: (0, 0)].sum += average
                genres[genre]!.count += 1
            }
        }
        filmsByYear = years.map { (year: $0.key, count: $0.value) }.sorted { $0.year < $1.year }
        meanRatingByGenre = genres.map {
            (genre: $0.key, mean: $0.value.sum / Double($0.value.count), count: $0.value.count)
        }
        .sorted { $0.mean != $1.mean ? $0.mean > $1.mean : $0.genre < $1.genre }
        self.languages = languages.map { (language: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.language < $1.language }
        ratings = bins.enumerated().map { (from: Double($0.offset), to: Double($0.offset + 1), count: $0.element) }
        mostPopular = Self.best(movies) { $0.popularity.map(Double.init) }
        mostVoted = Self.best(movies) { $0.voteCount.map(Double.init) }
    }

    private static func best(_ movies: [Movie], by value: (Movie) -> Double?) -> [Film] {
        movies.compactMap { movie in value(movie).map { (movie: movie, value: $0) } }
            .sorted { $0.value != $1.value ? $0.value > $1.value : $0.movie.itemID < $1.movie.itemID }.prefix(top)
            .map { Film(id: $0.movie.itemID, title: $0.movie.title, value: $0.value) }
    }
}
