import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

@Suite(.serialized) struct ContentIndexTests {
    private let films = [
        Movie(itemID: "a", title: "Space Station", overview: "A crew repairs a station in space", genres: ["Drama"]),
        Movie(itemID: "b", title: "Deep Space", overview: "A crew is lost", genres: ["Drama", "Horror"]),
        Movie(itemID: "c", title: "Garden Party", overview: "Neighbours quarrel", genres: ["Comedy"]),
        Movie(itemID: "d", title: "Garden Wedding", overview: "Neighbours make up", genres: ["Comedy"]),
    ]

    @Test func findsWhatSharesWords() {
        let index = ContentIndex(films)
        #expect(index.mostSimilar(to: ["a"], limit: 5).map(\.itemID) == ["b"])
        #expect(index.mostSimilar(to: ["c"], limit: 5).map(\.itemID) == ["d"])
        #expect(index.count == 4)
        #expect(index.contains("a") && !index.contains("z"))
    }

    @Test func likedAndExcludedNeverComeBack() {
        let index = ContentIndex(films)
        #expect(index.mostSimilar(to: ["a", "c"], limit: 5).map(\.itemID).sorted() == ["b", "d"])
        #expect(index.mostSimilar(to: ["a", "c"], excluding: ["d", "unknown"], limit: 5).map(\.itemID) == ["b"])
    }

    @Test func nothingToGoOn() {
        #expect(ContentIndex(films).mostSimilar(to: [], limit: 5).isEmpty)
        #expect(ContentIndex(films).mostSimilar(to: ["unknown"], limit: 5).isEmpty)
        #expect(ContentIndex(films).mostSimilar(to: ["a"], limit: 0).isEmpty)
        #expect(ContentIndex([]).mostSimilar(to: ["a"], limit: 5).isEmpty)
        let mute = [Movie(itemID: "x", title: ""), Movie(itemID: "y", title: "")]
        #expect(ContentIndex(mute).mostSimilar(to: ["x"], limit: 5).isEmpty)
    }

    @Test func equalScoresRankByIdentifier() {
        let twins = ["9", "10", "é", "b", "B"].map { Movie(itemID: $0, title: "Twin", genres: ["Drama"]) }
        let found = ContentIndex(twins).mostSimilar(to: ["10"], limit: 9)
        #expect(found.map(\.itemID) == ["9", "B", "b", "é"])
        #expect(Set(found.map(\.score)).count == 1)
    }

    @Test func shortListsAreBeginningsOfLongOnes() {
        let index = ContentIndex(Films.generated(300))
        for liked in [["m1"], ["m5", "m6", "m7"]] {
            let all = index.mostSimilar(to: liked, limit: 300)
            #expect(zip(all, all.dropFirst()).allSatisfy { $0.score >= $1.score })
            for limit in [1, 2, 7, 50] {
                #expect(index.mostSimilar(to: liked, limit: limit) == Array(all.prefix(limit)))
            }
        }
    }

    @Test func queriesAtOnceDoNotDisturbEachOther() async {
        let index = ContentIndex(Films.generated(300))
        let alone = (0..<64).map { index.mostSimilar(to: ["m\($0)"], limit: 10) }
        await withTaskGroup(of: (Int, [ScoredItem]).self) { group in
            for number in 0..<64 { group.addTask { (number, index.mostSimilar(to: ["m\(number)"], limit: 10)) } }
            for await (number, found) in group { #expect(found == alone[number]) }
        }
    }

    @Test(arguments: [
        (0, 0), (7, 7), (23, 23), (24, 24), (39, 39), (40, 40), (41, 40), (55, 54), (56, 56), (60, 60), (62, 60),
        (1000, 984),
    ])
    func lengthsLoseTheirLowBits(length: Int, kept: Int) {
        #expect(LossyLength.rounded(length) == kept)
    }

    /// Minimum term frequency, minimum document frequency, query terms, percent.
    private static let settings = [(2, 5, 12, 30), (1, 2, 25, 0), (1, 1, 3, 100), (1, 5, 8, 50), (3, 1, 200, 30)]

    @Test(.enabled(if: Lucene.isPresent, "needs Java and Debian's liblucene8-java"))
    func agreesWithLuceneOnGeneratedText() async throws {
        try await compare(Films.generated(300).filter { !$0.overview.isEmpty }.map { ($0.itemID, $0.overview) })
    }

    @Test(
        .enabled(if: Lucene.isPresent, "needs Java and Debian's liblucene8-java"),
        .enabled(if: Checkout.shared("data/tmdb/api") != nil, "needs ../shared/data/tmdb"))
    func agreesWithLuceneOnFilmText() async throws {
        let file = try #require(Checkout.shared("data/tmdb/top10K-TMDB-movies.csv"))
        let lines = try Data(contentsOf: file).split(separator: 0x0A).prefix(400)
        try await compare(
            lines.enumerated().map {
                ("d\($0)", String(decoding: $1.filter { $0 != 0x0D && $0 != 0x09 }, as: UTF8.self))
            })
    }

    /// Lucene has no factor of 2.2 and ranks equal scores by document; everything else must be the same: the chosen
    /// terms with their ties, the hits and their order, and the scores.
    private func compare(_ texts: [(id: String, text: String)]) async throws {
        let texts = texts.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "texts.tsv")
            try Data(texts.map { "\($0.id)\t\($0.text)" }.joined(separator: "\n").utf8).write(to: file)
            let settings = Self.settings.map { "\($0),\($1),\($2),\($3)" }
            let lines = try await Lucene.run(["like", file.path, "10"] + settings)
            try #require(lines.count >= texts.count * settings.count)
            for (number, setting) in Self.settings.enumerated() {
                var parameters = MoreLikeThis()
                (parameters.minTermFreq, parameters.minDocFreq) = (setting.0, setting.1)
                (parameters.maxQueryTerms, parameters.minimumShouldMatch) = (setting.2, setting.3)
                let movies = texts.map { Movie(itemID: $0.id, title: "", overview: $0.text) }
                let index = ContentIndex(movies, parameters: parameters)
                let answers = lines[(number * texts.count)..<((number + 1) * texts.count)]
                let found = zip(texts.indices, answers).flatMap {
                    differences(index, texts[$0].id, Int32($0), $1)
                }
                #expect(found.isEmpty, "\(setting): \(found.count), such as \(found.first ?? "")")
            }
        }
    }

    private func differences(_ index: ContentIndex, _ id: String, _ document: Int32, _ answer: String) -> [String] {
        let parts = answer.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == id else { return ["\(id): the oracle answered \(answer)"] }
        var differences: [String] = []
        let field = index.fields[ContentField.overview.rawValue]
        var chooser = TermChooser(index.parameters)
        var chosen: [Int32] = []
        chooser.choose(of: [document], in: field, into: &chosen)
        let terms = chosen.map { String(decoding: field.terms[Int($0)], as: UTF8.self) }
        // The words themselves may hold commas (1,000), so both lists are taken apart at all of them.
        let ours = terms.flatMap { $0.split(separator: ",") }.sorted()
        if ours != parts[1].split(separator: ",").sorted() {
            differences.append("terms of \(id): \(terms) ≠ \(parts[1])")
        }

        let found = index.mostSimilar(to: [id], limit: 10)
        let expected = parts[2].split(separator: " ").map { $0.split(separator: ":") }
        let same =
            found.count == expected.count
            && zip(found, expected).allSatisfy { ours, theirs in
                ours.itemID == theirs[0] && isClose(ours.score / 2.2, Float(theirs[1]) ?? .nan, tolerance: 1e-6)
            }
        if !same { differences.append("hits of \(id): \(found) ≠ \(parts[2])") }
        return differences
    }
}
