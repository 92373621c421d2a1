import Catalog
import Domain
import Testing

@Suite("Edits of the catalogue")
struct CatalogEditTests {
    private let films = CatalogSnapshot([
        Movie(
            itemID: "a", title: "A", overview: "Old words.", releaseDate: CalendarDate("1999-03-31"), genres: ["Drama"],
            popularity: 10, availableUntil: Timestamp("2027-01-01T00:00:00Z"), updatedAt: Timestamp(seconds: 100)),
        Movie(itemID: "b", title: "B", updatedAt: Timestamp(seconds: 100)),
        Movie.withdrawn("gone", at: Timestamp(seconds: 900)),
    ])

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
    private func film(_ text: String, _ id: String? = nil) throws -> Movie {
        try FilmBody.movie(json(text), itemID: id)
    }

    @Test("a film is what its body says, under the names of the wire form")
    func put() throws {
        let movie = try film(
            #"""
            {"title":" The  Matrix ","overview":"Red or blue.","release_date":"1999-03-31","genres":["Action","Science Fiction"],
             "language":"en-US","runtime":136,"popularity":79.4,"vote_average":8.2,"vote_count":25321,
             "keywords":["simulation"],"director":"Lana Wachowski","available_from":"2026-01-01",
             "available_until":"2027-01-01T00:00:00Z","updated_at":"1970-01-01T00:00:00Z"}
            """#, "603")
        #expect(movie.itemID == "603" && movie.title == "The Matrix" && movie.year == 1999 && movie.language == "en")
        #expect(movie.genres == ["Action", "Science Fiction"] && movie.voteCount == 25321 && movie.runtime == 136)
        #expect(movie.availableFrom == Timestamp("2026-01-01T00:00:00Z"))
        #expect(movie.availableUntil == Timestamp("2027-01-01T00:00:00Z"))
        #expect(try film(#"{"item_id":"x","title":"T","year":null}"#) == film(#"{"title":"T"}"#, "x"))
    }

    @Test(
        "what would be dropped from a topic's message is refused here, by name",
        arguments: [
            (#"[]"#, "object"), (#"{}"#, "title"), (#"{"title":" "}"#, "title"), (#"{"title":5}"#, "title"),
            (#"{"title":"T","studio":"x"}"#, "studio"), (#"{"title":"T","year":"1999"}"#, "year"),
            (#"{"title":"T","year":1}"#, "year"), (#"{"title":"T","year":1999.5}"#, "year"),
            (#"{"title":"T","runtime":0}"#, "runtime"), (#"{"title":"T","vote_average":11}"#, "vote_average"),
            (#"{"title":"T","vote_count":-1}"#, "vote_count"), (#"{"title":"T","popularity":-1}"#, "popularity"),
            (#"{"title":"T","release_date":"1999"}"#, "release_date"),
            (#"{"title":"T","language":"Klingon!"}"#, "language"),
            (#"{"title":"T","genres":"Drama"}"#, "genres"), (#"{"title":"T","genres":["Drama",5]}"#, "genres"),
            (#"{"title":"T","keywords":[" "]}"#, "keywords"),
            (#"{"title":"T","available_from":"soon"}"#, "available_from"),
            (#"{"title":"T","available_from":5}"#, "available_from"),
            (#"{"title":"T","available_from":""}"#, "available_from"),
            (#"{"title":"T","available_until":"null"}"#, "available_until"),
            (#"{"title":"T","release_date":" "}"#, "release_date"), (#"{"title":"T","language":""}"#, "language"),
            (#"{"title":"T","available_from":"2026-01-02","available_until":"2026-01-02"}"#, "available_until"),
            (#"{"title":"T","item_id":"other"}"#, "item_id"),
        ])
    func refusals(body: String, name: String) {
        let error = #expect(throws: CatalogError.self) { try film(body, "1") }
        #expect(error?.code == "movie-malformed" && error?.message.contains(name) == true, "\(error?.message ?? "")")
    }

    @Test(
        "an identifier is taken as it is or not at all",
        arguments: [" a", "a ", "NULL", "", "a\\nb", "a\\u0000", "a\u{85}b"])
    func identifiers(id: String) {
        #expect(throws: CatalogError.self) { try film(#"{"item_id":"\#(id)","title":"T"}"#) }
    }

    @Test("a merge patch replaces, takes away with null, and leaves the rest")
    func patch() throws {
        var editing = CatalogEditing(films)
        let edits: [CatalogEdit] = [
            .patch(itemID: "a", try json(#"{"overview":"New words.","genres":null,"vote_count":3}"#)),
            .patch(itemID: "a", try json(#"{"title":"A2","available_until":null}"#)),
        ]
        let outcomes = try editing.apply(edits, now: Timestamp(seconds: 500))
        let movie = try #require(outcomes.last?.movie)
        #expect(movie.title == "A2" && movie.overview == "New words." && movie.description == "A2. New words.")
        #expect(movie.genres.isEmpty && movie.voteCount == 3 && movie.popularity == 10 && movie.availableUntil == nil)
        #expect(movie.releaseDate == CalendarDate("1999-03-31") && !outcomes[0].isNew)
        #expect(outcomes[0].movie.availableUntil != nil)
        #expect(editing.rows.map(\.updatedAt) == [Timestamp(seconds: 500), Timestamp(microseconds: 500_000_001)])
        #expect(films.updated(with: editing.rows)["a"]?.title == "A2")
        #expect(films.updated(with: editing.rows).withdrawn.keys.sorted() == ["gone"])
    }

    @Test("a year that came from the release date goes with it")
    func years() throws {
        let patched = try FilmBody.patched(films["a"]!, with: json(#"{"release_date":"2001-01-01"}"#))
        #expect(patched.year == 2001)
        #expect(try FilmBody.patched(films["a"]!, with: json(#"{"release_date":null}"#)).year == nil)
        #expect(try FilmBody.patched(films["a"]!, with: json(#"{"release_date":null,"year":1998}"#)).year == 1998)
    }

    @Test("one refused edit refuses them all, and nothing is left of those before it")
    func wholeness() throws {
        var editing = CatalogEditing(films)
        for bad in [
            CatalogEdit.withdraw(itemID: "nobody"), .withdraw(itemID: "gone"),
            .patch(itemID: "gone", try json(#"{"title":"X"}"#)), .patch(itemID: "a", try json(#"{"title":null}"#)),
            .patch(itemID: "a", try json("[]")),
        ] {
            #expect(throws: CatalogError.self) {
                try editing.apply([.withdraw(itemID: "b"), bad], now: Timestamp(seconds: 500))
            }
            #expect(editing.rows.isEmpty)
        }
        #expect(try editing.apply([.withdraw(itemID: "b")], now: Timestamp(seconds: 500))[0].movie.isWithdrawn)
        #expect(throws: CatalogError.noSuchFilm(itemID: "b")) {
            try editing.apply([.withdraw(itemID: "b")], now: Timestamp(seconds: 500))
        }
    }

    @Test("a condition holds of the film as it is at its turn, and one that does not refuses all")
    func conditions() throws {
        let known = Timestamp(seconds: 100)
        let edit = CatalogEdit.patch(itemID: "a", try json(#"{"title":"A2"}"#))
        func outcome(_ condition: CatalogEdit, after edits: [CatalogEdit] = []) -> CatalogError? {
            var editing = CatalogEditing(films)
            do {
                _ = try editing.apply(edits + [condition, edit], now: Timestamp(seconds: 500))
                return nil
            } catch {
                #expect(editing.rows.isEmpty)
                return error
            }
        }
        #expect(outcome(.require(itemID: "a", describedAt: nil)) == nil)
        #expect(outcome(.require(itemID: "a", describedAt: [known])) == nil)
        #expect(outcome(.require(itemID: "a", describedAt: [known]), after: [edit]) == .filmChanged(itemID: "a"))
        #expect(outcome(.require(itemID: "gone", describedAt: nil)) == .filmChanged(itemID: "gone"))
        #expect(outcome(.refuse(itemID: "a", describedAt: nil)) == .filmExists(itemID: "a"))
        #expect(outcome(.refuse(itemID: "a", describedAt: [known])) == .filmExists(itemID: "a"))
        #expect(outcome(.refuse(itemID: "a", describedAt: [known]), after: [edit]) == nil)
        #expect(outcome(.refuse(itemID: "a", describedAt: [])) == nil)
        #expect(outcome(.refuse(itemID: "gone", describedAt: nil)) == nil)
    }

    @Test("an edit wins over what was said before, whatever the clock says")
    func clocks() throws {
        var editing = CatalogEditing(films)
        let edits: [CatalogEdit] = [.put(try film(#"{"title":"Back"}"#, "gone")), .withdraw(itemID: "a")]
        let outcomes = try editing.apply(edits, now: Timestamp(seconds: 1))
        #expect(outcomes[0].isNew && outcomes[0].movie.updatedAt == Timestamp(microseconds: 900_000_001))
        let after = films.updated(with: editing.rows)
        #expect(after["gone"]?.title == "Back" && after["a"] == nil && after.withdrawn.keys.sorted() == ["a"])
    }
}
