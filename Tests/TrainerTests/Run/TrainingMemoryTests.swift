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
