import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct TrainingMemoryTests {
    private let movieLens20M = TrainingMemory(events: 20_000_000, users: 138_493, items: 26_744, textBytes: 1_000_000)

    @Test func theFormulaStaysBelowTheGoal() {
        let bytes = movieLens20M.peakBytes(.init(codeVersion: "test"))
        #expect(bytes > 16 * 20_000_000 && bytes < 1 << 30)
    }

    /// Links between items, the linear model, the lists that a blend is learned from, and the regression from films.
    @Test func whatABlendAndACatalogueTakeCountsToo() {
        let small = TrainingMemory(events: 100_000, users: 610, items: 9_724, textBytes: 50_000)
        var configuration = TrainingConfiguration(codeVersion: "test")
        let whole = small.peakBytes(configuration)
        #expect(whole > 96 << 20 + ItemLinks.linearLimit + 2600 * 9_724)
        configuration.learnsBlend = false
        let without = small.peakBytes(configuration)
        #expect(whole - without > ItemLinks.linearLimit)
        configuration.content = FilmContent(
            films: (0..<ContentRidge.fewestFilms).map { Movie(itemID: "\($0)", title: "T") }, similar: { _, _, _ in [] }
        )
        #expect(small.peakBytes(configuration) - without > 100 << 20)
        configuration.content?.films.removeLast()
        #expect(small.peakBytes(configuration) == without)
        // A few items of three events or more make a small matrix.
        var few = small
        few.linearItems = 500
        #expect(whole - few.peakBytes(.init(codeVersion: "test")) > 100 << 20)
    }

    @Test func itemsOfTwoEventsAreNoneOfTheLinearModel() throws {
        let log = try InteractionLog(source: "small", version: 1)
        for (user, item) in [("a", "x"), ("b", "x"), ("c", "x"), ("a", "y"), ("b", "y")] {
            try log.append(userID: user, itemID: item, kind: .like, value: 1, at: Timestamp(seconds: 1_700_000_000))
        }
        let memory = try TrainingMemory(of: log)
        #expect(memory.items == 2 && memory.linearItems == 1)
    }

    @Test func refusesWhatDoesNotFitAndSaysWhatWould() throws {
        var configuration = TrainingConfiguration(codeVersion: "test")
        configuration.parameters.rank = 512
        #expect(throws: Never.self) { try movieLens20M.check(configuration, limit: 2 << 30) }
        let large = movieLens20M.peakBytes(configuration)
        do {
            try movieLens20M.check(configuration, limit: large - 1)
            Issue.record("nothing was refused")
        } catch let error as TrainerError {
            #expect(error.code == "training-too-large" && error.category == .unavailable)
            #expect(error.message.contains("20000000 events") && error.message.contains("rank 512"))
            #expect(error.advice.contains("--rank 496"))
        }
        #expect(throws: TrainerError.self) { try movieLens20M.check(configuration, limit: 100 << 20) }
        // A size past any machine is refused by what this one has, before anything is asked for.
        let absurd = TrainingMemory(events: 1 << 50, users: 1 << 30, items: 1 << 30, textBytes: 0)
        #expect(throws: TrainerError.self) { try absurd.check(configuration, limit: nil) }
    }

    /// Users without events, with one, and one item with an event of nearly everybody, in a large space of identifiers.
    @Test func emptyLongAndVeryManyRowsAreFitted() throws {
        let users = Effort.rounds(20_000, nightly: 10_000_000)
        let fans = Effort.rounds(10_000, nightly: 1_000_000)
        var starts: [Int64] = [0]
        starts.reserveCapacity(users + 1)
        var columns: [Int32] = []
        for user in 0..<users {
            if user < fans { columns.append(0) }
            if user == 7 { columns += [1, 2] }
            starts.append(Int64(columns.count))
        }
        let rows = try SparseRows(
            rows: users, columns: 4, rowStarts: starts, columnIndices: columns,
            values: [Float](repeating: 1, count: columns.count))
        for solver in ALSParameters.Solver.allCases {
            let factors = try ALS.fit(
                interactions: rows, parameters: .init(rank: 3, epochs: 2, solver: solver, block: 16))
            #expect(factors.userFactors.row(users - 1) == [0, 0, 0], "nobody's events, nobody's taste")
            #expect(factors.itemFactors.row(3) == [0, 0, 0])
            #expect(factors.userFactors.row(7).contains { $0 != 0 })
            #expect(factors.userFactors.row(1) == factors.userFactors.row(fans - 1) || solver != .exact)
            #expect(factors.userFactors.firstNonFinite() == nil && factors.itemFactors.firstNonFinite() == nil)
        }
    }
}
