import Domain
import Foundation
import Testing

@testable import Trainer

@Suite struct OffPolicyTests {
    /// A log of a policy that leaves much to chance, in a world whose every probability is known.
    ///
    /// Users have one of three tastes and a liveliness of their own, so that their slots are not independent. Each list has
    /// two positions; an item is drawn for each from a distribution that prefers what the logging policy thinks of the taste.
    private struct World {
        static let (items, tastes, positions) = (6, 3, 2)
        /// How likely a user of a taste and of mean liveliness takes an item at a position.
        static func reward(_ taste: Int, _ item: Int, _ position: Int) -> Double {
            (0.08 + (item % tastes == taste ? 0.3 : 0) + (item == 0 ? 0.1 : 0)) / Double(position)
        }
        /// The logging policy: half of it by chance, half of it a popular item or another one.
        static func logging(_ taste: Int, _ item: Int, _ position: Int) -> Double {
            0.5 / Double(items) + (item == 0 ? 0.3 : 0) + (item == (taste + position) % items ? 0.2 : 0)
        }
        /// The policy that is judged has one item for each taste and position.
        static func choice(_ taste: Int, _ position: Int) -> Int { taste + (position == 1 ? 0 : tastes) }

        /// Liveliness has mean 1 whatever the taste, so that the truth is the mean over tastes and positions.
        static var truth: Double {
            var sum = 0.0
            for taste in 0..<tastes {
                for position in 1...positions { sum += reward(taste, choice(taste, position), position) }
            }
            return sum / Double(tastes * positions)
        }

        static func log(seed: UInt64, users: Int = 250, lists: Int = 3) -> [LoggedSlot] {
            var generator = SeededGenerator(seed: seed)
            var shown: [(user: Int32, position: Int, item: Int32, reward: Double)] = []
            var chances: [(propensity: Double, choice: Int)] = []
            for user in 0..<users {
                let taste = generator.below(tastes)
                let liveliness = 0.5 + generator.uniform()
                for _ in 0..<lists {
                    for position in 1...positions {
                        var (rest, item) = (generator.uniform(), 0)
                        while item + 1 < items, rest >= logging(taste, item, position) {
                            rest -= logging(taste, item, position)
                            item += 1
                        }
                        let isTaken = generator.uniform() < reward(taste, item, position) * liveliness
                        shown.append((Int32(user), position, Int32(item), isTaken ? 1 : 0))
                        chances.append((logging(taste, item, position), choice(taste, position)))
                    }
                }
            }
            let expected = RewardModel.crossFitted(shown)
            return zip(shown, chances).map { slot, chance in
                let rewards = expected(slot.user)
                return LoggedSlot(
                    user: slot.user, propensity: chance.propensity, target: Int(slot.item) == chance.choice ? 1 : 0,
                    reward: slot.reward, expected: rewards.expected(item: slot.item, at: slot.position),
                    expectedOfTarget: rewards.expected(item: Int32(chance.choice), at: slot.position))
            }
        }
    }

    /// Of 500 logs 93 to 97 in a hundred have the truth within the interval of 95 %, by each estimate; none is off on average;
    /// and a reward model, though it knows nothing of tastes, does no harm.
    @Test func intervalsCoverTheTruth() throws {
        let (truth, logs) = (World.truth, 500)
        var covered = [0, 0, 0]
        var sums = [0.0, 0, 0]
        var weights = 0
        for seed in 1...logs {
            let found = try #require(OffPolicyEstimates(World.log(seed: UInt64(seed))))
            let estimates = [found.ips, try #require(found.snips), found.doublyRobust]
            for (place, estimate) in estimates.enumerated() {
                if try #require(estimate.low) <= truth, truth <= (try #require(estimate.high)) { covered[place] += 1 }
                sums[place] += estimate.value
            }
            if try #require(found.meanWeight.low) <= 1, 1 <= (try #require(found.meanWeight.high)) { weights += 1 }
            #expect(found.effectiveSampleSize > 100 && found.effectiveSampleSize < Double(found.slots))
        }
        for (place, name) in ["IPS", "SNIPS", "DR"].enumerated() {
            let share = Double(covered[place]) / Double(logs)
            #expect((0.93...0.97).contains(share), "\(name) covers \(share)")
            #expect(abs(sums[place] / Double(logs) / truth - 1) < 0.01, "\(name) is off")
        }
        #expect((0.93...0.97).contains(Double(weights) / Double(logs)), "the mean weight")
    }

    /// By hand: two users, three slots.
    @Test func estimatesAreTheirFormulas() throws {
        let found = try #require(
            OffPolicyEstimates([
                LoggedSlot(user: 1, propensity: 0.5, target: 1, reward: 1, expected: 0.5, expectedOfTarget: 0.25),
                LoggedSlot(user: 1, propensity: 0.25, target: 0, reward: 1, expected: 0.5, expectedOfTarget: 0.75),
                LoggedSlot(user: 2, propensity: 0.25, target: 1, reward: 0, expected: 0.25, expectedOfTarget: 0.25),
            ]))
        #expect(abs(found.logged.value - 2.0 / 3) < 1e-12)
        #expect(abs(found.ips.value - 2.0 / 3) < 1e-12)
        #expect(abs((found.snips?.value ?? 0) - 2.0 / 6) < 1e-12)
        #expect(abs(found.doublyRobust.value - (0.25 + 2 * 0.5 + 0.75 + 0.25 - 4 * 0.25) / 3) < 1e-12)
        #expect(abs(found.effectiveSampleSize - 36.0 / 20) < 1e-12)
        #expect(abs(found.meanWeight.value - 2) < 1e-12)
        #expect(OffPolicyEstimates([]) == nil)
        let never = [1, 2].map {
            LoggedSlot(user: $0, propensity: 1, target: 0, reward: 1, expected: 0, expectedOfTarget: 0)
        }
        #expect(try #require(OffPolicyEstimates(never)).snips == nil)
    }
}
