import Domain
import TestSupport
import Testing

@testable import Catalog

@Suite struct FilmReaderTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func film(_ json: String) throws -> Movie { try MovieJSON.decode(Array(json.utf8), updatedAt: now) }

    @Test(
        arguments: [
            (#""release_date": "2020-02-30""#, ["impossible-date: '2020-02-30'"]),
            (#""release_date": "0000-00-00""#, ["impossible-date: '0000-00-00'"]),
            (#""release_date": "1999""#, []), (#""release_date": """#, []), (#""release_date": null"#, []),
            (#""release_date": 7"#, ["impossible-date: '7'"]),
            (#""year": 99999"#, ["impossible-year: '99999'"]),
            (#""year": 1998, "release_date": "1999-03-31""#, ["contradictory-year: 1998, released 1999-03-31"]),
            (#""runtime": -5"#, ["impossible-runtime: '-5'"]), (#""runtime": 0"#, []), (#""runtime": "nan""#, []),
            (#""runtime": "two hours""#, ["impossible-runtime: 'two hours'"]),
            (#""runtime": 1e9"#, ["impossible-runtime: '1000000000.0'"]),
            (#""popularity": -1"#, ["impossible-popularity: '-1'"]),
            (#""vote_average": 11, "vote_count": -3"#, ["impossible-votes: '-3'", "impossible-votes: '11'"]),
            (#""vote_average": 7.5, "vote_count": 0"#, ["contradictory-votes: 7.5 of no votes"]),
            (#""vote_average": 0, "vote_count": 0"#, []),
            (#""original_language": "Klingon!""#, ["impossible-language: 'Klingon!'"]),
            (#""original_language": "xx""#, []),
            (#""genres": "[{'id': 18""#, [#"unreadable-genres: '[{'id': 18'"#]),
            (#""genre_ids": [18, 4711, "x"]"#, ["unknown-genre: 4711, x"]),
            (#""keywords": 5"#, ["unreadable-keywords: '5'"]),
            (#""updated_at": "yesterday""#, ["impossible-time: 'yesterday'"]),
            (#""updated_at": "2033-01-01T00:00:00Z""#, ["impossible-time: 2033-01-01T00:00:00Z is ahead"]),
            (#""overview": "<p>x</p>""#, ["markup-removed: overview"]),
        ] as [(String, [String])])
    func valuesThatCannotBeAreFindings(member: String, findings: [String]) throws {
        let film = try film(#"{"id": 1, "title": "T", \#(member)}"#)
        #expect(film.findings.map(\.text) == findings)
        // And they stay with the film, through its own form and through the table.
        #expect(try MovieJSON.decode(MovieJSON.encode(film), updatedAt: now) == film)
        #expect(try MovieTable.movies(of: MovieTable.batch([film])) == [film])
    }

    @Test func anyFieldMayBeMissing() throws {
        let whole: [(String, String)] = [
            ("overview", #""A hacker.""#), ("release_date", #""1999-03-31""#),
            ("genres", #"[{"id":1,"name":"Action"}]"#),
            ("original_language", #""en""#), ("runtime", "136"), ("popularity", "79.4"), ("vote_average", "8.2"),
            ("vote_count", "100"), ("keywords", #"{"keywords":[{"name":"k"}]}"#),
            ("credits", #"{"crew":[{"job":"Director","name":"D"}]}"#),
        ]
        for missing in whole {
            let members = whole.filter { $0.0 != missing.0 }.map { "\"\($0.0)\": \($0.1)" }
            let film = try film(#"{"id": 603, "title": "The Matrix", \#(members.joined(separator: ", "))}"#)
            #expect(film.findings.isEmpty && film.title == "The Matrix", "without \(missing.0)")
            let found = CatalogQuality(rows: [film]).findings.map(\.rule)
            #expect(found.count == 1 && found[0].hasPrefix("missing-"), "without \(missing.0): \(found)")
        }
    }

    @Test func filmsOfMovieLensAreReadWithTheirLinksTagsAndTMDB() throws {
        let film = try film(
            #"""
            {"movieId": 2, "title": "American President, The (1995)", "genres": "Comedy|Drama|(no genres listed)",
             "imdbId": "0112346", "tmdbId": 9087, "tags": ["politics"],
             "tmdb": {"id": 9087, "title": "The American President", "overview": "A widowed <b>president</b>.",
                      "runtime": -1, "keywords": {"keywords": [{"name": "white house"}]}, "original_language": "en"}}
            """#)
        #expect(film.itemID == "2" && film.tmdbID == "9087")
        #expect(film.title == "The American President" && film.year == 1995 && film.decade == 1990)
        #expect(film.genres == ["Comedy", "Drama"] && film.keywords == ["politics", "white house"])
        #expect(film.overview == "A widowed president." && film.language == "en" && film.runtime == nil)
        #expect(film.findings.map(\.rule) == ["impossible-runtime", "markup-removed"])
    }

    @Test func aPageOfAListDoesNotEraseWhatAFilmsOwnPageSaid() throws {
        let own = Movie(
            itemID: "1", title: "T", overview: "Long.", genres: ["Drama"], runtime: 90, popularity: 5, keywords: ["k"],
            updatedAt: Timestamp(seconds: 1))
        var listed = try film(#"{"id": 1, "title": "T", "genre_ids": [35], "popularity": 9}"#)
        #expect(listed.isPartial)
        listed.updatedAt = Timestamp(seconds: 2)
        for rows in [[own, listed], [listed, own]] {
            let film = try #require(CatalogSnapshot(rows)["1"])
            #expect(film.runtime == 90 && film.keywords == ["k"] && film.overview == "Long.")
            #expect(film.popularity == 9 && film.genres == ["Comedy"] && film.updatedAt == listed.updatedAt)
            #expect(!film.isPartial)
        }
        // What was withdrawn is not completed by what was said before.
        let gone = Movie.withdrawn("1", at: Timestamp(microseconds: 1_500_000))
        #expect(CatalogSnapshot([own, gone, listed])["1"]?.runtime == nil)
    }
}
