import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

@Suite struct RawFilmsTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func read(_ text: String) throws(CatalogError) -> RawFilms {
        try RawFilms(Array(text.utf8), updatedAt: now)
    }

    @Test func aMessageMayHoldSeveralFilms() throws {
        let page = try read(
            #"{"page":1,"results":[{"id":1,"title":"A"},{"id":2},7,{"id":3,"title":"C"}],"total_pages":1}"#)
        #expect(page.films.map(\.itemID) == ["1", "3"])
        #expect(page.refused.map(\.place) == [2, 3])
        #expect(page.trouble == "film 2 of 4: it has no title; 1 more are none")
        #expect(try read(#"[{"id":1,"title":"A"}]"#).trouble == nil)
        // A film whose own page carries a list is one film.
        #expect(try read(#"{"id":1,"title":"A","results":[{"id":2,"title":"B"}]}"#).films.map(\.itemID) == ["1"])
    }

    @Test(arguments: [
        "", "{}", "[]", "7", "text", #"{"results":[]}"#, #"{"results":[{"id":1}]}"#, "{\"id\":1,", "a,b\n",
        "1,2\n3,4\n",
        #"{"success":false,"status_code":34,"status_message":"The resource you requested could not be found."}"#,
        String(repeating: "[", count: 100_000), "id,title\n",
    ])
    func whatHoldsNoFilmIsRefused(text: String) {
        let error = #expect(throws: CatalogError.self) { try read(text) }
        #expect(error?.code == "movie-malformed")
    }

    @Test func recordsOfCSVAreReadWithTheirNamesOrByTheirShape() throws {
        let named = try read("title,id,vote_count\n\"A, B\",7,12\n\"C\nD\",8,x\nE,9\n")
        #expect(named.films.map(\.title) == ["A, B", "C D"] && named.films[0].voteCount == 12)
        #expect(named.films[1].findings.map(\.text) == ["impossible-votes: 'x'"])
        #expect(named.trouble == "film 3 of 3: wrong-number-of-fields: 2 and not 3")
        #expect(throws: CatalogError.self) { try read("1,A,B,C\n") }
    }

    @Test(.enabled(if: Checkout.shared("data/tmdb/api") != nil, "needs ../shared/data/tmdb"))
    func whatTMDBDeliversIsRead() throws {
        func text(_ name: String) throws -> String {
            let file = try #require(Checkout.shared("data/tmdb/\(name)"))
            return try String(contentsOf: file, encoding: .utf8)
        }
        let page = try read(try text("api/movie_popular_page1.json"))
        #expect(page.films.count == 20 && page.trouble == nil)
        #expect(page.films.allSatisfy { $0.isPartial && $0.year != nil && $0.language != nil && $0.findings.isEmpty })
        let own = try read(try text("api/movie_550.json"))
        #expect(own.films.map(\.title) == ["Fight Club"] && own.films[0].runtime == 139 && !own.films[0].isPartial)

        // Each CSV with its line of names, and one record of it alone.
        for (name, id) in [("tmdb_5000_movies.csv", "19995"), ("top10K-TMDB-movies.csv", "278")] {
            let lines = try text(name).split(maxSplits: 2, whereSeparator: \.isNewline).map(String.init)
            let whole = try read(lines[0] + "\n" + lines[1] + "\n")
            let alone = try read(lines[1])
            #expect(whole.films.map(\.itemID) == [id] && whole.films == alone.films, "\(name)")
            #expect(!whole.films[0].genres.isEmpty && whole.films[0].findings.isEmpty, "\(name)")
        }
        let lens = try read("movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n")
        #expect(lens.films.map(\.title) == ["Toy Story"] && lens.films[0].genres == ["Adventure", "Animation"])
        #expect(try read("1,Toy Story (1995),Adventure|Animation").films == lens.films)
    }

    /// Any bytes end in films or in an error, never in a crash.
    @Test func damagedMessagesAreErrorsAndNeverACrash() throws {
        let seeds = [
            #"{"page":1,"results":[{"id":1,"title":"A","genre_ids":[1,2]},{"id":2,"title":"<b>"}]}"#,
            "id,title,genres\n1,\"A, B\",\"[{'name': 'x'}]\"\n",
            #"{"movieId":1,"title":"X, The (1999)","tmdb":{"id":5,"title":"Y"},"tags":"a|b"}"#,
        ]
        var generator = SeededGenerator(seed: 11)
        for round in 0..<2000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...generator.below(6) {
                let place = generator.below(bytes.count)
                switch generator.below(3) {
                case 0: bytes[place] = UInt8(generator.below(256))
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array(#"{}[]",:\<&;"#.utf8)[generator.below(11)], at: place)
                }
            }
            do throws(CatalogError) {
                let raw = try RawFilms(bytes, updatedAt: now)
                #expect(raw.films.allSatisfy { !$0.itemID.isEmpty && !$0.isWithdrawn })
            } catch { #expect(error.code == "movie-malformed") }
        }
    }
}
