import Catalog
import Domain
import Linalg
import Testing

@testable import Serving

@Suite("Filters")
struct FilterTests {
    static let films: [Movie] = [
        Movie(
            itemID: "0", title: "Alien", releaseDate: CalendarDate("1979-05-25"),
            genres: ["Horror", "Science Fiction"],
            language: "en", runtime: 117, popularity: 7.9, voteAverage: 8.1, voteCount: 12_000, keywords: ["space"],
            director: "Ridley Scott", availableFrom: Timestamp("2026-01-01T00:00:00Z"),
            updatedAt: Timestamp(seconds: 1000)),
        Movie(
            itemID: "1", title: "Amélie", year: 2001, genres: ["Romance", "Comedy"], language: "fr", runtime: 122,
            popularity: 5, voteAverage: 7.9, voteCount: 9000, availableUntil: Timestamp("2026-06-01T00:00:00Z")),
        Movie(itemID: "2", title: "Nobody knows", overview: "No genre, no language, no year."),
        Movie(itemID: "3", title: "\"Quoted\" it's", year: 1990, genres: ["Drama"], language: "en"),
    ]

    /// Place 4 is an item that no film describes.
    static func filters(_ films: [Movie] = films, more: Int = 1) -> ItemFilters {
        ItemFilters(
            ids: films.map(\.itemID) + (0..<more).map { "unknown\($0)" }, modelCount: films.count, hidden: nil,
            hasFilms: true, movie: { Int($0) < films.count ? films[Int($0)] : nil })
    }

    static func places(_ text: String, _ parameters: [String: JSONValue] = [:]) throws -> [Int] {
        let selection = try filters().select(FilterText(expression: text, parameters: parameters))
        #expect(selection.count == (0..<5).count { selection.contains($0) })
        return (0..<5).filter { selection.contains(Int32($0)) }
    }

    @Test(
        "a condition lets through the films for which it is true",
        arguments: [
            (#"title = "Alien""#, [0]), (#"title != "Alien""#, [1, 2, 3]), (#"title < "B""#, [0, 1, 3]),
            (#"title = '"Quoted" it\'s'"#, [3]), (#"title = "\"Quoted\" it's""#, [3]), (#"title = "Am\u00e9lie""#, [1]),
            (#"title = "Ame\u0301lie""#, [1]), ("year >= 1990", [1, 3]), ("year = 1990", [3]),
            ("year > 1989.5", [1, 3]),
            ("year = 1990.5", []), ("year in (1979, 2001)", [0, 1]), ("year not in (1979, 2001)", [3]),
            ("vote_average = 7.9", [1]), ("popularity <= 7.9", [0, 1]), ("vote_count > 1e4", [0]), ("runtime < -1", []),
            (#"genre = "Drama""#, [3]), (#"genres = "Horror""#, [0]), (#"genre in ("Drama", "Comedy")"#, [1, 3]),
            (#"genre not in ("Drama", "Comedy")"#, [0, 2]), (#"keyword = "space""#, [0]),
            (#"release_date < "1980-01-01""#, [0]), (#"release_date = "1979-05-25""#, [0]),
            (#"updated_at > "1970-01-01""#, [0]), (#"updated_at = "1970-01-01T01:16:40+01:00""#, [0]),
            (#"available_from >= "2026-01-01""#, [0]), ("available_until is not null", [1]), (#"id = "unknown0""#, [4]),
            (#"ID = "x" or id = "2""#.replacing("ID", with: "id"), [2]),
            (#"director = "Ridley Scott" and (year < 1980 or year > 2000)"#, [0]),
            (#"language = "en" or language = "fr" and year = 1990"#, [0, 3]),
            (#"(language = "en" or language = "fr") and year = 1990"#, [3]),
            (#"NOT language = "fr" AND year IS NOT NULL"#, [0, 3]), ("not (year < 1980 or year > 2000)", [3]),
            ("not not year = 1990", [3]), ("year<>1990 and year!=2001", [0]),
        ])
    func condition(text: String, expected: [Int]) throws {
        #expect(try Self.places(text) == expected, "\(text)")
    }

    @Test("a comparison with a missing value is not true, and its opposite is not true either, as in SQL")
    func missing() throws {
        #expect(try Self.places(#"language = "fr""#) == [1])
        #expect(try Self.places(#"language != "fr""#) == [0, 3])
        #expect(try Self.places(#"not language = "fr""#) == [0, 3])
        #expect(try Self.places(#"not language = "fr" or language is null"#) == [0, 2, 3, 4])
        #expect(try Self.places("not (year >= 1990 and year <= 2001)") == [0])
    }

    @Test("a list of a film is never missing, only empty; an item without a film has no lists")
    func lists() throws {
        #expect(try Self.places(#"genre != "Drama""#) == [0, 1, 2])
        #expect(try Self.places(#"not genre = "Drama""#) == [0, 1, 2])
        #expect(try Self.places("genre is null") == [2, 4])
        #expect(try Self.places("genres is not null") == [0, 1, 3])
    }

    @Test("parameters are bound apart from the text, and no value can change what is asked")
    func parameters() throws {
        #expect(try Self.places("genre = $g and year >= $y", ["g": .text("Drama"), "y": .number(1990)]) == [3])
        #expect(try Self.places("genre in $g", ["g": .array([.text("Drama"), .text("Comedy")])]) == [1, 3])
        #expect(try Self.places("genre in ($a, 'Drama')", ["a": .text("Comedy")]) == [1, 3])
        #expect(try Self.places("genre in $g", ["g": .array([])]) == [])
        #expect(try Self.places("title = $t", ["t": .text(#"x" or title != ""#)]) == [])
        #expect(try Self.places("release_date = $d", ["d": .text("1979-05-25")]) == [0])
    }

    @Test(
        "what is no filter is refused with the place and what to do",
        arguments: [
            ("", "filter-syntax", 1), ("year", "filter-syntax", 5), ("year >=", "filter-syntax", 8),
            ("year == 1990", "filter-syntax", 6), ("year >= 1990 year", "filter-syntax", 14),
            ("year = 1990 &&", "filter-syntax", 13), ("(year = 1990", "filter-syntax", 13),
            ("year = 1990)", "filter-syntax", 12), ("year in 1990", "filter-syntax", 9),
            ("year in ()", "filter-syntax", 10),
            ("year in (1990,)", "filter-syntax", 15), ("title = \"x", "filter-syntax", 9),
            (#"title = "\x""#, "filter-syntax", 10), (#"title = "\u12""#, "filter-syntax", 10),
            (#"title = "\ud800""#, "filter-syntax", 10), ("year = 0x10", "filter-syntax", 8),
            ("year = 1e999", "filter-syntax", 8), ("year = -", "filter-syntax", 8),
            ("year = 19.9.9", "filter-syntax", 8),
            ("year = null", "filter-syntax", 8), ("year is 1990", "filter-syntax", 9), ("not", "filter-syntax", 4),
            ("and year = 1", "filter-syntax", 1), ("ä = 1", "filter-syntax", 1), ("year = $", "filter-syntax", 8),
            ("! year = 1", "filter-syntax", 1), ("year = title", "filter-syntax", 8),
            ("year = (1990)", "filter-syntax", 8),
            ("year >= 1990 and studio = \"x\"", "filter-unknown-field", 18), ("Year = 1", "filter-unknown-field", 1),
            ("year = \"1990\"", "filter-wrong-type", 1), ("title = 5", "filter-wrong-type", 1),
            ("year > 1 and genre < \"x\"", "filter-wrong-type", 14),
            ("release_date > \"1990\"", "filter-wrong-type", 1), ("release_date > 1990", "filter-wrong-type", 1),
            ("release_date > \"1990-02-30\"", "filter-wrong-type", 1),
            ("updated_at > \"yesterday\"", "filter-wrong-type", 1),
            ("year = $y", "filter-parameters", 8),
        ])
    func refusal(text: String, code: String, position: Int) {
        let error = #expect(throws: FilterError.self, "\(text)") { try Self.places(text) }
        #expect(error?.code == code, "\(text)")
        #expect(error?.message.contains("at character \(position)") == true, "\(text): \(error?.message ?? "")")
        #expect(error?.advice.isEmpty == false, "\(text)")
    }

    @Test("values that do not fit, and values for nothing, are refused")
    func badParameters() {
        func error(_ text: String, _ values: [String: JSONValue]) -> FilterError? {
            #expect(throws: FilterError.self) { try Self.places(text, values) }
        }
        #expect(error("year = 1990", ["y": .number(1)]) == .unusedParameter(name: "y"))
        #expect(error("year = $y", ["y": .text("1990")])?.code == "filter-wrong-type")
        #expect(error("year = $y", ["y": .array([.number(1)])])?.code == "filter-wrong-type")
        #expect(error("year in $y", ["y": .number(1)])?.code == "filter-wrong-type")
        #expect(error("year in $y", ["y": .array([.array([])])])?.code == "filter-wrong-type")
        #expect(
            error("year in $y", ["y": .array(Array(repeating: .number(1), count: 1001))])?.code == "filter-too-large")
        #expect(error("year = $y", ["y": .number(.nan)])?.code == "filter-wrong-type")
    }

    @Test("length, depth and lists have a limit, and just below it they work")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "year = 1990" + String(repeating: ")", count: depth)
        }
        #expect(try Self.places(nested(32)) == [3])
        #expect(throws: FilterError.tooLarge(what: "levels of parentheses and `not`", limit: 32, position: 34)) {
            try Self.places(nested(33))
        }
        #expect(throws: FilterError.self) { try Self.places(nested(3000)) }
        #expect(throws: FilterError.self) { try Self.places(String(repeating: "not ", count: 40) + "year = 1990") }
        #expect(throws: FilterError.tooLarge(what: "bytes", limit: 8192, position: nil)) {
            try Self.places("title = \"\(String(repeating: "x", count: 8192))\"")
        }
        let list = (0..<1000).map { "\($0 + 1000)" }.joined(separator: ",")
        #expect(try Self.places("year in (\(list))") == [0, 3])
        #expect(throws: FilterError.self) { try Self.places("year in (\(list),5)") }
    }

    @Test("what was selected is remembered with its values, and hidden items are never selected")
    func memory() throws {
        let filters = Self.filters()
        let first = try filters.select(FilterText(expression: "year = $y", parameters: ["y": .number(1990)]))
        #expect(try filters.select(FilterText(expression: "year = $y", parameters: ["y": .number(1990)])) === first)
        #expect(
            try filters.select(FilterText(expression: "year = $y", parameters: ["y": .number(2001)])).places
                != first.places)
        let hiding = ItemFilters(
            ids: Self.films.map(\.itemID), modelCount: 2, hidden: ItemBitmap(itemCount: 4, items: [ItemIndex(0)]),
            hasFilms: true, movie: { Self.films[Int($0)] })
        let selection = try hiding.select(FilterText(expression: "id >= \"\""))
        #expect(selection.count == 3 && !selection.contains(0))
        #expect(selection.excludedItems == ItemBitmap(itemCount: 2, items: [ItemIndex(0)]))
    }

    @Test("without films a filter is refused: its empty answer would say the wrong thing")
    func noFilms() {
        let filters = ItemFilters(ids: ["a"], modelCount: 1, hidden: nil, hasFilms: false, movie: { _ in nil })
        #expect(throws: FilterError.noCatalogue) { try filters.select(FilterText(expression: "year > 1")) }
        #expect(throws: FilterError.unknownField(name: "yeer", position: 1)) {
            try filters.select(FilterText(expression: "yeer > 1"))
        }
    }
}
