/// What to expect of an item at a position, from a log: the rate of the position times how the item does against it.
///
///     q̂(i, p) = rate(p) · (c_i + m) / (e_i + m)
///
/// with c_i the rewards of the item, e_i what the rates of its positions would have given it, and m pseudo-rewards that pull
/// rare items to 1. Rates too are pulled to the mean of all. Kept within `0…1`.
struct RewardModel: Sendable {
    private let mean: Double
    /// By position from 1.
    private let rates: [Double]
    private let lifts: [Int32: Double]

    /// Pseudo-slots of a position, and pseudo-rewards of an item.
    private static let pull = (slots: 20.0, rewards: 2.0)

    /// O(slots).
    init(_ slots: some Sequence<(position: Int, item: Int32, reward: Double)>) {
        var (counts, sums) = ([Double](), [Double]())
        var (all, total) = (0.0, 0.0)
        for slot in slots {
            while counts.count < slot.position {
                counts.append(0)
                sums.append(0)
            }
            counts[slot.position - 1] += 1
            sums[slot.position - 1] += slot.reward
            all += 1
            total += slot.reward
        }
        let mean = all > 0 ? total / all : 0
        let rates = zip(sums, counts).map { ($0 + Self.pull.slots * mean) / ($1 + Self.pull.slots) }
        var items: [Int32: (rewards: Double, expected: Double)] = [:]
        for slot in slots {
            items[slot.item, default: (0, 0)].rewards += slot.reward
            items[slot.item]!.expected += rates[slot.position - 1]
        }
        lifts = items.mapValues { ($0.rewards + Self.pull.rewards) / ($0.expected + Self.pull.rewards) }
        (self.mean, self.rates) = (mean, rates)
    }

    /// A position or an item that the log does not have is as the mean.
    func expected(item: Int32, at position: Int) -> Double {
        let rate = position <= rates.count ? rates[position - 1] : mean
        return min(1, max(0, rate * (lifts[item] ?? 1)))
    }

    /// A model for each half of the users, fitted to the other one, so that no user's rewards speak for themselves.
    static func crossFitted(
        _ slots: [(user: Int32, position: Int, item: Int32, reward: Double)]
    ) -> (Int32) -> RewardModel {
        func fitted(_ half: Bool) -> RewardModel {
            RewardModel(slots.filter { isFirst($0.user) != half }.map { ($0.position, $0.item, $0.reward) })
        }
        let models = (first: fitted(true), second: fitted(false))
        return { isFirst($0) ? models.first : models.second }
    }

    /// By the user's number, mixed: neighbours in a log are not alike in it.
    private static func isFirst(_ user: Int32) -> Bool {
        (UInt32(bitPattern: user) &* 0x9E37_79B1) >> 31 == 0
    }
}
