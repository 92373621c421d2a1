import Domain
import Testing

@testable import Trainer

@Suite struct FilmTermsTests {
    /// A text of ASCII is read by another way than one with other letters: with one more letter, too short to be a word, it
    /// goes the other way and says the same.
    @Test(arguments: [
        "", "ab abc", "It's 3 o'clock: The END_the end", "A-ha? [Take] on me {or} `not` @all ZzzAzz",
        "x\u{7F}yz\nabc\tABC",
    ])
    func bothWaysFindTheSameWords(text: String) {
        var film = Movie(itemID: "1", title: text, overview: "The last of the best")
        let words = FilmTerms.words(of: film)
        film.title += " é"
        #expect(words == FilmTerms.words(of: film))
        #expect(words["word:the"] ?? 0 >= 2 && words["word:ab"] == nil)
    }

    @Test func wordsAreInLowerCaseAndCounted() {
        let film = Movie(itemID: "1", title: "Rocky ROCKY rocky", overview: "Ärger über Ärger")
        #expect(FilmTerms.words(of: film) == ["word:rocky": 3, "word:ärger": 2, "word:über": 1])
    }
}
