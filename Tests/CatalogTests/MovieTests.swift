import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

@Suite struct MovieJSONTests {
    private let now = Timestamp(seconds: 1_700_000_000)

    private func decode(_ json: String) throws -> Movie { try MovieJSON.decode(Array(json.utf8), updatedAt: now) }

    @Test func filmsComeBackFromJSONAsTheyWere() throws {
        let full = Movie(
            itemID: "603", title: "The \"Matrix\"\\", overview: "A hacker\u{1F600} learns.",
            releaseDate: CalendarDate(year: 1999, month: 3, day: 31), genres: ["Action", "Science Fiction"],
            language: "en", runtime: 136, popularity: 79.4, voteAverage: 8.2, voteCount: 25_321,
            keywords: ["simulation, reality"], director: "Lana & Lilly Wachowski",
            updatedAt: Timestamp(microseconds: 1_700_000_000_123_456))
        #expect(try MovieJSON.decode(MovieJSON.encode(full), updatedAt: now) == full)
        let bare = Movie(itemID: "x", title: "Untitled", updatedAt: now)
        #expect(try MovieJSON.decode(MovieJSON.encode(bare), updatedAt: now) == bare)
    }

    @Test func takesTheNamesOfOthers() throws {
        let movie = try decode(
            #"""
            {"id": 550, "title": "  Fight \n Club ", "overview": "Tyler.", "release_date": "1999-10-15",
             "genres": [{"id": 18, "name": "Drama"}, {"id": 18, "name": "Drama"}], "original_language": "EN-us",
             "runtime": "139", "popularity": "61.4", "vote_average": 8.4, "vote_count": 26000.0,
             "keywords": {"keywords": [{"id": 1, "name": "support group"}]},
             "credits": {"crew": [{"job": "Producer", "name": "Art Linson"}, {"job": "Director", "name": "David Fincher"}]}}
            """#)
        #expect(movie.itemID == "550")
        #expect(movie.title == "Fight Club")
        #expect(movie.description == "Fight Club. Tyler.")
        #expect(movie.year == 1999)
        #expect(movie.genres == ["Drama"])
        #expect(movie.language == "en")
        #expect(movie.runtime == 139)
        #expect(movie.popularity == 61.4)
        #expect(movie.voteCount == 26_000)
        #expect(movie.keywords == ["support group"])
        #expect(movie.director == "David Fincher")
        #expect(movie.updatedAt == now)
    }

    @Test(
        arguments: [
            (#""Drama, Crime""#, ["Drama", "Crime"]),
            (#""Adventure|Children's""#, ["Adventure", "Children's"]),
            (#""(no genres listed)""#, []),
            (#"["Drama", null, 3, " ", {"name": "Crime"}, {"id": 1}]"#, ["Drama", "Crime"]),
            ("null", []), ("7", []), (#"{"a": "b"}"#, []),
        ] as [(String, [String])])
    func genresOfEveryFormAreFlattened(json: String, expected: [String]) throws {
        #expect(try decode(#"{"id": "1", "title": "T", "genres": \#(json)}"#).genres == expected)
    }

    @Test(
        arguments: [
            (#""1999-03-31""#, "1999-03-31", 1999), (#""1999-03-31T00:00:00Z""#, "1999-03-31", 1999),
            (#""1999""#, nil, 1999), (#""1999-13-01""#, nil, 1999), (#""""#, nil, nil), (#""soon""#, nil, nil),
            (#""0001-01-01""#, nil, nil), ("5", nil, nil), ("null", nil, nil),
        ] as [(String, String?, Int32?)])
    func datesAndYearsAreParsed(json: String, date: String?, year: Int32?) throws {
        let movie = try decode(#"{"id": "1", "title": "T", "release_date": \#(json)}"#)
        #expect(movie.releaseDate?.description == date)
        #expect(movie.year == year)
    }

    @Test func oddValuesAreAbsentAndFindings() throws {
        var movie = try decode(
            #"""
            {"id": "1", "title": "T", "runtime": -5, "popularity": -1, "vote_average": 11, "vote_count": 1e300,
             "language": "Klingon!", "year": 99999999999999999999, "updated_at": "yesterday", "director": " "}
            """#)
        #expect(movie.findings.count == 7)
        movie.findings = []
        #expect(movie == Movie(itemID: "1", title: "T", updatedAt: now))
        #expect(try decode(#"{"id": "1", "title": "T", "available_from": null, "available_until": " "}"#) == movie)
        // TMDB's way of saying that nobody voted.
        #expect(try decode(#"{"id": "1", "title": "T", "vote_average": 0, "vote_count": 0}"#).voteAverage == nil)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "7", #""text""#, "{}", #"{"id": "1"}"#, #"{"title": "T"}"#, #"{"id": "", "title": "T"}"#,
        #"{"id": 1.5, "title": "T"}"#, #"{"id": true, "title": " "}"#, #"{"id": "a\nb", "title": "T"}"#,
        #"{"id": "1", "title": "T"} x"#, "{\"id\": \"1\", \"title\": \"\u{0}", #"{"id": "1", "title": ["T"]}"#,
        #"{"id": "1", "title": "T", "available_from": "soon"}"#, #"{"id": "1", "title": "T", "available_until": 5}"#,
        #"{"id": "1", "title": "T", "available_from": "2026-01-02", "available_until": "2026-01-01"}"#,
        "{\"id\": \"\(String(repeating: "x", count: 257))\", \"title\": \"T\"}",
        String(repeating: "[", count: 100_000), String(repeating: #"{"id":"#, count: 100_000),
    ])
    func refusesWhatIsNoFilm(json: String) {
        let error = #expect(throws: CatalogError.self) { try decode(json) }
        #expect(error?.code == "movie-malformed")
    }

    /// Any byte sequence ends in a film or in an error, never in a crash.
    @Test func damagedFilmsAreErrorsAndNeverACrash() throws {
        let seed =
            MovieJSON.encode(Films.generated(1)[0]) + Array(#"{"id":1,"title":"é\u00e9","genres":[{"name":"x"}]}"#.utf8)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var bytes = seed
            for _ in 0...generator.below(6) {
                let place = generator.below(bytes.count)
                switch generator.below(3) {
                case 0: bytes[place] = UInt8(generator.below(256))
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array(#"{}[]",:\u"#.utf8)[generator.below(9)], at: place)
                }
            }
            do {
                let movie = try MovieJSON.decode(bytes, updatedAt: now)
                #expect(!movie.itemID.isEmpty)
            } catch { #expect(error is CatalogError) }
        }
    }
}

@Suite struct MovieCleanerTests {
    @Test func normsRelateToTheCatalogue() {
        let movies = MovieCleaner.clean([
            Movie(itemID: "a", title: "A", popularity: 99, voteAverage: 9, voteCount: 300),
            Movie(itemID: "b", title: "B", popularity: 9, voteAverage: 5, voteCount: 100),
            Movie(itemID: "c", title: "C", popularity: 0),
        ])
        #expect(movies[0].popularityNorm == 1)
        #expect(isClose(movies[1].popularityNorm ?? 0, 0.5))
        #expect(movies[2].popularityNorm == 0)
        // Mean 7, worth 100 votes: (300·9 + 100·7) / 400 / 10.
        #expect(isClose(movies[0].voteNorm ?? 0, 0.85))
        #expect(isClose(movies[1].voteNorm ?? 0, 0.6))
        #expect(movies[2].voteNorm == nil)
    }

    @Test func arrivalInBatchesEndsTheSame() {
        let movies = (1...9).map {
            Movie(itemID: "\($0)", title: "T", popularity: Float($0), voteAverage: Float($0), voteCount: Int32($0 * 10))
        }
        let normalizer = CatalogNormalizer(knowing: CatalogSnapshot(movies.prefix(3)))
        let late = normalizer.normalised(Array(movies[3..<6])) + normalizer.normalised(Array(movies[6...]))
        #expect(CatalogSnapshot(movies.prefix(3) + late).movies == CatalogSnapshot(movies).movies)
        #expect(late.last == CatalogSnapshot(movies)["9"])
    }
}

@Suite struct CatalogFileTests {
    @Test func readsLinesAndNamesTheBadOnes() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "films.jsonl")
            let text =
                "{\"id\":\"1\",\"title\":\"A\"}\r\n\n{oops}\n{\"id\":\"2\",\"title\":\"B\"}\n{\"id\":\"1\",\"title\":\"C\"}"
            try Data(text.utf8).write(to: file)
            let contents = try CatalogFile.read(file.path, updatedAt: Timestamp(seconds: 5))
            #expect(contents.movies.map(\.title) == ["C", "B"])
            #expect(contents.rejected == [.init(line: 3, reason: "it is not a JSON object")])
            try Data("\n{}\n".utf8).write(to: file)
            #expect(throws: CatalogError.emptyCatalogue(path: file.path, rejected: 1)) {
                try CatalogFile.read(file.path, updatedAt: Timestamp(seconds: 5))
            }
            let missing = folder.appending(path: "missing").path
            #expect(throws: CatalogError.unreadable(path: missing, reason: "there is no such file")) {
                try CatalogFile.read(missing, updatedAt: Timestamp(seconds: 5))
            }
        }
    }

    @Test func demoCatalogueIsWhole() throws {
        let path = Checkout.root.appending(path: "data/films.jsonl").path
        let contents = try CatalogFile.read(path, updatedAt: Timestamp(seconds: 5))
        #expect(contents.rejected.isEmpty)
        #expect(contents.movies.count >= 300)
        for movie in contents.movies {
            #expect(!movie.overview.isEmpty && !movie.genres.isEmpty && movie.year != nil, "\(movie.itemID)")
        }
        // Similarity finds something for every one of them.
        let index = ContentIndex(contents.movies)
        #expect(contents.movies.allSatisfy { index.mostSimilar(to: [$0.itemID], limit: 10).count == 10 })
    }
}

@Suite struct MovieTableTests {
    @Test func filmsComeBackFromABatchAsTheyWere() throws {
        let movies = MovieCleaner.clean(
            Films.generated(20) + [
                Movie(
                    itemID: "full", title: "T", overview: "O", releaseDate: CalendarDate(days: 10_000),
                    genres: ["A", "B"],
                    language: "fr", runtime: 90, popularity: 3, voteAverage: 7, voteCount: 12, keywords: ["k"],
                    director: "D", availableFrom: Timestamp(seconds: 5),
                    availableUntil: Timestamp(microseconds: 7_000_001),
                    updatedAt: Timestamp(microseconds: 77))
            ])
        let batch = try MovieTable.batch(movies)
        #expect(batch.rowCount == 21)
        #expect(try MovieTable.movies(of: batch) == movies)
        #expect(try MovieTable.batch([]).rowCount == 0)
    }

    @Test func otherColumnsMayBeMissing() throws {
        let schema = Schema([Field("title", .string), Field("item_id", .string), Field("stray", .bool)])
        let batch = try RecordBatch(
            schema: schema, columns: [.string(BytesColumn(["T"])), .string(BytesColumn(["1"])), .bool(.init([true]))])
        #expect(try MovieTable.movies(of: batch) == [Movie(itemID: "1", title: "T")])
        let odd = try RecordBatch(
            schema: Schema([Field("title", .string), Field("item_id", .bool)]),
            columns: [.string(BytesColumn(["T"])), .bool(.init([true]))])
        #expect(throws: ColumnarError.self) { try MovieTable.movies(of: odd) }
    }

    @Test func newestDescriptionWins() {
        let old = Movie(itemID: "1", title: "Old", updatedAt: Timestamp(seconds: 1))
        let new = Movie(itemID: "1", title: "New", updatedAt: Timestamp(seconds: 2))
        #expect(CatalogSnapshot([new, old])["1"]?.title == "New")
        #expect(CatalogSnapshot([old, new])["1"]?.title == "New")
        // A withdrawal is the newest word, or is not.
        let mark = Movie.withdrawn("1", at: new.updatedAt)
        #expect(CatalogSnapshot([new, mark])["1"] == nil && CatalogSnapshot([new, mark]).withdrawn.keys.contains("1"))
        #expect(CatalogSnapshot([new, .withdrawn("1", at: old.updatedAt)])["1"]?.title == "New")
        #expect(CatalogSnapshot([mark]).isThere && !CatalogSnapshot.empty.isThere)
        #expect(CatalogSnapshot.emptied.isThere && CatalogSnapshot.emptied.count == 0)
        // What is withdrawn is all that was said before, whatever its date.
        let normalizer = CatalogNormalizer(knowing: CatalogSnapshot([new]))
        let late = normalizer.normalised([.withdrawn("1", at: old.updatedAt)])
        #expect(CatalogSnapshot(late + [new]).count == 0)
        #expect(CatalogSnapshot([old]).count == 1 && CatalogSnapshot.empty["1"] == nil)
    }

    @Test("identifiers of other bytes are other films, though Swift takes them for one text")
    func identifiersAreBytes() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let films = [composed, decomposed].map { Movie(itemID: $0, title: "\($0.utf8.count) bytes") }
        let catalogue = CatalogSnapshot(films)
        #expect(catalogue.count == 2 && catalogue.updated(with: films).count == 2)
        #expect(catalogue[composed]?.title == "5 bytes" && catalogue[decomposed]?.title == "6 bytes")
        // A withdrawal is of one of them, and so is what a partial description adds.
        var partial = Movie(itemID: composed, title: "5 bytes", year: 1999, updatedAt: Timestamp(seconds: 1))
        partial.isPartial = true
        let marked = [.withdrawn(decomposed, at: Timestamp(seconds: 1)), partial]
        for after in [catalogue.updated(with: marked), CatalogSnapshot(films + marked)] {
            #expect(after[composed]?.year == 1999 && after[decomposed] == nil)
            #expect(Array(after.withdrawn.keys) == [ExactText(decomposed)])
        }
        // Alike but for the identifier, and both are news.
        var ledger = FilmLedger([])
        #expect(ledger.news([composed, decomposed].map { Movie(itemID: $0, title: "Café") }).rows.count == 2)
        var editing = CatalogEditing(CatalogSnapshot([films[0]]))
        let edited = try editing.apply([.put(films[1])], now: Timestamp(seconds: 2))
        #expect(edited.map(\.isNew) == [true])
        #expect(ContentIndex(films).contains(decomposed) && ContentIndex(films).count == 2)
    }

    /// Edits change a catalogue film by film; what comes of it is what reading everything anew would give.
    @Test func anUpdatedCatalogueIsTheOneReadAnew() {
        var random = SeededGenerator(seed: 5)
        // Two of them are the same text to Swift, of other bytes.
        let ids = (0..<12).map { "film \($0)" } + ["caf\u{E9}", "cafe\u{301}", "z"]
        func row() -> Movie {
            let (id, at) = (ids[random.below(ids.count)], Timestamp(seconds: Int64(random.below(6))))
            if random.below(4) == 0 { return .withdrawn(id, at: at) }
            var movie = Movie(itemID: id, title: "\(random.below(100))", updatedAt: at)
            movie.popularity = random.below(2) == 0 ? nil : Float(random.below(50))
            movie.voteCount = Int32(random.below(3) * 40)
            movie.voteAverage = Float(random.below(10))
            return movie
        }
        for _ in 0..<200 {
            let before = CatalogSnapshot((0..<random.below(14)).map { _ in row() })
            let rows = (0..<1 + random.below(5)).map { _ in row() }
            let marks = before.withdrawn.map { Movie.withdrawn($0.key.text, at: $0.value) }
            let (after, anew) = (before.updated(with: rows), CatalogSnapshot(before.movies + marks + rows))
            #expect(after.movies == anew.movies && after.withdrawn == anew.withdrawn)
            #expect(ids.allSatisfy { after[$0] == anew[$0] })
        }
    }
}
