import Domain
import Testing

@testable import Linalg

/// The kernel that finds numbers of a set, at every level that the machine has, beside its plain twin.
@Suite struct MarkedNumbersTests {
    static let limits = [1, 31, 33, 512, 5000, 1 << 24, 1 << 27]

    @Test(arguments: Kernels.available.map(\.level), limits)
    func positionsAreThoseOfPlainLoops(level: Int, limit: Int) throws {
        var random = SeededGenerator(seed: UInt64(limit))
        // Rows of two parts each, of no numbers up to more than a machine word has bits.
        var (entries, starts): ([UInt32], [Int32]) = ([], [0])
        for row in 0..<60 {
            let length = min([0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 200][row % 12], limit)
            var numbers: Set<UInt32> = []
            while numbers.count < length { numbers.insert(UInt32(random.below(limit))) }
            entries += numbers.sorted().map {
                $0 << MarkedNumbers.below | UInt32(random.below(1 << Int(MarkedNumbers.below)))
            }
            starts += [Int32(entries.count - length / 3), Int32(entries.count)]
        }
        var asked = MarkedNumbers(limit: limit, kernels: try #require(Kernels(level: level)))
        for wanted in [0, 1, 5, 300, 3] {
            var set: Set<UInt32> = []
            for entry in entries.shuffled(using: &random).prefix(wanted) { set.insert(entry >> MarkedNumbers.below) }
            for number in set { asked.insert(Int32(number)) }
            #expect(asked.count == set.count)
            let all = (0..<60).map { Int32($0) }
            let lists: [[Int32]] = [[], [5], all, [59, 3, 3, 0], all.reversed()]
            for rows in lists {
                rows.withUnsafeBufferPointer { asked.find(in: entries, starts, stride: 2, rows: $0) }
                var plain: [Int32] = []
                for (place, row) in rows.enumerated() {
                    let positions = starts[Int(row) * 2]..<starts[Int(row) * 2 + 2]
                    plain += positions.filter { set.contains(entries[Int($0)] >> MarkedNumbers.below) }
                    #expect(asked.ends[place] == plain.count)
                }
                #expect(Array(asked.positions.prefix(plain.count)) == plain)
            }
            for number in set { asked.remove(Int32(number)) }
        }
    }
}
