import Domain
import Testing

@testable import Catalog

@Suite struct BoundedBestTests {
    @Test(arguments: [1, 2, 7, 8, 9, 100, 1000], [0, 1, 8, 99, 100, 101, 2500])
    func keepsTheBestInOrder(limit: Int, count: Int) {
        var random = SeededGenerator(seed: UInt64(limit * 10_000 + count))
        var best = BoundedBest()
        for round in 0..<3 {
            // Many scores are equal; of those the lower document is better.
            let offered = (0..<count).map { (document: Int32($0), score: Float(random.below(40 * round + 3)) / 8) }
                .shuffled(using: &random)
            best.begin(limit: limit)
            for (place, film) in offered.enumerated() {
                best.offer(film.document, film.score)
                if best.isFull, place == count / 2 || place == limit {
                    let worst = offered[...place].map(\.score).sorted(by: >)[limit - 1]
                    #expect(best.worst() == worst)
                }
            }
            let expected = offered.sorted { ($0.score, $1.document) > ($1.score, $0.document) }.prefix(limit)
            let kept = best.take()
            #expect(kept.map(\.document) == expected.map(\.document))
            #expect(kept.map(\.score) == expected.map(\.score))
        }
    }
}
