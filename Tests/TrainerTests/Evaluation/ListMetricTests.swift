import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct ListMetricTests {
    private struct Task: Encodable {
        struct Film: Encodable {
            var genres: [String]
            var keywords: [String]
            var language: String?
            var year: Int?
        }
        var cutoffs: [Int]
        var likes: [[Int]]
        var lists: [[Int]]
        var relevant: [[Int]]
        var films: [Film?]
    }

    private static let genres = ["Comedy", "Crime", "Drama", "Romance", "Western"]

    /// Films of few genres, some without any, some that the catalogue does not know.
    private func films(_ count: Int, _ generator: inout SeededGenerator) -> [Task.Film?] {
        (0..<count).map { item in
            guard generator.below(8) > 0 else { return nil }
            return Task.Film(
                genres: Array(Self.genres.shuffled(using: &generator).prefix(generator.below(4))),
                keywords: (0..<generator.below(3)).map { "word \($0 * 7 + item % 5)" },
                language: generator.below(3) == 0 ? nil : ["en", "fr"][generator.below(2)],
                year: generator.below(3) == 0 ? nil : 1950 + generator.below(70))
        }
    }

    /// Every value of every user is that of the definitions in plain Python, to 1e-7.
    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func listMetricsAreTheirDefinitions() throws {
        var generator = SeededGenerator(seed: 5)
        let (users, items, cutoffs) = (60, 80, [1, 5, 20])
        let films = films(items, &generator)
        let log = try InteractionLog(source: "lists")
        // Names of three digits: the order of the indices is that of the numbers.
        func name(_ number: Int) -> String { String(format: "%03d", number) }
        var likes: [[Int]] = []
        for user in 0..<users {
            let own = Set((0..<1 + generator.below(20)).map { _ in generator.below(40) * generator.below(3) % items })
            likes.append(own.sorted())
            for item in 0..<items where own.contains(item) || user == 0 {
                try log.append(
                    userID: name(user), itemID: name(item), kind: .like, value: own.contains(item) ? 1 : -1,
                    at: Timestamp(seconds: 1_700_000_000))
            }
        }
        let training = try TrainingSet.build(from: log, weights: .init())
        #expect(training.itemCount == items && training.userCount == users)
        let lists = (0..<users).map { user in
            Array(
                (0..<items).filter { !likes[user].contains($0) }.shuffled(using: &generator).prefix(generator.below(25))
            )
        }
        let relevant = (0..<users).map { _ in Array(Set((0..<15).map { _ in generator.below(items) })).sorted() }
        let movies = films.enumerated().compactMap { item, film in
            film.map {
                Movie(
                    itemID: name(item), title: "A film", year: $0.year.map(Int32.init), genres: $0.genres,
                    language: $0.language, keywords: $0.keywords)
            }
        }
        let measure = ListMeasure(training, ItemContent(movies, for: training.items))
        let popular = ListRanker(name: "popular", scores: training.popularity.map(Double.init))
        let answer = try python(
            "list_metrics.py",
            input: JSONEncoder().encode(
                Task(cutoffs: cutoffs, likes: likes, lists: lists, relevant: relevant, films: films)))
        let theirs = try JSONDecoder().decode([String: [Double?]].self, from: answer)
        var compared = 0
        for user in 0..<users {
            var seen = ItemBitmap(itemCount: items)
            for item in likes[user] { seen.insert(ItemIndex(item)) }
            let values = measure.values(
                of: Int32(user), list: lists[user].map(Int32.init), hits: lists[user].map(relevant[user].contains),
                popular: popular.rank([Int32(user)][...], depth: 20, excluded: [seen], workers: Workers(count: 1))[0],
                cutoffs: cutoffs)
            for (row, metric) in ListMetric.allCases.enumerated() {
                for (place, k) in cutoffs.enumerated() {
                    let (ours, other) = (
                        values[row * cutoffs.count + place], try #require(theirs["\(metric.rawValue)@\(k)"])[user]
                    )
                    #expect(ours.isNaN == (other == nil), "\(metric)@\(k) of user \(user)")
                    if let other { #expect(abs(ours - other) < 1e-7, "\(metric)@\(k) of user \(user)") }
                    compared += other == nil ? 0 : 1
                }
            }
        }
        #expect(compared > 500)
    }

    /// They stand in the report with intervals; without a catalogue those that need one are left out, not zero.
    @Test func reportsHaveThem() throws {
        let report = try ModelEvaluation(configuration: smallConfiguration()).run(plantedLog(users: 100))
        for metric in ["serendipity", "popularity_calibration"] {
            let value = try #require(report.value(metric, at: 10))
            #expect(try #require(value.low) <= value.value)
        }
        #expect(report.value("diversity", at: 10) == nil && report.value("genre_calibration", at: 10) == nil)
        var configuration = smallConfiguration()
        configuration.content = FilmContent(
            films: (0..<40).map { Movie(itemID: "film \($0)", title: "Film", genres: [Self.genres[$0 % 4]]) }
        ) { _, _, _ in [] }
        let described = try ModelEvaluation(configuration: configuration).run(plantedLog(users: 100))
        // Genres are the planted tastes: personal lists have them, the popularity list has all.
        let ours = try #require(described.value("genre_calibration", at: 10))
        let popular = try #require(described.baselines.first?.metrics["genre_calibration"]?["10"])
        #expect(ours.value < popular.value)
        #expect(try #require(described.value("diversity", at: 10)).value > 0)
    }
}
