import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct TuningTests {
    private func tuning(_ trials: Int, state: String? = nil, seconds: Double = .infinity) -> TuningRun {
        var configuration = smallConfiguration(rank: 4, epochs: 4)
        configuration.split = .time(0.8)
        var space = TuningSpace()
        space.ranks = [2, 4, 8]
        return TuningRun(
            configuration: configuration, space: space, budget: .init(trials: trials, seconds: seconds),
            stateFile: state)
    }

    @Test func halvesTheFieldAndKeepsTheBest() throws {
        var measured: [TuningRecord] = []
        let result = try tuning(9).run(plantedLog()) { measured.append($0) }
        // Nine trials at one epoch, three at two, one at four.
        #expect(measured.map(\.epochs) == [Int](repeating: 1, count: 9) + [2, 2, 2, 4])
        #expect(result.records.count == 9 && Set(result.records.map(\.trial)) == Set(0..<9))
        let best = try #require(result.best)
        #expect(best.epochs == 4 && best.ndcg > 0.1)
        #expect(
            try #require(measured.first).parameters == smallConfiguration(rank: 4, epochs: 4).recipe.recorded.parameters
        )
        for record in measured {
            #expect([2, 4, 8].contains(record.parameters.rank))
            #expect((0.0099...1.001).contains(record.parameters.alpha0))
            try record.parameters.validate()
        }
        let page = result.html()
        #expect(page.contains("<svg") && !page.contains("NaN"))
        let again = try tuning(9).run(plantedLog())
        #expect(again.records.map(\.ndcg) == result.records.map(\.ndcg), "the same seed, the same search")
    }

    @Test func goesOnWhereItWasStopped() async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "tune.jsonl").path
            struct Enough: Error {}
            var count = 0
            #expect(throws: Enough.self) {
                try tuning(6, state: state).run(plantedLog()) { _ in
                    count += 1
                    if count == 4 { throw Enough() }
                }
            }
            let torn = try Files.read(state) + Array("{\"trial\":9".utf8)
            try Files.write(torn + [UInt8(ascii: "\n")], to: state)
            var measured = 0
            let result = try tuning(6, state: state).run(plantedLog()) { _ in measured += 1 }
            #expect(result.resumed == 4 && measured == 6 - 4 + 2 + 1)
            let whole = try tuning(6).run(plantedLog())
            #expect(whole.records.map(\.ndcg) == result.records.map(\.ndcg))
            // Another version of the data is another search.
            #expect(try tuning(6, state: state).run(plantedLog(users: 61)).resumed == 0)
        }
    }

    @Test func stopsWhenTimeIsOver() throws {
        let result = try tuning(50, seconds: 1e-9).run(plantedLog())
        #expect(result.stoppedEarly && result.records.isEmpty)
    }

    @Test func neverLooksAtTheTestWindow() throws {
        let log = try plantedLog()
        let altered = try InteractionLog(source: "planted", version: 3)
        let at = try #require(Split.time(0.8).resolve(log, weights: .init()).at).microseconds
        try altered.append(log) { $0.at < at }
        // Other events after the split time: the search must not notice.
        for step in 0..<(log.count - altered.count) {
            try altered.append(
                userID: "user \(step % 7)", itemID: "film 0", kind: .like, value: -1,
                at: Timestamp(microseconds: at + Int64(step) * 1_000_000))
        }
        #expect(try tuning(3).run(altered).records.map(\.ndcg) == tuning(3).run(log).records.map(\.ndcg))
    }

    @Test func refusesSplitsThatMixTimes() {
        var configuration = smallConfiguration()
        configuration.split = .leaveLastOut
        #expect(throws: TrainerError.self) {
            try TuningRun(configuration: configuration, budget: .init(trials: 2)).run(plantedLog())
        }
        #expect(throws: TrainerError.self) { try tuning(0).run(plantedLog()) }
    }
}
