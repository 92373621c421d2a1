import Domain
import Testing

@testable import Catalog

/// What the bounds leave out is only what cannot be in the list: films, order and the bits of the scores are those of the
/// plain evaluation.
@Suite struct PruningTests {
    struct Setting: Sendable {
        var minimumShouldMatch = 0
        var maxQueryTerms = 25
        var minDocFreq = 2
    }

    static let settings = [
        Setting(), Setting(minimumShouldMatch: 30), Setting(maxQueryTerms: 3),
        Setting(maxQueryTerms: 200, minDocFreq: 1),
        Setting(maxQueryTerms: 0), Setting(minimumShouldMatch: 100, maxQueryTerms: 2),
    ]

    private static func parameters(_ setting: Setting) -> MoreLikeThis {
        var parameters = MoreLikeThis()
        parameters.minimumShouldMatch = setting.minimumShouldMatch
        parameters.maxQueryTerms = setting.maxQueryTerms
        parameters.minDocFreq = setting.minDocFreq
        return parameters
    }

    @Test(arguments: settings, [7, 64, 700])
    func listsAreThoseOfThePlainEvaluation(_ setting: Setting, count: Int) {
        let films = Films.generated(count)
        expectSame(films, Self.parameters(setting))
    }

    @Test func filmsThatAreAllAlikeComeInOrder() {
        let films = (0..<90).map {
            Movie(itemID: "m\($0)", title: "Twin", overview: "the same words", genres: ["Drama"])
        }
        expectSame(films, MoreLikeThis())
    }

    /// The few bits beside its number do not hold how often these have a word.
    @Test func wordsThatAFilmRepeatsCountAsOftenAsTheyAreThere() {
        var films = Films.generated(60)
        for (number, times) in [30, 31, 32, 254, 255, 256, 700, 70_000].enumerated() {
            let text = Array(repeating: "echo", count: times).joined(separator: " ")
            films.append(Movie(itemID: "r\(number)", title: "Echo", overview: text + " m\(number) canyon"))
        }
        expectSame(films, MoreLikeThis())
        let index = ContentIndex(films)
        let field = index.fields[ContentField.overview.rawValue]
        let found = (0..<index.count).flatMap { field.vector(of: $0) }.map { field.frequency(at: $0) }
        #expect([30, 31, 32, 254, 255, 256, 700, 70_000].allSatisfy { found.contains($0) })
    }

    /// Sums of bounds in 16 bits would not hold these: every film is scored.
    @Test func aFilmOfVeryManyWordsIsNoProblem() {
        var films = Films.generated(20)
        let words = (0..<40_000).map { "w\($0)" }.joined(separator: " ")
        films += [("x", words), ("y", words + " and more")].map { Movie(itemID: $0.0, title: "", overview: $0.1) }
        var parameters = MoreLikeThis()
        parameters.maxQueryTerms = 100_000
        let index = ContentIndex(films, parameters: parameters)
        #expect(index.bounds.unit == nil)
        #expect(index.mostSimilar(to: ["x"], limit: 1).map(\.itemID) == ["y"])
        #expect(index.mostSimilar(to: ["m1", "m2"], limit: 30).count > 10)
    }

    private func expectSame(_ films: [Movie], _ parameters: MoreLikeThis) {
        let plain = PlainMoreLikeThis(films, parameters: parameters)
        var random = SeededGenerator(seed: 9)
        for likes in [1, 2, 10, 40] {
            for limit in [1, 10, 100, 1000] {
                let liked = (0..<likes).map { _ in films[random.below(films.count)].itemID }
                let distinct = liked.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
                let excluded = Set((0..<random.below(films.count)).map { _ in films[random.below(films.count)].itemID })
                let rest = plain.index.mostSimilar(to: liked, limit: limit) { !excluded.contains($0) }
                #expect(rest == plain.mostSimilar(to: distinct, excluding: excluded, limit: limit), "a filter")
                for excluding in [[], excluded] {
                    #expect(
                        plain.index.mostSimilar(to: liked, excluding: excluding, limit: limit)
                            == plain.mostSimilar(to: distinct, excluding: excluding, limit: limit),
                        "\(likes) liked, \(limit) wanted, \(excluding.count) excluded")
                }
            }
        }
    }
}
