import Columnar
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Catalog

/// The table of films as deltalake, Polars and pyarrow read it.
@Suite struct MovieTableReadersTests {
    @Test(.enabled(if: Checkout.python != nil, "needs the virtual environment of `make venv`"))
    func othersReadTheTable() async throws {
        let python = try #require(Checkout.python)
        let films = MovieCleaner.clean(
            Films.generated(30) + [
                Movie(
                    itemID: "full", title: "Tïtle \"x\"", overview: "O",
                    releaseDate: CalendarDate(year: 1969, month: 7, day: 20),
                    genres: ["A", "B, C"], language: "fr", runtime: 90, popularity: 3.5, voteAverage: 7.25,
                    voteCount: 12,
                    keywords: ["k"], director: "D", updatedAt: Timestamp(microseconds: 1_700_000_000_123_456))
            ])
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "movies").path
            let table = try DeltaTable.openOrCreate(at: path, schema: TableContract.movies.schema)
            _ = try table.append([MovieTable.batch(Array(films.prefix(20)))], operation: "WRITE")
            _ = try table.append([MovieTable.batch(Array(films.suffix(11)))], operation: "WRITE")
            let expected = CatalogSnapshot(films)
            #expect(try MovieTable.catalogue(of: table.snapshot()).movies == expected.movies)

            let script = Checkout.root.appending(path: "Tests/Independent/catalog/read_movies.py").path
            let (status, output) = try await runCommand(python.path, [script, path])
            try #require(status == 0, "\(output)")
            let answers = try output.split(separator: "\n").filter { $0.hasPrefix("{") }
                .map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
            #expect(answers.map(\.reader) == ["deltalake", "polars", "pyarrow"])
            for answer in answers {
                #expect(answer.rows == expected.movies.map(Answer.Row.init), "\(answer.reader)")
            }
        }
    }

    private struct Answer: Decodable {
        var reader: String
        var rows: [Row]

        struct Row: Decodable, Equatable {
            var item_id: String
            var title: String
            var description: String
            var overview: String?
            var release_date: String?
            var year: Int32?
            var genres: [String]
            var language: String?
            var runtime: Int32?
            var popularity: Float?
            var popularity_norm: Float?
            var vote_average: Float?
            var vote_count: Int32?
            var vote_norm: Float?
            var keywords: [String]
            var director: String?
            var updated_at: String

            init(_ movie: Movie) {
                item_id = movie.itemID
                title = movie.title
                description = movie.description
                overview = movie.overview.isEmpty ? nil : movie.overview
                release_date = movie.releaseDate?.description
                year = movie.year
                genres = movie.genres
                language = movie.language
                runtime = movie.runtime
                popularity = movie.popularity
                popularity_norm = movie.popularityNorm
                vote_average = movie.voteAverage
                vote_count = movie.voteCount
                vote_norm = movie.voteNorm
                keywords = movie.keywords
                director = movie.director
                // Python prints six digits always.
                let text = movie.updatedAt.description
                updated_at = text.contains(".") ? text : text.dropLast() + ".000000Z"
            }
        }
    }
}
