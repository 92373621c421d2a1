import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Catalog

/// What every source of films must find: run by the embedded index and by each of the real servers.
///
/// Which films match is counted anew from the films themselves; scores are compared with the embedded index, whose
/// arithmetic ``ContentIndexTests`` holds to Lucene.
struct FilmSearchConformance {
    let films: [Movie]
    let embedded: ContentIndex
    private let titles: [Set<String>]
    private let overviews: [Set<String>]
    private let titleWords: [String]

    init(_ films: [Movie]) {
        self.films = films
        embedded = ContentIndex(films)
        titles = films.map { Set(Self.words($0.title)) }
        overviews = films.map { Set(Self.words($0.overview)) }
        titleWords = titles.reduce(into: Set()) { $0.formUnion($1) }.sorted()
    }

    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var breaker = WordBreaker()
        breaker.forEachWord(of: text) { words.append(String(decoding: $0, as: UTF8.self)) }
        return words
    }

    func check(_ source: some FilmSearch & ContentSource) async throws {
        try await texts(source)
        try await filters(source)
        try await similarity(source)
        try await statistics(source)
    }

    // MARK: Texts

    private var questions: [String] {
        var generator = SeededGenerator(seed: 3)
        func one(_ words: [Set<String>]) -> String {
            words[generator.below(words.count)].sorted().randomElement(using: &generator) ?? "ba"
        }
        var texts = ["", "?!", "nowhere", "ba", "BA ko", "ba ba", "ba ko ba"]
        for _ in 0..<8 {
            texts.append(one(titles))
            texts.append("\(one(titles)) \(one(overviews))")
            texts.append(String(one(titles).prefix(1 + generator.below(4))))
            texts.append(Self.misspelt(one(titles), &generator))
            texts.append("\(Self.misspelt(one(titles), &generator)) \(one(titles).prefix(2))")
        }
        return texts
    }

    private static func misspelt(_ word: String, _ generator: inout SeededGenerator) -> String {
        var letters = Array(word)
        for _ in 0...generator.below(3) {
            let place = generator.below(letters.count)
            switch generator.below(4) {
            case 0: letters.insert("o", at: place)
            case 1 where letters.count > 1: letters.remove(at: place)
            case 2: letters[place] = "u"
            default: letters.swapAt(place, max(0, place - 1))
            }
        }
        return String(letters)
    }

    private func texts(_ source: some FilmSearch) async throws {
        for form in FilmQuery.Words.allCases {
            for text in questions {
                var query = FilmQuery(text, words: form, limit: 30)
                query.facets = Set(FilmFacet.allCases)
                let found = try await source.search(query)
                let matching = self.matching(text, form)
                #expect(found.total == matching.count, "\(source) finds “\(text)” \(form)")
                #expect(found.items.count == min(30, matching.count), "“\(text)” \(form)")
                compareRanking(found.items, with: FilmQuery(text, words: form, limit: 200), "“\(text)” \(form)")
                for facet in FilmFacet.allCases {
                    #expect(found.facets[facet] == counts(facet, matching), "\(facet) of “\(text)” \(form)")
                }
            }
        }
    }

    /// The films that match, counted from the films themselves.
    private func matching(_ text: String, _ form: FilmQuery.Words) -> [Int] {
        let all = Self.words(text)
        // A word that is there twice counts where it stands last.
        let words = all.indices.filter { !all[($0 + 1)...].contains(all[$0]) }.map { all[$0] }
        guard !words.isEmpty else { return [] }
        // By word of the text, the words of titles that will do.
        let fitting = words.enumerated().map { number, word -> Set<String> in
            guard form == .typing else { return [word] }
            let slips = word.count < 3 ? 0 : word.count < 6 ? 1 : 2
            return Set(
                titleWords.filter { other in
                    other == word || number == words.count - 1 && other.hasPrefix(word)
                        || slips > 0 && other.first == word.first && abs(other.count - word.count) <= slips
                            && Self.distance(Array(other), Array(word)) <= slips
                })
        }
        return films.indices.filter { film in
            zip(words, fitting).allSatisfy { overviews[film].contains($0) || !titles[film].isDisjoint(with: $1) }
        }
    }

    /// By the definition: the whole table.
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count {
            for j in 0...b.count {
                if i == 0 || j == 0 {
                    table[i][j] = i + j
                    continue
                }
                table[i][j] = min(
                    table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
                }
            }
        }
        return table[a.count][b.count]
    }

    private func counts(_ facet: FilmFacet, _ films: [Int]) -> [FilmCount] {
        let values = films.flatMap { number -> [String] in
            let film = self.films[number]
            return switch facet {
            case .genre: film.genres
            case .language: film.language.map { [$0] } ?? []
            case .decade: film.year.map { ["\($0 / 10 * 10)"] } ?? []
            }
        }
        return Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +).map { FilmCount(value: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.value < $1.value }
    }

    /// The same scores at the same ranks, and each film with its own: films whose scores differ in the last bits only may
    /// stand the other way round.
    private func compareRanking(_ items: [ScoredItem], with query: FilmQuery, _ what: String) {
        let expected = embedded.films(query).items
        let scores = Dictionary(uniqueKeysWithValues: expected.map { ($0.itemID, $0.score) })
        let differing = zip(items, expected).first { ours, theirs in
            !isClose(ours.score, theirs.score, tolerance: 1e-4)
                || !isClose(ours.score, scores[ours.itemID] ?? .infinity, tolerance: 1e-4)
        }
        #expect(differing == nil, "\(what): \(differing.map { "\($0)" } ?? "")")
    }

    // MARK: Filters

    static let filters = [
        #"genre = "Drama""#, #"genre != "Drama""#, #"genre in ("Horror", "Comedy") and year >= 1990"#,
        #"not genre in ("Horror", "Comedy")"#, #"language = "fr" or language is null"#, #"not language = "fr""#,
        #"language != "fr""#, #"language not in ("fr","en")"#, "year > 1990.5", "year >= 1990.5", "year = 1990.5",
        "year != 1990.5", "year < 1e12", "year > -1e12", "year > 1e12", "year in (1950, 1960, 1970.5)", "year is null",
        "runtime <= 90 and not runtime < 70", "vote_average >= 7.9", "vote_average = 7.9", "vote_average < 0.1",
        "popularity > 1e300", "popularity < 1e300", "popularity is not null", #"release_date >= "1999-12-31""#,
        #"release_date < "1960-01-01" or release_date is null"#, #"release_date = "1970-01-01""#,
        #"updated_at > "2023-11-14T22:13:45Z""#, #"updated_at <= "2023-11-14T22:13:45Z""#,
        #"available_from is null and available_until < "2027-01-15T08:30:00Z""#, #"keyword = "space""#,
        #"keyword != "space" and keywords is not null"#, #"director > "Director 3""#, #"director <= "Director 2""#,
        #"id in ("m1", "m2", "nobody")"#, #"id != "m1" and year = 1955"#, #"title >= "M""#, #"title = "nobody""#,
        #"(genre = "Drama" or genre = "Action") and not (year < 1980 or language = "en")"#,
    ]

    private func filters(_ source: some FilmSearch) async throws {
        let films = films
        let columns = FilterColumns(ids: films.map(\.itemID)) { films[Int($0)] }
        let common = matching("ba", .whole)
        for expression in Self.filters {
            let filter = try FilmFilter(FilterText(expression: expression))
            let places = columns.places(filter)
            // Times are known to the millisecond elsewhere; these are whole seconds, at which the next one is another.
            let isOfTime = expression.contains("updated_at >")
            let expected = films.indices.filter { places.contains(ItemIndex($0)) }.map { films[$0] }
                .sorted { ($0.popularity ?? 0, $1.itemID) > ($1.popularity ?? 0, $0.itemID) }
            let found = try await source.search(FilmQuery(filter: filter, limit: 100))
            if isOfTime {
                #expect(found.total >= expected.count, "\(expression)")
            } else {
                #expect(found.total == expected.count, "\(expression)")
                #expect(found.items.map(\.itemID) == expected.prefix(100).map(\.itemID), "\(expression)")
            }
            let both = try await source.search(FilmQuery("ba", filter: filter, limit: 50))
            let matching = common.filter { places.contains(ItemIndex($0)) }
            #expect(isOfTime ? both.total >= matching.count : both.total == matching.count, "ba and \(expression)")
        }
    }

    // MARK: Similarity

    /// Also of films that come far behind the first thousand.
    private func similarity(_ source: some ContentSource) async throws {
        for (number, expression) in [
            #"year = 1955"#, #"id in ("m7", "m900", "m1900")"#, #"genre = "Horror" and language = "ja""#, "year > 3000",
        ].enumerated() {
            let filter = try FilmFilter(FilterText(expression: expression))
            for liked in [["m\(number)"], ["m1", "m20", "m300"]] {
                let ours = try await embedded.similar(to: liked, excluding: ["m9"], where: filter, limit: 50)
                let theirs = try await source.similar(to: liked, excluding: ["m9"], where: filter, limit: 50)
                #expect(ours.map(\.itemID) == theirs.map(\.itemID), "like \(liked), \(expression)")
                #expect(zip(ours, theirs).allSatisfy { isClose($0.score, $1.score, tolerance: 1e-4) })
            }
        }
    }

    // MARK: Statistics

    private func statistics(_ source: some FilmSearch) async throws {
        let (ours, theirs) = (CatalogStatistics(films), try await source.statistics())
        #expect(ours.filmsByYear.map { "\($0)" } == theirs.filmsByYear.map { "\($0)" })
        #expect(ours.languages.map { "\($0)" } == theirs.languages.map { "\($0)" })
        #expect(ours.ratings.map { "\($0)" } == theirs.ratings.map { "\($0)" })
        #expect(ours.mostPopular.map(\.id) == theirs.mostPopular.map(\.id))
        #expect(ours.mostVoted == theirs.mostVoted)
        #expect(ours.meanRatingByGenre.map(\.genre) == theirs.meanRatingByGenre.map(\.genre))
        #expect(
            zip(ours.meanRatingByGenre, theirs.meanRatingByGenre).allSatisfy {
                $0.count == $1.count && abs($0.mean - $1.mean) < 1e-6
            })
    }
}

extension Array {
    fileprivate func randomElement(_ generator: inout SeededGenerator) -> Element? {
        isEmpty ? nil : self[generator.below(count)]
    }
}

@Suite("The embedded index searches")
struct EmbeddedSearchTests {
    @Test("as every source of films must") func conformance() async throws {
        let films = Films.described(300)
        try await FilmSearchConformance(films).check(ContentIndex(films))
    }

    @Test("words by their beginnings, and with slips in them, as a search box needs")
    func typing() {
        let index = ContentIndex([
            Movie(itemID: "1", title: "The Matrix"), Movie(itemID: "2", title: "Interstellar"),
            Movie(itemID: "3", title: "Matilda", overview: "A girl and the matrix of power."),
        ])
        func found(_ text: String) -> [String] {
            index.films(FilmQuery(text, words: .typing)).items.map(\.itemID)
        }
        #expect(found("mat").sorted() == ["1", "3"])
        #expect(found("matirx") == ["1"] && found("matrx") == ["1"] && found("nterstellar").isEmpty)
        #expect(found("matrix").first == "1", "the word itself comes first")
        #expect(found("interstelar the").isEmpty && found("the inters").isEmpty && found("intrstellr") == ["2"])
    }

    @Test("an empty catalogue, and one with a film of 100 kB, are searched like others")
    func extremes() {
        #expect(ContentIndex([]).films(FilmQuery("a")).total == 0)
        #expect(ContentIndex([]).films(FilmQuery()).total == 0)
        let long = Movie(
            itemID: "1", title: "Long", overview: (0..<20_000).map { "w\($0 % 5000)" }.joined(separator: " "))
        #expect(ContentIndex([long]).films(FilmQuery("w17 w4999 long")).total == 1)
    }

    @Test("distances are those of optimal string alignment, given up past the limit")
    func distances() {
        func isWithin(_ a: String, _ b: String, _ limit: Int) -> Bool {
            var distance = SlipDistance(Array(a.unicodeScalars), limit: limit)
            return distance.isWithin(Array(b.unicodeScalars))
        }
        #expect(isWithin("matrix", "matirx", 1) && !isWithin("ca", "abc", 2) && isWithin("ca", "abc", 3))
        #expect(isWithin("", "ab", 2) && !isWithin("", "ab", 1) && isWithin("é", "e", 1) && isWithin("a", "a", 0))
    }
}
