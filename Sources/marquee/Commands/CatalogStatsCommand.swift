import Catalog
import Domain
import Operations
import Platform
import Store

/// `marquee catalog stats`
enum CatalogStatsCommand {
    static let command: Command = Command(
        path: ["catalog", "stats"], summary: "Print the figures that charts of the catalogue are drawn from.",
        details: """
            Of the films of the store, or with --elasticsearch of those in the index, by its aggregations; both come to the
            same. GET /v1/catalog/stats answers the same of the films that are served, and the dashboard of deploy/kibana
            draws it.
            """,
        options: [Options.store.spec, Options.reportFormat.spec] + CatalogCommand.service,
        examples: [
            .init(line: "catalog stats --store data", meaning: "Six small tables."),
            .init(
                line: "catalog stats --elasticsearch http://localhost:9200 --format json",
                meaning: "Of the index, for programs."),
        ]
    ) { invocation in
        let statistics: CatalogStatistics
        if let client = try CatalogCommand.client(invocation) {
            defer { client.close() }
            statistics = try await client.statistics()
        } else {
            statistics = CatalogStatistics(try await CatalogCommand.films(invocation).movies)
        }
        if try invocation.value(Options.reportFormat) == "json" {
            return try JSONOutput.write(JSONStatistics(statistics))
        }
        write(statistics)
    }

    private static func write(_ statistics: CatalogStatistics) {
        section("Films by decade", "DECADE", decades(statistics))
        section("Languages", "LANGUAGE", statistics.languages.prefix(10).map { ($0.language, $0.count) })
        section("Ratings", "STARS", statistics.ratings.map { ("\(Int($0.from)) to \(Int($0.to))", $0.count) })
        var genres = TextTable([("GENRE", .left), ("MEAN RATING", .right), ("FILMS", .right)])
        for (genre, mean, count) in statistics.meanRatingByGenre {
            genres.add([genre, Figure.decimal(mean, digits: 2), Figure.count(count)])
        }
        StandardOutput.write("Mean rating by genre\n" + genres.text + "\n")
        films("Most popular", "POPULARITY", statistics.mostPopular)
        films("Most voted", "VOTES", statistics.mostVoted)
    }

    private static func decades(_ statistics: CatalogStatistics) -> [(String, Int)] {
        statistics.filmsByYear.reduce(into: [Int: Int]()) { $0[$1.year / 10 * 10, default: 0] += $1.count }
            .sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) }
    }

    private static func section(_ title: String, _ header: String, _ counts: [(String, Int)]) {
        var table = TextTable([(header, .left), ("FILMS", .right)])
        for (value, count) in counts { table.add([value, Figure.count(count)]) }
        StandardOutput.write("\(title)\n" + table.text + "\n")
    }

    private static func films(_ title: String, _ header: String, _ films: [CatalogStatistics.Film]) {
        var table = TextTable([("", .right), ("ITEM", .left), ("TITLE", .left), (header, .right)])
        for (rank, film) in films.enumerated() {
            table.add(["\(rank + 1)", film.id, film.title, Figure.significant(film.value)])
        }
        StandardOutput.write("\(title)\n" + table.text + "\n")
    }

    /// With the names that GET /v1/catalog/stats has.
    private struct JSONStatistics: Encodable {
        struct Year: Encodable {
            let year: Int
            let count: Int
        }
        struct Film: Encodable {
            let id: String
            let title: String
            let value: Double
        }
        struct Genre: Encodable {
            let genre: String
            let mean: Double
            let count: Int
        }
        struct Language: Encodable {
            let language: String
            let count: Int
        }
        struct Bin: Encodable {
            let from: Double
            let to: Double
            let count: Int
        }

        let films_by_year: [Year]
        let most_popular: [Film]
        let mean_rating_by_genre: [Genre]
        let languages: [Language]
        let most_voted: [Film]
        let ratings: [Bin]

        init(_ statistics: CatalogStatistics) {
            func films(_ films: [CatalogStatistics.Film]) -> [Film] {
                films.map { Film(id: $0.id, title: $0.title, value: $0.value) }
            }
            films_by_year = statistics.filmsByYear.map { Year(year: $0.year, count: $0.count) }
            most_popular = films(statistics.mostPopular)
            mean_rating_by_genre = statistics.meanRatingByGenre.map {
                Genre(genre: $0.genre, mean: $0.mean, count: $0.count)
            }
            languages = statistics.languages.map { Language(language: $0.language, count: $0.count) }
            most_voted = films(statistics.mostVoted)
            ratings = statistics.ratings.map { Bin(from: $0.from, to: $0.to, count: $0.count) }
        }
    }
}
