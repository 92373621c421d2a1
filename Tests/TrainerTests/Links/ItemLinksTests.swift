import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct ItemLinksTests {
    private func training() throws -> TrainingSet {
        try TrainingSet.build(from: plantedLog(users: 80, perUser: 16), weights: ConfidenceWeights())
    }

    /// numpy inverts the same matrix in double precision.
    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func theLinearModelIsThatOfNumpy() async throws {
        let set = try training()
        let links = try ItemLinks.linear(of: set, keeping: set.itemCount, ridge: 20)
        let rows = set.interactions
        let liked = (0..<rows.rows).map { user in
            rows.entries(ofRow: user).filter { rows.values[$0] > 0 }.map { rows.columnIndices[$0] }
        }
        let input = try JSONEncoder().encode(["liked": liked, "size": [[Int32(set.itemCount)]]])
        let theirs = try JSONDecoder().decode(
            [[Double]].self, from: python("linear_model.py", ["20", "3"], input: input))
        for i in 0..<set.itemCount {
            var ours = [Float](repeating: 0, count: set.itemCount)
            for entry in links.rows.entries(ofRow: i) {
                ours[Int(links.rows.columnIndices[entry])] = links.rows.values[entry]
            }
            for j in 0..<set.itemCount { #expect(abs(Double(ours[j]) - max(0, theirs[i][j])) < 1e-5) }
        }
    }

    @Test func theLinearModelFindsThePlantedGroups() throws {
        let set = try training()
        let links = try ItemLinks.linear(of: set, keeping: 5, ridge: 20)
        var (own, all) = (0, 0)
        for i in 0..<set.itemCount {
            for entry in links.rows.entries(ofRow: i) {
                let (a, b) = (set.items.id(at: i), set.items.id(at: Int(links.rows.columnIndices[entry])))
                func group(_ id: String) -> Int { Int(id.dropFirst(5))! % 4 }
                own += group(a) == group(b) ? 1 : 0
                all += 1
            }
        }
        #expect(all > 0 && Double(own) / Double(all) > 0.9)
    }

    @Test func aMatrixBeyondTheLimitIsRefusedWithItsSize() throws {
        let set = try training()
        let needed = ItemLinks.linearBytes(of: set)
        #expect(needed > 0)
        #expect(
            throws: TrainerError.tooLarge(
                needed: needed, available: 100,
                formula:
                    "the linear model's matrix of \(set.itemCount) × \(set.itemCount) items that 3 users or more like",
                remedy: "It is meant for catalogues of thousands; larger ones do without it.")
        ) { try ItemLinks.linear(of: set, keeping: 5, limit: 100) }
    }

    @Test func neighboursAreTheSameWithAnyNumberOfWorkers() throws {
        let set = try training()
        let one = try ItemLinks.cosine(of: set, keeping: 7, workers: Workers(count: 1))
        let four = try ItemLinks.cosine(of: set, keeping: 7, workers: Workers(count: 4))
        #expect(one.rows == four.rows)
    }

    @Test func scoresAreSumsOverTheLikedAndComeBestFirst() throws {
        let rows = try SparseRows(
            rows: 4, columns: 4, rowStarts: [0, 2, 4, 5, 5], columnIndices: [1, 2, 2, 3, 0], values: [1, 2, 3, 5, 1])
        let links = ItemLinks(rows)
        for _ in 0..<2 {
            let all = links.best(of: [0, 1], count: 10) { _ in true }
            #expect(all.map(\.item) == [2, 3, 1] && all.map(\.score) == [5, 5, 1])
            #expect(links.best(of: [0, 1], count: 1) { $0 != 2 }.map(\.item) == [3])
            #expect(links.best(of: [3, 9, -1], count: 10) { _ in true }.isEmpty)
        }
    }
}
