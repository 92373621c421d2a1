import Domain
import Testing

@testable import Linalg

/// The kernels of sums, at every level that the machine has, beside their plain twins.
@Suite struct SmallSumsTests {
    static let counts = [0, 1, 7, 31, 32, 33, 64, 127, 128, 1000, 4099, 262_144 + 5]

    @Test(arguments: Kernels.available.map(\.level), counts)
    func sumsAreThoseOfPlainLoops(level: Int, count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count + 1))
        let columns = (0..<5).map { _ in (0..<count).map { _ in UInt8(random.below(4) == 0 ? random.below(255) : 0) } }
        let chosen: [Int32] = [4, 0, 2]
        var sums = SmallSums(count: count, kernels: try #require(Kernels(level: level)))
        sums.set(toSumsOf: chosen, in: columns.flatMap { $0 })
        var plain = (0..<count).map { place in chosen.reduce(Int16(0)) { $0 + Int16(columns[Int($1)][place]) } }
        expect(sums, plain)

        if count > 0 {
            let places = (0..<50).map { _ in Int32(random.below(count)) }
            let values = places.indices.map { Int16($0) }
            sums.add(values, at: places, from: [3, 40, 45, 2], to: [38, 40, 50, 3])
            for range in [3..<38, 45..<50, 2..<3] {
                for entry in range { plain[Int(places[entry])] += values[entry] }
            }
            expect(sums, plain)
        }

        let set = ItemBitmap(
            itemCount: count, items: (0..<count).filter { _ in random.below(3) == 0 }.map { ItemIndex($0) })
        sums.keep(set)
        for place in plain.indices where !set.contains(ItemIndex(place)) { plain[place] = 0 }
        expect(sums, plain)

        sums.set(toSumsOf: [], in: [])
        expect(sums, plain.map { _ in 0 })
        sums.set(to: 3)
        expect(sums, plain.map { _ in 3 })
    }

    private func expect(_ sums: SmallSums, _ plain: [Int16]) {
        var sums = sums
        #expect(plain.indices.allSatisfy { sums[$0] == plain[$0] })
        #expect(sums.highest == plain.max() ?? 0)
        for wanted in [1, 3, 10, 100, 5000] {
            let level = sums.level(reachedBy: wanted)
            let reaching = sums.count(from: level)
            #expect(level >= 1 && (level == 1 || reaching >= wanted), "\(wanted) wanted, \(reaching) reach \(level)")
        }
        for least: Int16 in [1, 2, 40, 200, .max] {
            #expect(sums.count(from: least) == plain.count { $0 >= least })
            for most: Int16 in [1, 100, .max] where most >= least {
                var found: [Int32] = []
                sums.places(from: least, through: most) { found = Array($0) }
                #expect(found == plain.indices.filter { (least...most).contains(plain[$0]) }.map { Int32($0) })
            }
        }
    }
}
