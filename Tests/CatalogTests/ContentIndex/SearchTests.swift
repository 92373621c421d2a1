import Catalog
import Domain
import Testing

@Suite("Search by words")
struct SearchTests {
    private let films = [
        Movie(itemID: "1", title: "The Matrix", overview: "A hacker learns that the world is a simulation."),
        Movie(itemID: "2", title: "Matrix Reloaded", overview: "The hacker goes on."),
        Movie(itemID: "3", title: "Hackers", overview: "Not of a matrix, but of a school."),
        Movie(itemID: "4", title: "Amélie", overview: "A waitress in Paris."),
    ]

    private func found(_ text: String, limit: Int = 10) -> [String] {
        ContentIndex(films).films(FilmQuery(text, limit: limit)).items.map(\.itemID)
    }

    @Test("a film has every word, in title or synopsis, whatever the case; a title counts more")
    func words() {
        #expect(Set(found("matrix")) == ["1", "2", "3"] && found("matrix").last == "3")
        #expect(found("MATRIX hacker").sorted() == ["1", "2"])
        #expect(found("amélie paris") == ["4"])
        #expect(found("matrix paris").isEmpty && found("robot").isEmpty)
        #expect(found("matrix", limit: 1).count == 1 && found("matrix", limit: 0).isEmpty)
    }

    @Test(
        "what holds no word finds nothing",
        arguments: ["", "   ", "?!", "\u{0}", String(repeating: "x", count: 10_000)])
    func nothing(text: String) { #expect(found(text).isEmpty) }

    @Test("the same word twice is once")
    func twice() {
        let index = ContentIndex(films)
        #expect(index.films(FilmQuery("matrix Matrix")).items == index.films(FilmQuery("matrix")).items)
    }
}
