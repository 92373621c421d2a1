import Delimited
import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

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
        let unread = FilmFinding(rule: "unreadable-keywords", detail: "'[oops'")
        #expect(
            csv.movies == [Movie(itemID: "7", title: "B", genres: ["Drama"], updatedAt: now, findings: [unread])])
        #expect(csv.rejected.map(\.line) == [3, 4])
    }

    @Test(arguments: ["", "{}", "[]", "[1,null]", "{\"results\":[]}", "id,title\n", "[[[["])
    func filesWithoutFilmsAreRefused(text: String) async throws {
        let error = await #expect(throws: CatalogError.self) { try await read(text) }
        #expect(error?.code == "catalogue-empty")
    }

    @Test func listsOfPythonAreLists() async throws {
        let csv = try await read(
            #"""
            genres,id,keywords,title
            "[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]",862,"[{'id': 1, 'name': ""boy's toy""}, {'name': 'caf\xe9', 'x': None}]",Toy Story
            "[{'id': 18, 'name': 'Drama'",2,[],[REC]
            "{'name': 'War'}",3.0,"['a', u'b', ('c', True, 1.5)]",{Proof}
            """#)
        #expect(csv.movies.map(\.itemID) == ["862", "2", "3"])
        #expect(csv.movies.map(\.title) == ["Toy Story", "[REC]", "{Proof}"])
        #expect(csv.movies.map(\.genres) == [["Animation", "Comedy"], [], []])
        #expect(csv.movies.map(\.keywords) == [["boy's toy", "café"], [], ["a", "b"]])
        let lines = try await read(#"{"id":1,"title":"A","genres":"[{'id': 16, 'name': 'Animation'}]"}"# + "\n\n{}")
        #expect(lines.movies[0].genres == ["Animation"])
        // Python's tuples are lists too; a text in brackets is none.
        let tuples = try await read("id,title,genres\n1,A,\"('Drama', 'Crime')\"\n2,B,(Drama)\n3,C,()\n")
        #expect(tuples.movies.map(\.genres) == [["Drama", "Crime"], ["(Drama)"], []])
    }

    @Test func columnsAreFoundByNameOrTheFileIsRefused() async throws {
        let csv = try await read("Title,overview,ID\nHeat,Cops,949\nNone,NaN,950\n")
        #expect(csv.movies.map(\.itemID) == ["949", "950"] && csv.movies.map(\.title) == ["Heat", "None"])
        #expect(csv.movies.map(\.overview) == ["Cops", ""])
        await #expect(throws: DelimitedError.self) { try await read("movie_id,title\n1,A\n") }
        await #expect(throws: DelimitedError.self) { try await read("id,genres\n1,A\n") }
    }

    @Test func whatIsNotUTF8IsRefusedOrLatin1() async throws {
        let head = Data("id,title\n1,Mis".utf8) + Data([0xE9]) + Data("rables\n2,Amélie\n".utf8)
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "films.csv")
            try head.write(to: file)
            let strict = try TMDB.read(file.path, updatedAt: now)
            #expect(strict.movies.map(\.title) == ["Amélie"])
            #expect(strict.rejected.map(\.line) == [2] && strict.rejected[0].reason.contains("--latin-1"))
            let latin1 = try TMDB.read(file.path, updatedAt: now, format: DelimitedFormat(isLatin1Allowed: true))
            #expect(latin1.movies.map(\.title) == ["Misérables", "Amélie"])
        }
    }

    @Test func aFolderOfPartsIsOneFile() async throws {
        try await withTemporaryFolder { folder in
            for (name, text) in [
                "part-00000.csv": "id,title\n1,A\n", "part-00001.csv": "title,id\nB,2\n\"C\n", "part-00002.csv": "",
                "_SUCCESS": "", ".part-00000.csv.crc": "crc",
            ] { try Data(text.utf8).write(to: folder.appending(path: name)) }
            let contents = try TMDB.read(folder.path, updatedAt: now)
            #expect(contents.movies.map(\.title) == ["A", "B"])
            #expect(contents.rejected.map(\.file) == ["part-00001.csv"] && contents.rejected.map(\.line) == [3])
        }
    }

    @Test func linksOfFloatsAreLinks() async throws {
        try await withTemporaryFolder { folder in
            let links = folder.appending(path: "links.csv").path
            try Data("tmdbId,imdbId,movieId\n862.0,tt1,1.0\n,tt2,2\nnan,tt3,3\n".utf8).write(to: URL(filePath: links))
            let movies = [Movie(itemID: "1", title: "Toy Story"), Movie(itemID: "2", title: "X")]
            let (described, found) = try TMDB.describe(
                movies, links: links, from: [Movie(itemID: "862", title: "Toy Story", overview: "Andy")])
            #expect(found == 1 && described[0].overview == "Andy")
        }
    }

    @Test(.enabled(if: Checkout.shared("data/tmdb/api") != nil, "needs ../shared/data/tmdb"))
    func filesOfTMDBAreRead() throws {
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
        #expect(throws: DelimitedError.self) { try TMDB.describe(movies, links: "/nowhere/links.csv", from: []) }
    }
}
