import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

/// The gate's rules on planted measurements.
@Suite struct GateRuleTests {
    private let bootstrap = Bootstrap(resamples: 200, seed: 1, workers: Workers(count: 1))
    private let id = ModelID(rawValue: "20260101T000000Z-12345678")!

    /// NDCG of users that differs by `gain` with some noise.
    private func contest(users: Int = 400, gain: Double, noise: Double = 0.05) -> Contest {
        var generator = SeededGenerator(seed: 3)
        let theirs = (0..<users).map { _ in 0.2 + 0.2 * generator.uniform() }
        let ours = theirs.map { $0 * (1 + gain) + noise * (generator.uniform() - 0.5) }
        return Contest(against: "\(id)", metric: "ndcg@10", ours: ours, theirs: theirs, bootstrap)
    }

    private func verdict(_ change: (inout Gate.Evidence) -> Void) -> GateVerdict {
        var evidence = Gate.Evidence()
        evidence.incumbent = id
        evidence.baselines = [contest(gain: 1)]
        change(&evidence)
        return Gate(policy: .ifBetter).verdict(evidence)
    }

    @Test func everyOutcomeHasItsCause() {
        func finding(_ gain: Double, users: Int = 400, noise: Double = 0.05) -> [String] {
            let verdict = verdict { $0.rival = (contest(users: users, gain: gain, noise: noise), "as published") }
            return [verdict.outcome.rawValue, verdict.finding!.rawValue]
        }
        #expect(finding(0.1) == ["promoted", "better"])
        #expect(finding(-0.1) == ["refused", "worse"])
        #expect(finding(0, noise: 0.001) == ["promoted", "not-worse"])
        #expect(finding(0, noise: 0.3) == ["kept", "no-difference-shown"])
        #expect(finding(0, users: 60, noise: 0.6) == ["kept", "too-few-users"])
        // A large difference of a few users means nothing.
        #expect(finding(0.6, users: 25) == ["kept", "too-few-users"])
    }

    @Test func aBetterOneThatBreaksAGuardrailIsRefused() throws {
        let items = 50
        let relevant: [Double] = (0..<RankingMetric.allCases.count).map { _ in 0.5 }
        func outcome(_ name: String, value: Double, shown: Range<Int>) -> Evaluator.Outcome {
            let counts = (0..<items).map { Int32(shown.contains($0) ? 10 : 0) }
            return Evaluator.Outcome(
                name: name, cutoffs: [10], values: (0..<100).flatMap { _ in relevant.map { $0 * value } },
                exposures: [Exposure(counts: counts)])
        }
        let (ours, theirs) = (outcome("model", value: 1.5, shown: 0..<12), outcome("other", value: 1, shown: 0..<50))
        let failures = Gate.failures(ours, against: theirs, newUsers: [], work: (1, 1), bootstrap)
        #expect(failures.contains { $0.hasPrefix("coverage") } && failures.contains { $0.hasPrefix("exposure") })
        let verdict = verdict {
            $0.rival = (contest(gain: 0.3), "as published")
            $0.failures = failures
        }
        #expect(verdict.outcome == .refused && verdict.finding == .guardrail && verdict.failures == failures)
        let slow = Gate.failures(
            theirs, against: theirs, newUsers: [], work: (candidate: 100 << 20, other: 1 << 20), bootstrap)
        #expect(slow.count == 1 && slow[0].contains("MiB"))
        let newUsers = Gate.failures(
            outcome("model", value: 0.5, shown: 0..<50), against: theirs, newUsers: Array(0..<30), work: (1, 1),
            bootstrap)
        #expect(newUsers.contains { $0.hasPrefix("users with short history") })
    }

    @Test func belowABaselineNothingElseCounts() {
        let verdict = verdict {
            $0.rival = (contest(gain: 0.3), "as published")
            $0.baselines = [contest(gain: 1), contest(gain: -0.2)]
        }
        #expect(verdict.outcome == .refused && verdict.finding == .belowBaseline)
    }

    /// Of a few users it is no proof, and yet no reason to go live: neither with something in service nor without.
    @Test(arguments: [true, false], [true, false])
    func belowABaselineByFewUsersIsKept(isFirst: Bool, isSameRecipe: Bool) {
        let verdict = verdict {
            if isFirst { $0.incumbent = nil }
            $0.isSameRecipe = isSameRecipe && !isFirst
            $0.baselines = [contest(users: 45, gain: -0.6), contest(users: 45, gain: 0.3)]
        }
        #expect(verdict.outcome == .kept && verdict.finding == .tooFewUsers, "\(verdict)")
        #expect(verdict.reason.contains("45 held-out users"))
    }

    /// A first model that few users speak for goes live, and the text says what they cannot say.
    @Test func aFirstModelByFewUsersSaysSo() {
        let verdict = verdict {
            $0.incumbent = nil
            $0.baselines = [contest(users: 22, gain: 0.4, noise: 0.3)]
            $0.remedy = "--split last holds out more."
        }
        #expect(verdict.outcome == .promoted && verdict.finding == .first)
        #expect(verdict.reason.contains("Only 22 users were held out: a difference below "), "\(verdict.reason)")
        #expect(verdict.reason.hasSuffix("--split last holds out more."))
    }

    /// Where nothing is in service, a list of what is popular is the alternative.
    @Test func aFirstModelMustNotBeBehindPopularity() {
        func first(_ gain: Double, noise: Double = 0.05) -> GateVerdict.Outcome {
            verdict {
                $0.incumbent = nil
                $0.baselines = [contest(gain: gain, noise: noise)]
            }.outcome
        }
        #expect(first(0.2) == .promoted && first(-0.2) == .refused && first(-0.005, noise: 0.3) != .refused)
    }

    @Test func whatTheUserAskedForIsDoneAndSaid() {
        var evidence = Gate.Evidence()
        evidence.incumbent = id
        evidence.rival = (contest(gain: -0.3), "as published")
        let always = Gate(policy: .always).verdict(evidence)
        #expect(
            always.outcome == .promoted && always.finding == .worse && always.reason.hasPrefix("Promoted as asked for.")
        )
        evidence.rival = (contest(gain: 0.3), "as published")
        let never = Gate(policy: .never).verdict(evidence)
        #expect(never.outcome == .kept && never.finding == .better && never.reason.hasPrefix("Kept as asked for."))
    }

    /// Errors are better the smaller they are.
    @Test func errorsOfStarsAreComparedTheOtherWayRound() {
        let theirs = (0..<200).map { 1 + Double($0 % 7) }
        let contest = Contest(against: "other", squares: theirs.map { $0 * 0.81 }, theirs: theirs, bootstrap)
        #expect(contest.metric == "rmse" && contest.finding == .better && contest.isAhead)
        #expect(abs((contest.difference?.value ?? 0) + 0.1) < 1e-9)
        let worse = Contest(against: "other", squares: theirs.map { $0 * 1.21 }, theirs: theirs, bootstrap)
        #expect(worse.finding == .worse && !worse.isAhead)
    }

    /// An end that is no number is none.
    @Test func aMissingIntervalIsNull() throws {
        // Half of the resamples of one user among many zeros have nothing to divide by.
        let theirs = [1.0] + [Double](repeating: 0, count: 20)
        let ours = [1.0] + [Double](repeating: 0.5, count: 20)
        let contest = Contest(against: "other", metric: "ndcg@10", ours: ours, theirs: theirs, bootstrap)
        let difference = try #require(contest.difference)
        #expect(difference.high == nil)
        let text = String(decoding: try JSON.encode(difference, pretty: false), as: UTF8.self)
        #expect(text.contains("\"high\":null") && !text.lowercased().contains("nan") && !text.contains("nfinity"))
        #expect(try JSON.decode(Interval.self, from: Array(text.utf8)) == difference)
        #expect(contest.text.contains("no interval"))
    }
}
