import Domain
import Testing

@testable import Linalg

/// Sorting keys against the standard library.
@Suite struct KeySortTests {
    @Test func sortsTheFirst() {
        var random = SeededGenerator(seed: 7)
        // One for all rounds: what a longer list leaves in its memory must not show in a shorter one.
        var sorter = KeySort()
        for round in 0..<1_000 {
            let size = random.below(round % 10 == 0 ? 700 : 140)
            let range = [1, 3, 1_000_000][round % 3]
            var keys = (0..<size).map { _ in UInt64(random.below(range)) << 32 | UInt64(random.below(range)) }
            let count = random.below(size + 1)
            let sorted = keys.prefix(count).sorted()
            sorter.sort(&keys, first: count)
            #expect(Array(keys.prefix(count)) == sorted, "round \(round)")
        }
    }

    @Test func sortsTheEndsOfTheRange() {
        var keys: [UInt64] = [.max, 0, .max - 1, 1 << 63, 1, .max, 0, 1 << 32, 5, 4, 3]
        var sorter = KeySort()
        let sorted = keys.sorted()
        sorter.sort(&keys, first: keys.count)
        #expect(Array(keys.prefix(sorted.count)) == sorted)
    }
}
