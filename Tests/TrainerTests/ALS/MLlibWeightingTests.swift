import Domain
import Linalg
import Testing

@testable import Trainer

/// The objective of Spark's MLlib, beside its equations as MLlib's source has them, in 64-bit floats.
@Suite struct MLlibWeightingTests {
    private let parameters = ALSParameters(
        rank: 6, epochs: 4, alpha0: 0.25, lambda: 0.3, weighting: .mllib, solver: .exact, preconditioner: .none,
        threads: 2)

    /// (YᵀY + α Σ|w| y yᵀ + regParam n I) x = Σ_(w>0) (1 + α w) y, by Gauss' elimination.
    private func solution(_ y: Matrix, _ entries: [(item: Int, w: Float)]) -> [Double] {
        let (k, alpha) = (y.columns, 1 / Double(parameters.alpha0))
        var a = [[Double]](repeating: [Double](repeating: 0, count: k + 1), count: k)
        func add(_ item: Int, _ weight: Double, _ target: Double) {
            for i in 0..<k {
                for j in 0..<k { a[i][j] += weight * Double(y[item, i]) * Double(y[item, j]) }
                a[i][k] += target * Double(y[item, i])
            }
        }
        for item in 0..<y.rows { add(item, 1, 0) }
        for (item, w) in entries { add(item, alpha * Double(abs(w)), w > 0 ? 1 + alpha * Double(w) : 0) }
        let liked = entries.count { $0.w > 0 }
        for i in 0..<k { a[i][i] += Double(parameters.lambda) * Double(liked) }
        for i in 0..<k {
            for row in 0..<k where row != i {
                let factor = a[row][i] / a[i][i]
                for j in i...k { a[row][j] -= factor * a[i][j] }
            }
        }
        return (0..<k).map { a[$0][k] / a[$0][$0] }
    }

    @Test func rowsSolveMLlibsEquations() throws {
        let y = try ALSFactors(users: 1, items: 40, rank: 6, seed: 3).itemFactors
        let foldIn = try FoldIn(itemFactors: y, parameters: parameters)
        for entries: [(item: Int, w: Float)] in [[(3, 1.5)], [(1, 2), (7, -1), (9, 0)], [(0, 5), (2, 0.3), (39, -5)]] {
            let (items, weights) = (entries.map { Int32($0.item) }, entries.map(\.w))
            let ours = try foldIn.vector(items: items, confidences: weights)
            let theirs = solution(y, entries)
            #expect(zip(ours, theirs).allSatisfy { abs(Double($0) - $1) < 1e-4 * (1 + abs($1)) })
            let parts = try Contributions(
                itemFactors: y, gramian: Gramian(of: y), parameters: parameters, items: items, confidences: weights)
            #expect(zip(parts.vector, theirs).allSatisfy { abs(Double($0) - $1) < 1e-4 * (1 + abs($1)) })
        }
        #expect(try foldIn.vector(items: [4], confidences: [-2]) == [Float](repeating: 0, count: 6))
    }

    /// What a fit reports is the loss of its factors, and it falls.
    @Test func theLossIsThatOfTheFactors() throws {
        let rows = try Samples.random(users: 80, items: 50, perUser: 8, negatives: true)
        var losses: [Double] = []
        let factors = try ALS.fit(interactions: rows, parameters: parameters) { losses.append($0.loss) }
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
        let loss = try ALS.loss(of: factors, interactions: rows, parameters: parameters)
        #expect(abs(loss - losses[3]) < 1e-4 * loss)
        // Items were solved last.
        let byItem = rows.transposed()
        let solver = try FoldIn(itemFactors: factors.userFactors, parameters: parameters)
        for item in 0..<byItem.rows where byItem.count(ofRow: item) > 0 {
            let entries = byItem.entries(ofRow: item)
            let own = try solver.vector(
                items: Array(byItem.columnIndices[entries]), confidences: Array(byItem.values[entries]))
            #expect(zip(own, factors.itemFactors.row(item)).allSatisfy { abs($0 - $1) < 1e-3 })
        }
    }

    @Test func itWantsTheExactSolverAndAnAlpha() throws {
        let rows = try Samples.checkerboard(size: 8)
        var other = parameters
        other.solver = .cg
        #expect(throws: ALSError.self) { try ALS.fit(interactions: rows, parameters: other) }
        other = parameters
        other.alpha0 = 0
        #expect(throws: ALSError.self) { try other.validate() }
    }

    /// All rows together have the ridge that the rule for our own objective gives them.
    @Test func theRuleKeepsTheRidge() {
        let shape = (users: 3000, items: 500, pairs: 60_000, liked: 40_000)
        let own = ShapeRule().applied(
            to: ALSParameters(), users: shape.users, items: shape.items, pairs: shape.pairs)
        let theirs = ShapeRule().applied(
            to: parameters, users: shape.users, items: shape.items, pairs: shape.pairs, liked: shape.liked)
        let mean = (user: shape.pairs / shape.users, item: shape.pairs / shape.items)
        let ours =
            Double(own.ridge(count: mean.user, others: shape.items)) * Double(shape.users)
            + Double(own.ridge(count: mean.item, others: shape.users)) * Double(shape.items)
        let sparks = 2 * Double(theirs.lambda) * Double(theirs.alpha0) * Double(shape.liked)
        #expect(own.alpha0 == theirs.alpha0 && abs(ours / sparks - 1) < 0.02)
    }
}
