import CKernels
import Domain
import TestSupport
import Testing

@testable import Linalg

/// The codes change what is read, never what is found: ids, order, ties and the bits of the scores.
@Suite struct CodedTopKTests {
    static let levels = Kernels.available.map(\.level)

    @Test(arguments: levels, FactorFamily.allCases)
    func listsAreThoseOfTheScanOfAllFloats(level: Int, family: FactorFamily) throws {
        let kernels = try #require(Kernels(level: level))
        for (items, rank) in [(1, 1), (31, 3), (100, 17), (1100, 64), (70, 257)] {
            var random = SeededGenerator(seed: UInt64(rank))
            let matrix = try family.factors(items: items, rank: rank, &random)
            let floats = try PackedItems(matrix, kernels: kernels, coding: .never)
            let tiles = try PackedItems(matrix, kernels: kernels, coding: .whereverPossible)
            let rows = try PackedItems(Lent.matrix(matrix), kernels: kernels, coding: .whereverPossible)
            let chosen = try PackedItems(matrix, kernels: kernels)
            for (queryCount, count) in [(1, 10), (24, 1), (70, 10), (9, 100), (25, items + 5)] {
                let queries = try FactorFamily.queries(queryCount, items: matrix, &random)
                let bitmaps: [ItemBitmap?] = (0..<queryCount).map { query in
                    // None, half, all but a few.
                    guard query % 4 != 0 else { return nil }
                    let share = query % 4 == 3 ? 20 : 2
                    return ItemBitmap(
                        itemCount: items,
                        items: (0..<items).filter { _ in random.below(share) != 0 }.map { ItemIndex($0) })
                }
                let expected = floats.topK(queries: queries, count: count, excluding: bitmaps)
                for packed in [tiles, rows, chosen] {
                    let found = packed.topK(queries: queries, count: count, excluding: bitmaps)
                    for query in 0..<queryCount {
                        let place = "\(items) × \(rank), query \(query) of \(queryCount), top \(count)"
                        expectSame(found[query], expected[query], place)
                        guard query < 12 else { continue }
                        let alone = packed.topK(queries.row(query), count: count, excluding: bitmaps[query])
                        expectSame(alone, expected[query], place + ", alone")
                    }
                }
            }
        }
    }

    /// Large enough that chunks follow each other, the way ends early, places wait in large numbers, and queries give up.
    @Test(arguments: [FactorFamily.random, .clustered, .allEqual, .oneDominant, .wideRange, .lengthOne, .nonNegative])
    func listsOfManyItemsAreThoseOfTheScanOfAllFloats(_ family: FactorFamily) throws {
        var random = SeededGenerator(seed: 4)
        let matrix = try family.factors(items: 6000, rank: 32, &random)
        let floats = try PackedItems(matrix, coding: .never)
        let seen = ItemBitmap(itemCount: 6000, items: (0..<6000).filter { $0 % 5 == 0 }.map { ItemIndex($0) })
        for packed in [
            try PackedItems(matrix), try PackedItems(matrix, coding: .whereverPossible),
            try PackedItems(matrix, keepsRows: true),
        ] {
            #expect(packed.byteCounts.codes > 0)
            for (queryCount, count) in [(64, 10), (30, 90), (5, 700)] {
                let queries = try FactorFamily.queries(queryCount, items: matrix, &random)
                let bitmaps = (0..<queryCount).map { $0 % 2 == 0 ? seen : nil }
                let expected = floats.topK(queries: queries, count: count, excluding: bitmaps)
                let found = packed.topK(queries: queries, count: count, excluding: bitmaps)
                for query in 0..<queryCount {
                    expectSame(found[query], expected[query], "query \(query) of \(queryCount)")
                    let alone = packed.topK(queries.row(query), count: count, excluding: bitmaps[query])
                    expectSame(alone, expected[query], "query \(query), alone")
                }
            }
        }
    }

    /// A part of the items by itself gives what all of them give without the others, with more of them excluded too.
    @Test(arguments: levels, FactorFamily.allCases)
    func listsOfAPartAreThoseOfAllWithoutTheOthers(level: Int, family: FactorFamily) throws {
        let kernels = try #require(Kernels(level: level))
        var random = SeededGenerator(seed: 9)
        let count = 3000
        let matrix = try family.factors(items: count, rank: 24, &random)
        let floats = try PackedItems(matrix, kernels: kernels, coding: .never)
        let forced = [
            try PackedItems(matrix, kernels: kernels, coding: .whereverPossible),
            try PackedItems(Lent.matrix(matrix), kernels: kernels, coding: .whereverPossible),
            try PackedItems(Lent.matrix(matrix), kernels: kernels),
        ]
        #expect(floats.part(excluding: ItemBitmap(itemCount: count, items: [])) == nil)
        for share in [8, 9, 30, 1000, count] {
            var others = ItemBitmap(
                itemCount: count, items: (0..<count).filter { $0 % share != share / 2 }.map { ItemIndex($0) })
            let eligible = count - others.count
            let parts = forced.map { $0.part(excluding: others) }
            for (packed, part) in zip(forced, parts) where packed.byteCounts.codes > 0 {
                #expect(part?.itemCount == eligible)
            }
            let queries = try FactorFamily.queries(4, items: matrix, &random)
            for query in 0..<4 {
                // Such as what the user has seen.
                others.insert(ItemIndex(random.below(count)))
                for top in [1, 10, 100, eligible + 1] {
                    let expected = floats.topK(queries.row(query), count: top, excluding: others)
                    for (packed, part) in zip(forced, parts) {
                        let found = packed.topK(queries.row(query), count: top, excluding: others, of: part)
                        expectSame(found, expected, "one in \(share), query \(query), top \(top)")
                    }
                }
            }
        }
    }

    /// The two inequalities that everything stands on, with the kernel's own numbers.
    @Test(arguments: levels, FactorFamily.allCases)
    func noScoreExceedsItsBound(level: Int, family: FactorFamily) throws {
        let kernels = try #require(Kernels(level: level))
        for (items, rank) in [(1, 1), (40, 7), (65, 16), (130, 64), (64, 129)] {
            var random = SeededGenerator(seed: UInt64(rank))
            let matrix = try family.factors(items: items, rank: rank, &random)
            guard let codes = ItemCodes(matrix, kernels: kernels) else {
                #expect(family == .huge)
                continue
            }
            let plain = PlainCodes(codes, items: items, rank: rank)
            for item in 0..<items {
                let row = matrix.row(item).map { Double($0) }
                let lost = PlainCodes.length(zip(row, plain.values[item]).map { $0 - $1 })
                #expect(plain.losses[item] >= lost && plain.losses[item] <= 1.01 * lost + 1e-37)
                #expect(plain.reaches[item] >= max(PlainCodes.length(row), PlainCodes.length(plain.values[item])))
            }
            let floats = try PackedItems(matrix, kernels: kernels, coding: .never)
            let queries = try FactorFamily.queries(48, items: matrix, &random)
            for query in 0..<queries.rows {
                let row = queries.row(query)
                let length = PlainCodes.length(row.map { Double($0) })
                let bounds = codes.upperBounds(of: row, items: items, kernels: kernels)
                #expect((bounds != nil) == (length >= 0x1p-60 && length <= 0x1p60), "query \(query)")
                guard let bounds else { continue }
                for (item, score) in floats.topK(row, count: items) { #expect(score <= bounds[item.position]) }
                for (item, bound) in plain.upperBounds(of: row).enumerated() {
                    let scale = length * plain.reaches[item]
                    #expect(abs(Double(bounds[item]) - bound) <= 1e-5 * scale + 1e-35, "item \(item)")
                }
            }
        }
    }

    /// A second copy of the factors is made for whom the codes do not serve, and not before.
    @Test func tilesAreMadeWhenAQueryNeedsThem() throws {
        var random = SeededGenerator(seed: 8)
        // Lengths as those of ALS: few long ones.
        let elements = (0..<20_000 * 64).map { Float(random.uniform() - 0.5) / Float(1 + $0 / 6400) }
        let matrix = try Matrix(rows: 20_000, columns: 64, elements: elements)
        let packed = try PackedItems(matrix, keepsRows: true)
        let query = try FactorFamily.queries(1, items: matrix, &random).row(0)
        let eager = try PackedItems(matrix)
        expectSame(packed.topK(query, count: 10), eager.topK(query, count: 10), "by codes")
        #expect(eager.hasTiles && !packed.hasTiles)
        expectSame(packed.topK(query, count: 2000), eager.topK(query, count: 2000), "by floats")
        #expect(packed.hasTiles)
    }

    @Test func codesTakeAtMostAFifthOfTheirFloats() throws {
        for (items, rank) in [(1024, 32), (1025, 33), (5000, 64), (2000, 100), (1500, 128)] {
            let matrix = try Matrix(rows: items, columns: rank, elements: .init(repeating: 1, count: items * rank))
            let bytes = try PackedItems(matrix).byteCounts
            #expect(bytes.codes <= bytes.floats / 5, "\(items) × \(rank)")
            #expect((bytes.codes > 0) == (rank != 33), "\(items) × \(rank)")
        }
        let narrow = try PackedItems(Matrix(rows: 5000, columns: 16))
        #expect(narrow.byteCounts.codes == 0)
    }

    @Test func queriesThatGiveUpSendTheNextOnesToTheFloats() {
        let worth = CodesWorth()
        #expect(worth.isWorthTrying())
        worth.record(failed: 1, of: 1)
        #expect((0..<16).allSatisfy { _ in !worth.isWorthTrying() })
        #expect(worth.isWorthTrying())
        worth.record(failed: 20, of: 64)
        #expect((0..<32).allSatisfy { _ in !worth.isWorthTrying() })
        #expect(worth.isWorthTrying())
        worth.record(failed: 3, of: 64)
        #expect(worth.isWorthTrying())
        worth.record(failed: 1, of: 1)
        #expect((0..<16).allSatisfy { _ in !worth.isWorthTrying() } && worth.isWorthTrying())
    }

    private func expectSame(
        _ found: [(item: ItemIndex, score: Float)], _ expected: [(item: ItemIndex, score: Float)], _ place: String
    ) {
        #expect(found.map(\.item) == expected.map(\.item), "\(place)")
        #expect(found.map(\.score.bitPattern) == expected.map(\.score.bitPattern), "\(place)")
    }
}

/// A matrix on the memory of another, as a model's file lends it.
private final class Lent: Sendable {
    let matrix: Matrix
    init(_ matrix: Matrix) { self.matrix = matrix }

    static func matrix(_ matrix: Matrix) throws -> Matrix {
        let lender = Lent(matrix)
        return try lender.matrix.withUnsafeElements {
            try Matrix(rows: matrix.rows, columns: matrix.columns, lending: $0.baseAddress!, keepingAlive: lender)
        }
    }
}
