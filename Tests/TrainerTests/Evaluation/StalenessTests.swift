import Domain
import Foundation
import Testing

@testable import Trainer

@Suite struct StalenessTests {
    private let bootstrap = Bootstrap(resamples: 200, seed: 3)

    /// Every user loses one percent a window; figures by hand.
    @Test func aSteadyLossGivesTheInterval() {
        let day = 86_400.0
        let users = (1...50).map { user in (1...4).map { (difference: -0.01 * Double($0 * user), new: Double(user)) } }
        let staleness = Staleness(
            metric: "ndcg@10", windowSeconds: 2 * day, tolerance: 0.02, users: users, windows: [4, 3, 2, 1], bootstrap)
        #expect(staleness.points.map { ($0.ageSeconds / day).rounded() } == [2, 4, 6, 8])
        for (age, point) in staleness.points.enumerated() {
            #expect(abs(point.difference.value + 0.01 * Double(age + 1)) < 1e-12)
        }
        #expect(abs((staleness.lossPerDay?.value ?? 0) - 0.005) < 1e-12)
        #expect(abs((staleness.retrainAfterSeconds.value ?? 0) - 4 * day) < 1e-6)
        #expect(staleness.answer.hasPrefix("Retrain every 4 days (95 % interval 4 days to 4 days): by then"))
    }

    /// Nothing shown is said as such, with what can't be excluded; nothing found is no zero.
    @Test func noLossIsSaidWithItsBound() {
        let users = (0..<100).map { user in (0..<2).map { _ in (difference: user % 2 == 0 ? 0.1 : -0.1, new: 1.0) } }
        let level = Staleness(
            metric: "ndcg@10", windowSeconds: 86_400, tolerance: 0.02, users: users, windows: [2, 1], bootstrap)
        #expect(level.retrainAfterSeconds.value == nil && level.retrainAfterSeconds.high == nil)
        #expect(level.retrainAfterSeconds.low != nil)
        #expect(level.answer.contains("no loss by age was shown"))
        let nothing = Staleness(
            metric: "ndcg@10", windowSeconds: 86_400, tolerance: 0.02,
            users: [[(difference: 0, new: 0), (difference: 0, new: 0)]], windows: [2, 1], bootstrap)
        #expect(nothing.points.isEmpty && nothing.lossPerDay == nil)
        #expect(nothing.answer.hasPrefix("How often to retrain can't be said"))
    }

    /// Users of eight tastes, whose films are always the same or are replaced by newer ones all the time.
    private func log(renewing: Bool) throws -> InteractionLog {
        let log = try InteractionLog(source: "planted")
        var generator = SeededGenerator(seed: 9)
        let events = 9000
        for step in 0..<events {
            let user = generator.below(150)
            let film = renewing ? generator.below(20) + step * 80 / events : generator.below(60)
            try log.append(
                userID: "user \(user)", itemID: "film \(user % 8)-\(film)", kind: .like, value: 1,
                at: Timestamp(seconds: 1_700_000_000 + Int64(step) * 600))
        }
        return log
    }

    /// Films that a model does not know make it worse as it ages, whatever is folded in; where none are new it ages less.
    @Test func newFilmsAgeAModel() throws {
        func run(_ renewing: Bool) throws -> FoldTrial.Result {
            try FoldTrial(smallConfiguration(), folds: 4).run(log(renewing: renewing))
        }
        let renewing = try run(true)
        let loss = try #require(renewing.staleness.lossPerDay)
        #expect(try #require(loss.low) > 0)
        let points = renewing.staleness.points
        try #require(points.count == 3)
        #expect(points[2].difference.value <= points[0].difference.value && points[0].difference.value < -0.1)
        #expect(renewing.section.text[0] == renewing.staleness.answer)
        #expect(renewing.staleness.answer.hasPrefix("Retrain every"))
        #expect(renewing.section.tables.map(\.rows.count) == [3, 4])
        #expect(try #require(run(false).staleness.lossPerDay).value < loss.value / 2)
    }

    /// What can't be cut into windows is said, whatever is asked for.
    @Test func whatHasNoWindowsIsRefused() throws {
        let log = try InteractionLog(source: "planted")
        for user in 0..<50 {
            for film in 0..<10 {
                try log.append(
                    userID: "\(user)", itemID: "\(film)", kind: .like, value: 1, at: Timestamp(seconds: 1_700_000_000))
            }
        }
        #expect(throws: TrainerError.self) { try FoldTrial(smallConfiguration(), folds: 4).run(log) }
        #expect(throws: TrainerError.self) { try FoldTrial(smallConfiguration(), folds: 1).run(plantedLog()) }
        #expect(throws: TrainerError.self) { try FoldTrial(smallConfiguration(), folds: 90).run(plantedLog(users: 5)) }
    }
}
