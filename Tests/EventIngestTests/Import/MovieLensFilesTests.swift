import Delimited
import Domain
import EventIngest
import Foundation
import TestSupport
import Testing

/// Files in MovieLens' layouts that are not quite GroupLens' own.
@Suite struct MovieLensFilesTests {
    private static let ratings = Data("userId,movieId,rating,timestamp\n1,2,4,964982703\n".utf8)

    private func read(
        _ files: [String: Data], _ options: ImportOptions = ImportOptions()
    ) async throws -> (events: [Event], movies: [Movie], ImportSummary) {
        try await withTemporaryFolder { folder in
            for (name, data) in files { try data.write(to: folder.appending(path: name)) }
            let source = try MovieLens(path: folder.path, options: options)
            var summary = ImportSummary()
            var events: [Event] = []
            try source.forEachBatch(of: 2, into: &summary) { batch, _ in
                events += batch
                return true
            }
            return (events, try source.movies(into: &summary), summary)
        }
    }

    @Test func columnsAreReadByTheirNames() async throws {
        let (events, films, summary) = try await read([
            "ratings.csv": Data("timestamp,rating,movieId,userId\n964982703.0,4.5,2.0, 1\n".utf8),
            "movies.csv": Data("genres,movieId,year,title\nDrama|War,2,1995,Heat (1995)\n".utf8),
        ])
        #expect(events.map(\.eventID) == ["ml-1-2-964982703"] && events[0].value == 4.5)
        #expect(films.map(\.title) == ["Heat"] && films.map(\.genres) == [["Drama", "War"]])
        #expect(summary.rejectedCount == 0)
        for (ratings, movies) in [
            ("user,movie,rating,timestamp\n1,2,4,964982703\n", "movieId,title,genres\n"),
            ("1,2,4.5,964982703\n", "movieId,title,genres\n"),
            ("userId,movieId,rating,timestamp\n1,2,4,964982703\n", "movieId,name,genres\n"),
        ] {
            await #expect {
                _ = try await read(["ratings.csv": Data(ratings.utf8), "movies.csv": Data(movies.utf8)])
            } throws: { error in
                (error as? DelimitedError)?.code == "columns-missing"
            }
        }
    }

    @Test func theTenMillionEditionIsUTF8() async throws {
        let (_, films, _) = try await read([
            "ratings.dat": Data("1::1193::5::978300760\n".utf8),
            "movies.dat": Data("1193::Misérables, Les (1995)::Drama|Musical\n".utf8),
        ])
        #expect(films.map(\.title) == ["Les Misérables"])
    }

    @Test func filmsThatAreNotUTF8AreRefusedOrLatin1() async throws {
        let movies =
            Data("movieId,title,genres\n1,Mis".utf8) + Data([0xE9])
            + Data("rables (1995),Drama\n2,Amélie,Drama\n".utf8)
        let files = ["ratings.csv": Self.ratings, "movies.csv": movies]
        let (_, films, summary) = try await read(files)
        #expect(films.map(\.title) == ["Amélie"] && summary.rejected == ["invalid-utf8": 1])
        #expect(summary.examples.first?.detail?.contains("--latin-1") == true)
        var options = ImportOptions()
        options.isLatin1 = true
        #expect(try await read(files, options).movies.map(\.title) == ["Misérables", "Amélie"])
    }

    @Test func anotherScaleIsRefused() async throws {
        let ratings = "userId,movieId,rating,timestamp\n" + (1...10).map { "1,\($0),\($0),964982703\n" }.joined()
        let files = ["ratings.csv": Data(ratings.utf8), "movies.csv": Data("movieId,title,genres\n".utf8)]
        await #expect(throws: IngestError.self) { _ = try await read(files) }
        var options = ImportOptions()
        options.scale = RatingScale("1..10")
        #expect(try await read(files, options).events.map(\.value) == (1...10).map { Float($0) / 2 })
    }

    @Test(
        arguments: [
            ("American President, The (1995)", "The American President"),
            ("American President, The (Second Title) (1995)", "The American President (Second Title)"),
            (
                "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
                "The City of Lost Children (La Cité des enfants perdus)"
            ), ("School of Flesh, The (École de la chair, L') (1998)", "The School of Flesh (L'École de la chair)"),
            ("Wings of Desire (Himmel über Berlin, Der) (1987)", "Wings of Desire (Der Himmel über Berlin)"),
            ("Seven (a.k.a. Se7en) (1995)", "Seven (a.k.a. Se7en)"),
            ("Bellboy (a.k.a. Bellboy, The) (1960)", "Bellboy (a.k.a. The Bellboy)"),
            ("Monsters, Inc. (2001)", "Monsters, Inc."), ("I, Robot (2004)", "I, Robot"), ("M (1931)", "M"),
            ("Paris, Texas (1984)", "Paris, Texas"), ("Odd) (The (1990)", "Odd) (The"),
        ])
    func articlesStandInFront(raw: String, title: String) async throws {
        let (_, films, _) = try await read([
            "ratings.csv": Self.ratings, "movies.csv": Data("movieId,title,genres\n1,\"\(raw)\",Drama\n".utf8),
        ])
        #expect(films.map(\.title) == [title])
    }

    @Test(.enabled(if: Checkout.shared("data/ml-latest-small") != nil, "needs ../shared/data/ml-latest-small"))
    func theRealEditionHasNoArticleBehind() throws {
        let path = try #require(Checkout.shared("data/ml-latest-small")).path
        var summary = ImportSummary()
        let titles = try MovieLens(path: path).movies(into: &summary).map(\.title)
        #expect(titles.count == 9_742)
        #expect(titles.contains("The City of Lost Children (La Cité des enfants perdus)"))
        #expect(!titles.contains { $0.contains(", The (") || $0.contains(", La)") || $0.hasSuffix(", The") })
    }
}
