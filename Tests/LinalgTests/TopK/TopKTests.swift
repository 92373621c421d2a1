import Domain
import Linalg
import Testing

@Suite struct TopKTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let level: Int
        let items: Int
        let rank: Int
        let count: Int
        var testDescription: String { "level \(level), \(items) items, rank \(rank), top \(count)" }
    }

    static let cases: [Case] = [0, 2, 3, 4].filter { Kernels(level: $0) != nil }.flatMap { level in
        [(1, 1, 1), (31, 3, 5), (32, 8, 10), (33, 16, 40), (200, 17, 10), (1000, 64, 1), (777, 5, 100)]
            .map { Case(level: level, items: $0.0, rank: $0.1, count: $0.2) }
    }

    /// Exact to the bit against a sort of all scores, alone and in batches, with and without exclusions.
    @Test(arguments: cases)
    func topKIsThatOfASortOfAllScores(_ sample: Case) throws {
        let kernels = try #require(Kernels(level: sample.level))
        var random = SeededGenerator(seed: 7)
        // Few distinct values, so that ties are common.
        let factors = (0..<sample.items * sample.rank).map { _ in Float(random.below(3)) - 1 }
        let items = try Matrix(rows: sample.items, columns: sample.rank, elements: factors)
        let packed = try PackedItems(items, kernels: kernels)
        for queryCount in [1, 2, 7, 8, 9, 65, 130] {
            let queries = try Matrix(
                rows: queryCount, columns: sample.rank,
                elements: (0..<queryCount * sample.rank).map { _ in Float(random.below(5)) - 2 })
            let bitmaps: [ItemBitmap?] = (0..<queryCount).map { query in
                guard query % 3 != 0 else { return nil }
                let excluded = (0..<sample.items).filter { _ in random.below(2) == 0 }
                return ItemBitmap(itemCount: sample.items, items: excluded.map { ItemIndex($0) })
            }
            let lists = packed.topK(
                queries: queries, count: sample.count, excluding: bitmaps, workers: Workers(count: 2))
            for query in 0..<queryCount {
                let excluded = bitmaps[query].map { bitmap in
                    Set((0..<sample.items).filter { bitmap.contains(ItemIndex($0)) })
                }
                // All levels but the baseline multiply and add with one rounding.
                let expected = PlainKernels.topK(
                    items: (0..<sample.items).map { items.row($0) }, query: queries.row(query), count: sample.count,
                    excluding: excluded ?? [], fused: kernels.level > 0)
                #expect(lists[query].map(\.item.position) == expected.map(\.item), "query \(query) of \(queryCount)")
                #expect(lists[query].map(\.score) == expected.map(\.score), "query \(query) of \(queryCount)")
                let alone = packed.topK(queries.row(query), count: sample.count, excluding: bitmaps[query])
                #expect(alone.map(\.item) == lists[query].map(\.item))
                #expect(alone.map(\.score.bitPattern) == lists[query].map(\.score.bitPattern))
            }
        }
    }

    @Test func nothingAskedOrNothingLeftGivesAnEmptyList() throws {
        let packed = try PackedItems(Matrix(rows: 3, columns: 2, elements: [1, 0, 0, 1, 1, 1]))
        #expect(packed.topK([1, 1], count: 0).isEmpty)
        #expect(packed.topK([1, 1], count: 10).map(\.item.position) == [2, 0, 1])
        #expect(packed.topK([.nan, 1], count: 3).isEmpty)
        let all = ItemBitmap(itemCount: 3).complement()
        #expect(all.count == 3)
        #expect(packed.topK([1, 1], count: 3, excluding: all).isEmpty)
        #expect(packed.topK(queries: try Matrix(rows: 0, columns: 2), count: 3).isEmpty)
        let none = try PackedItems(Matrix(rows: 0, columns: 2))
        #expect(none.topK([1, 1], count: 3).isEmpty)
        #expect(throws: LinalgError.notFinite(what: "The item factors", row: 1, column: 0)) {
            try PackedItems(Matrix(rows: 2, columns: 2, elements: [1, 0, .infinity, 1]))
        }
    }
}
