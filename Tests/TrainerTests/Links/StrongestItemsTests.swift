import Domain
import Testing

@testable import Trainer

/// The best of many against all of them sorted.
@Suite struct StrongestItemsTests {
    @Test func areThoseOfASort() {
        var random = SeededGenerator(seed: 9)
        for round in 0..<300 {
            let count = 1 + random.below(12)
            let items = (0..<random.below(200)).map { number in
                // Few values, so that many are equal; both zeros; some below.
                let score = [Float(0), -0.0, 1, 0.5, -2, .infinity][random.below(6)]
                return (item: Int32(number), score: round % 2 == 0 ? score : Float(random.uniform() - 0.3))
            }
            var (ordered, unordered) = (StrongestItems(count), StrongestItems(count))
            for (item, score) in items.shuffled(using: &random) {
                ordered.add(item, score)
                unordered.add(item, score)
            }
            let best = items.sorted { $0.score != $1.score ? $0.score > $1.score : $0.item < $1.item }.prefix(count)
            let found = ordered.take()
            #expect(found.map(\.item) == best.map(\.item), "round \(round)")
            #expect(found.map(\.score) == best.map(\.score))
            let loose = unordered.takeUnordered()
            #expect(loose.first?.item == best.first?.item && Set(loose.map(\.item)) == Set(best.map(\.item)))
            #expect(ordered.take().isEmpty, "nothing is kept")
        }
    }
}
