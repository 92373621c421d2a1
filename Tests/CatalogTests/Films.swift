import Domain

@testable import Catalog

/// Films for tests.
enum Films {
    /// `count` films with words of a Zipf-like vocabulary: some very common, most rare, many films with equal words.
    static func generated(_ count: Int, seed: UInt64 = 4) -> [Movie] {
        var generator = SeededGenerator(seed: seed)
        func word() -> String {
            let rank = Int(300 * generator.uniform() * generator.uniform() * generator.uniform())
            let syllables = ["ba", "ko", "mi", "tu", "re", "lo", "sa"]
            var text = ""
            var rest = rank + 7
            while rest > 0 {
                text += syllables[rest % 7]
                rest /= 7
            }
            return text
        }
        let genres = ["Action", "Comedy", "Drama", "Science Fiction", "Horror", "Film-Noir"]
        return (0..<count).map { number in
            Movie(
                itemID: "m\(number)",
                title: (0..<(1 + generator.below(4))).map { _ in word().capitalized }.joined(separator: " "),
                overview: (0..<generator.below(90)).map { _ in word() }.joined(separator: " "),
                genres: genres.filter { _ in generator.below(4) == 0 },
                updatedAt: Timestamp(seconds: 1_700_000_000))
        }
    }

    /// The same with what filters, facets and charts look at; any of it may be missing, titles alike are rare.
    static func described(_ count: Int, seed: UInt64 = 11) -> [Movie] {
        var generator = SeededGenerator(seed: seed)
        return generated(count, seed: seed).enumerated().map { number, film in
            func maybe<T>(_ value: @autoclosure () -> T) -> T? { generator.below(8) == 0 ? nil : value() }
            let year = maybe(Int32(1930 + generator.below(95)))
            let day = year.flatMap { year in
                maybe(CalendarDate(year: Int(year), month: 1 + generator.below(12), day: 1 + generator.below(28)))
            }
            let votes = maybe(Int32(generator.below(20_000)))
            return Movie(
                itemID: film.itemID, title: "\(film.title) \(number)", overview: film.overview,
                releaseDate: day ?? nil, year: year, genres: film.genres,
                language: maybe(["en", "fr", "ja", "de"][generator.below(4)]),
                runtime: maybe(Int32(60 + generator.below(120))),
                popularity: maybe(Float(generator.below(100_000)) / 1000 + Float(number) / 10_000_000),
                voteAverage: votes.map { _ in Float(generator.below(101)) / 10 }, voteCount: votes,
                keywords: maybe(["space", "war", "robot"].filter { _ in generator.below(2) == 0 }) ?? [],
                director: maybe("Director \(generator.below(40))"),
                availableFrom: generator.below(10) == 0 ? Timestamp(seconds: 1_700_000_000 + Int64(number)) : nil,
                availableUntil: generator.below(10) == 0 ? Timestamp(seconds: 1_800_000_000 + Int64(number)) : nil,
                updatedAt: Timestamp(seconds: 1_700_000_000 + Int64(number % 50)))
        }
    }
}

extension String {
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
