import Domain
import Linalg
import TestSupport
import Testing
import Trainer

/// What was planted in the interactions is found again, by each solver, with frequency-scaled and with plain λ.
@Suite struct StructureTests {
    static let solvers = ALSParameters.Solver.allCases

    /// λ for rows of about `count` observations so that ν changes how it grows, not how large it is.
    private func parameters(
        rank: Int, lambda: Float, rowsOf count: Int, others: Int, nu: Float, solver: ALSParameters.Solver
    ) -> ALSParameters {
        let alpha0: Float = 0.1
        return ALSParameters(
            rank: rank, epochs: 10, alpha0: alpha0,
            lambda: nu == 0 ? lambda * (Float(count) + alpha0 * Float(others)) : lambda, nu: nu, solver: solver)
    }

    /// Each user's own cell of the checkerboard is left out. It must be the first of what the user has not had, and rank
    /// far above every cell of another colour.
    @Test(arguments: solvers, [Float(1), 0])
    func findsTheCellLeftOutOfACheckerboard(solver: ALSParameters.Solver, nu: Float) throws {
        for (size, colours) in [(40, 2), (60, 3)] {
            let board = try Samples.checkerboard(size: size, colours: colours)
            let factors = try ALS.fit(
                interactions: board,
                parameters: parameters(
                    rank: colours, lambda: 0.001, rowsOf: size / colours, others: size, nu: nu, solver: solver))
            let packed = try PackedItems(factors.itemFactors)
            for user in 0..<size {
                let seen = ItemBitmap(
                    itemCount: size,
                    items: board.columnIndices[board.entries(ofRow: user)].map { ItemIndex(rawValue: $0) })
                let list = packed.topK(factors.userFactors.row(user), count: size, excluding: seen)
                #expect(list[0].item.position == user, "\(colours) colours, user \(user)")
                #expect(list[0].score > list[1].score + 0.3, "\(colours) colours, user \(user)")
                let top = packed.topK(factors.userFactors.row(user), count: size / colours)
                #expect(top.allSatisfy { $0.item.position % colours == user % colours })
            }
        }
    }

    /// On pairs without an interaction the scores of a user go with the planted affinities; popularity does not.
    @Test(arguments: solvers, [Float(1), 0])
    func findsPlantedTastes(solver: ALSParameters.Solver, nu: Float) throws {
        let (users, items) = (300, 200)
        let planted = try Samples.PlantedTastes(users: users, items: items, rank: 4, seed: 12)
        let views = planted.interactions
        let factors = try ALS.fit(
            interactions: views,
            parameters: parameters(
                rank: 6, lambda: 0.02, rowsOf: views.count / users, others: items, nu: nu, solver: solver))
        let scores = try factors.userFactors.timesTransposed(factors.itemFactors)
        let byItem = views.transposed()
        var (model, popularity, better) = (0.0, 0.0, 0)
        for user in 0..<users {
            let seen = Set(views.columnIndices[views.entries(ofRow: user)].map { Int($0) })
            let unseen = (0..<items).filter { !seen.contains($0) }
            let affinities = unseen.map { planted.affinity(user, $0) }
            let byModel = rankCorrelation(unseen.map { Double(scores[user, $0]) }, affinities)
            let byPopularity = rankCorrelation(unseen.map { Double(byItem.count(ofRow: $0)) }, affinities)
            model += byModel / Double(users)
            popularity += byPopularity / Double(users)
            if byModel > byPopularity { better += 1 }
        }
        #expect(model > 0.5, "mean rank correlation of the model: \(model)")
        #expect(model > popularity + 0.4, "of popularity: \(popularity)")
        #expect(better > users * 95 / 100, "\(better) of \(users) users")
    }
}
