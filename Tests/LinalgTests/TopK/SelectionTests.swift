import Domain
import Testing

@testable import Linalg

/// Selection against sorting.
@Suite struct SelectionTests {
    @Test func theSmallestComeToTheFront() {
        var random = SeededGenerator(seed: 5)
        for round in 0..<2_000 {
            let size = random.below(60)
            let range = [1, 2, 7, 1_000_000][round % 4]
            var keys = (0..<size).map { _ in UInt64(random.below(range)) }
            switch round % 5 {
            case 0: keys.sort()
            case 1: keys.sort(by: >)
            default: break
            }
            let count = random.below(size + 1)
            let sorted = keys.sorted()
            keys.withUnsafeMutableBufferPointer { $0.moveSmallest(count) }
            #expect(keys.prefix(count).sorted() == Array(sorted.prefix(count)), "round \(round)")
            if count > 0 { #expect(keys[count - 1] == sorted[count - 1]) }
            #expect(keys.sorted() == sorted, "nothing is lost")
        }
    }
}
