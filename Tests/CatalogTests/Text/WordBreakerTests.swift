import Dispatch
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite struct WordBreakerTests {
    private func words(_ text: String) -> [String] {
        var breaker = WordBreaker()
        var words: [String] = []
        breaker.forEachWord(of: text) { words.append(String(decoding: $0, as: UTF8.self)) }
        return words
    }

    @Test(
        arguments: [
            ("", []),
            ("  — … !", []),
            ("The Matrix", ["the", "matrix"]),
            ("Schindler's List", ["schindler's", "list"]),
            ("2001: A Space Odyssey", ["2001", "a", "space", "odyssey"]),
            ("3.14 and 1,000.5 but 3. and .5", ["3.14", "and", "1,000.5", "but", "3", "and", "5"]),
            ("U.S.A. AT&T wi-fi", ["u.s.a", "at", "t", "wi", "fi"]),
            ("snake_case __ _x", ["snake_case", "_x"]),
            ("Amélie Ünal İstanbul ΣΟΦΟΣ", ["amélie", "ünal", "istanbul", "σοφοσ"]),
            ("千と千尋", ["千", "と", "千", "尋"]),
            ("カタカナ ひらがな", ["カタカナ", "ひ", "ら", "が", "な"]),
            ("기생충 영화", ["기생충", "영화"]),
            ("ภาษาไทย", ["ภาษาไทย"]),
            ("צה\"ל ג'", ["צה\"ל", "ג'"]),
            ("e\u{301}a", ["e\u{301}a"]),
            ("🎬 film 👩‍👩‍👧 🇫🇷", ["🎬", "film", "👩‍👩‍👧", "🇫🇷"]),
        ] as [(String, [String])])
    func textIsBrokenIntoWords(text: String, expected: [String]) {
        #expect(words(text) == expected)
    }

    /// Text is cut at once where it is ASCII, and by ICU elsewhere; ICU alone over the whole of it is the oracle.
    @Test func plainStretchesAreCutAsByTheRules() {
        let plain = (0..<0x80).compactMap { Unicode.Scalar($0) }
        // What words are joined and parted by, more often than the rest.
        let busy = Array("abzAZ019__''..::,,;;\"  \u{D}\u{A}-".unicodeScalars)
        let odd = Array(
            "éßİς’\u{A0}\u{AD}\u{301}\u{200D}\u{FE0F}\u{2028}א״प्カァ一と기ไ１·•🎬👩🇫🇷\u{3000}".unicodeScalars)
        var generator = SeededGenerator(seed: 11)
        var breaker = WordBreaker()
        for number in 0..<30_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<generator.below(28) {
                let alphabet =
                    switch generator.below(12) {
                    case 0: plain
                    case 1 where number % 2 == 0: odd
                    default: busy
                    }
                text.append(alphabet[generator.below(alphabet.count)])
            }
            compareWithRules(String(text), &breaker)
        }
        for text in [
            String(repeating: "a", count: 600), String(repeating: "_", count: 255) + "a",
            String(repeating: "1,", count: 400),
            String(repeating: "x ", count: 300) + "é" + String(repeating: "y", count: 300),
        ] { compareWithRules(text, &breaker) }
    }

    @Test(.enabled(if: Checkout.shared("data/tmdb") != nil, "needs ../shared/data/tmdb"))
    func textOfFilmsIsCutAsByTheRules() throws {
        let file = try #require(Checkout.shared("data/tmdb/tmdb_5000_movies.csv"))
        var breaker = WordBreaker()
        for line in try Data(contentsOf: file).split(separator: 0x0A) {
            compareWithRules(String(decoding: line, as: UTF8.self), &breaker)
        }
    }

    private func compareWithRules(_ text: String, _ breaker: inout WordBreaker) {
        var (found, expected): ([[UInt8]], [[UInt8]]) = ([], [])
        breaker.forEachWord(of: text) { found.append(Array($0)) }
        breaker.forEachWordByRules(of: text) { expected.append(Array($0)) }
        #expect(found == expected, "\(text.debugDescription)")
    }

    /// Terms are numbered by their bytes, also when the table grew and when another one's were put into it.
    @Test func tablesOfTermsAreSortedAndJoined() {
        var generator = SeededGenerator(seed: 12)
        func terms(_ count: Int) -> [[UInt8]] {
            (0..<count).map { _ in (0..<generator.below(5)).map { _ in UInt8(generator.below(6)) * 51 } }
        }
        let lists = [terms(3000), terms(2000)]
        let tables = lists.map { list in
            var table = TermTable()
            for term in list { _ = term.withUnsafeBufferPointer { table.insert($0) } }
            return table
        }
        var joined = TermTable()
        let numbers = tables.map { joined.insert(allOf: $0) }
        let (sorted, newNumbers) = joined.sorted()
        let expected = Set(lists.joined()).sorted { $0.lexicographicallyPrecedes($1) }
        #expect((0..<sorted.count).map { Array(sorted[$0]) } == expected)
        for (table, numbers) in zip(tables, numbers) {
            for (old, number) in numbers.enumerated() {
                #expect(sorted[Int(newNumbers[Int(number)])] == table[old])
            }
        }
        for (number, term) in expected.enumerated() { #expect(sorted.number(of: term) == number) }
        #expect(sorted.number(of: [7]) == nil)
    }

    @Test func longWordsAreCut() {
        #expect(words(String(repeating: "a", count: 600)).map(\.utf8.count) == [255, 255, 90])
        // A pair of surrogates is not torn apart.
        #expect(words("a" + String(repeating: "𝒜", count: 200)).map(\.utf16.count) == [255, 146])
    }

    /// Composed and decomposed letters are equal as Swift strings and different as terms.
    @Test func termsCompareByBytes() {
        var table = TermTable()
        let numbers = ["é", "e\u{301}", "é"].map { Array($0.utf8).withUnsafeBufferPointer { table.insert($0) } }
        #expect(numbers == [0, 1, 0])
    }

    @Test(.enabled(if: Lucene.isPresent, "needs Java and Debian's liblucene8-java"))
    func agreesWithLuceneOnMixedScripts() async throws {
        // Lucene 8 has the properties of Unicode 9; these stretches have not changed since.
        let alphabet = Array(
            "abzABZ019éßİſςΣÅ'’\"._,:;-–—!?()&/@#*+ \u{A0}\u{AD}\u{301}\u{200D}\u{FE0F}אבג״ابتप्रしひカタァ一千尋기생ไทยລາວកខ１２Ａａ№℃·•…"
                .unicodeScalars)
        var generator = SeededGenerator(seed: 4)
        let lines = (0..<2000).map { _ in
            var text = String.UnicodeScalarView()
            for _ in 0..<(1 + generator.below(24)) { text.append(alphabet[generator.below(alphabet.count)]) }
            return String(text)
        }
        try await compare(lines)
    }

    @Test(
        .enabled(if: Lucene.isPresent, "needs Java and Debian's liblucene8-java"),
        .enabled(if: Checkout.shared("data/tmdb") != nil, "needs ../shared/data/tmdb"))
    func agreesWithLuceneOnFilmText() async throws {
        let file = try #require(Checkout.shared("data/tmdb/top10K-TMDB-movies.csv"))
        try await compare(
            try Data(contentsOf: file).split(separator: 0x0A).prefix(2500).map { String(decoding: $0, as: UTF8.self) })
    }

    private func compare(_ lines: [String]) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "lines")
            // Java takes these for line ends as well.
            let lines = lines.map { String($0.unicodeScalars.map { $0 == "\r" ? " " : Character($0) }) }
            try Data(lines.joined(separator: "\n").utf8).write(to: file)
            let theirs = try await Lucene.run(["words", file.path])
            #expect(theirs.count >= lines.count)
            // One breaker for all: compiling its rules takes milliseconds.
            var breaker = WordBreaker()
            var differences: [String] = []
            for (line, expected) in zip(lines, theirs) {
                var ours: [String] = []
                breaker.forEachWord(of: line) { ours.append(String(decoding: $0, as: UTF8.self)) }
                if !ours.joined(separator: " ").utf8.elementsEqual(expected.utf8) {
                    differences.append("\(line.debugDescription): \(ours) ≠ \(expected)")
                }
            }
            #expect(differences.isEmpty, "\(differences.count) lines, such as \(differences.first ?? "")")
        }
    }

    /// Searches of many threads: each has a breaker of its own while it cuts, and they are used again.
    @Test func borrowedBreakersCutAsOwnOnesDo() {
        let breakers = WordBreakers()
        let texts = (0..<64).map { number in "Film \(number): l'été à \(String(repeating: "東", count: number)) 2026" }
        let expected = texts.map { text in
            var words: [String] = []
            var breaker = WordBreaker()
            breaker.forEachWord(of: text) { words.append(String(decoding: $0, as: UTF8.self)) }
            return words
        }
        let wrong = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 512) { turn in
            var words: [String] = []
            breakers.borrow { breaker in
                breaker.forEachWord(of: texts[turn % 64]) { words.append(String(decoding: $0, as: UTF8.self)) }
            }
            if words != expected[turn % 64] { wrong.withLock { $0 += 1 } }
        }
        #expect(wrong.withLock { $0 } == 0)
    }
}
