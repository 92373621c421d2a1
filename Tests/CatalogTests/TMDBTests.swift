import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

@Suite struct CSVReaderTests {
    private func cells(_ text: String) -> [[String]] {
        var reader = CSVReader(Data(text.utf8))
        var all: [[String]] = []
        while let record = reader.next() { all.append(record.cells) }
        return all
    }

    @Test(
        arguments: [
            ("", []), ("\n\r\n", []), ("a", [["a"]]), ("a,b\r\nc,\n", [["a", "b"], ["c", ""]]), (",", [["", ""]]),
            ("\u{FEFF}a,b", [["a", "b"]]), (#""a,b",c"#, [["a,b", "c"]]), (#""say ""hi""","""#, [[#"say "hi""#, ""]]),
            ("\"two\nlines\",x\ny", [["two\nlines", "x"], ["y"]]), (#"5" disk,x"#, [[#"5" disk"#, "x"]]),
            (#""open,x"#, [["open,x"]]), (#""a"b,c"#, [["ab", "c"]]),
        ] as [(String, [[String]])])
    func records(text: String, expected: [[String]]) {
        #expect(cells(text) == expected)
    }

    @Test func linesAreCountedThroughQuotes() {
        var reader = CSVReader(Data("h\n\"1\n2\n3\"\n\nx\n".utf8))
        var lines: [Int] = []
        while let record = reader.next() { lines.append(record.line) }
        #expect(lines == [1, 2, 6])
    }
}

@Suite struct TMDBTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func read(_ text: String) async throws -> CatalogFile.Contents {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "films")
            try Data(text.utf8).write(to: file)
            return try TMDB.read(file.path, updatedAt: now)
        }
    }

    @Test func formsAreToldApart() async throws {
        let film = #"{"id":1,"title":"A","genre_ids":[18,10752,4711,"x"]}"#
        for text in [film, "[\(film)]", #"{"page":1,"results":[\#(film)]}"#, "  \n\(film)\n{\"id\":1}\n\(film)\n"] {
            let contents = try await read(text)
            #expect(contents.movies.map(\.itemID) == ["1"])
            #expect(contents.movies[0].genres == ["Drama", "War"])
        }
        let csv = try await read("id,title,genres,keywords\n7,B,\"[{\"\"name\"\": \"\"Drama\"\"}]\",[oops\n8,C\n,D,,\n")
        #expect(csv.movies == [Movie(itemID: "7", title: "B", genres: ["Drama"], keywords: ["[oops"], updatedAt: now)])
        #expect(csv.rejected.map(\.line) == [3, 4])
    }

    @Test(arguments: ["", "{}", "[]", "[1,null]", "{\"results\":[]}", "id,title\n", "\0\0\0", "[[[["])
    func filesWithoutFilms(text: String) async throws {
        let error = await #expect(throws: CatalogError.self) { try await read(text) }
        #expect(error?.code == "catalogue-empty")
    }

    @Test(.enabled(if: Checkout.shared("data/tmdb/api") != nil, "needs ../shared/data/tmdb"))
    func realFiles() throws {
        func read(_ name: String) throws -> CatalogFile.Contents {
            try TMDB.read(try #require(Checkout.shared("data/tmdb/\(name)")).path, updatedAt: now)
        }
        let page = try read("api/movie_popular_page1.json")
        #expect(page.movies.count == 20 && page.rejected.isEmpty)
        #expect(page.movies[0].title == "The Lion King" && page.movies[0].genres.contains("Animation"))
        let one = try read("api/movie_550.json")
        #expect(one.movies.map(\.title) == ["Fight Club"] && one.movies[0].runtime == 139)

        let large = try read("tmdb_5000_movies.csv")
        #expect(large.movies.count == 4803 && large.rejected.isEmpty)
        let avatar = try #require(large.movies.first { $0.itemID == "19995" })
        #expect(avatar.genres == ["Action", "Adventure", "Fantasy", "Science Fiction"])
        #expect(avatar.keywords.first == "culture clash" && avatar.runtime == 162 && avatar.year == 2009)
        #expect(
            large.movies.allSatisfy { (0...1).contains($0.popularityNorm ?? 0) && (0...1).contains($0.voteNorm ?? 0) })
    }

    @Test(
        .enabled(if: Checkout.shared("data/tmdb/api") != nil, "needs ../shared/data/tmdb"),
        .enabled(if: Checkout.shared("data/ml-latest-small/links.csv") != nil, "needs ../shared/data/ml-latest-small"))
    func movieLensGetsItsText() throws {
        let tmdb = try TMDB.read(try #require(Checkout.shared("data/tmdb/tmdb_5000_movies.csv")).path, updatedAt: now)
        let links = try #require(Checkout.shared("data/ml-latest-small/links.csv"))
        let movies = [
            Movie(itemID: "1", title: "Toy Story", year: 1995, genres: ["Adventure"]),
            Movie(itemID: "nothing", title: "X"),
        ]
        let (described, found) = try TMDB.describe(movies, links: links.path, from: tmdb.movies)
        #expect(found == 1 && described[0].itemID == "1" && described[0].genres == ["Adventure"])
        #expect(described[0].overview.contains("Andy") && described[0].description.hasPrefix("Toy Story. "))
        #expect(described[1].overview.isEmpty)
        #expect(throws: CatalogError.self) { try TMDB.describe(movies, links: "/nowhere/links.csv", from: []) }
    }
}
