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
}

extension String {
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
