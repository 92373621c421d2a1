internal import Domain

/// With which probability a list has its items where it has them.
enum Propensities: Sendable {
    /// Nothing was left to chance.
    case certain
    case drawn(Exploration)
    /// Chance was at work in a way that nobody adds up: with diversity, and on later pages.
    case unknown

    /// The probabilities of the first `count` items of the list.
    /// - Returns: nil if they are not known.
    func values(_ count: Int) -> [Double]? {
        switch self {
        case .certain: [Double](repeating: 1, count: count)
        case .drawn(let exploration): exploration.propensities(count)
        case .unknown: nil
        }
    }
}

/// A ranking that was mixed with chance: item j was ranked by aⱼ + e·uⱼ, uⱼ being independent and uniform in 0…1.
struct Exploration: Sendable {
    /// aⱼ of all items that could have been in the list, those of the list first, in its order.
    let bases: [Double]
    /// e, above 0.
    let share: Double

    /// Beyond so many steps probabilities are not worked out: lists of several hundred items.
    private static let limit = 1 << 29

    /// Of each of the first `count` items, the probability to be ranked where it is: that as many of the others as there
    /// are above it have a larger key,
    ///
    ///     1/e · ∫ P(#{j ≠ i: keyⱼ > x} = rank of i) dx   over x from aᵢ to aᵢ + e,
    ///
    /// the count being a sum of independent yes-or-no draws (Poisson binomial) for each x. By Gauss–Legendre between the
    /// ends of the intervals of the listed items. O(items · count) for each of the nodes.
    /// - Returns: nil where that takes too long.
    func propensities(_ count: Int) -> [Double]? {
        let count = min(count, bases.count)
        guard count > 0 else { return [] }
        let nodes = nodes(count)
        guard nodes.count * bases.count <= Self.limit / count else { return nil }
        var sums = [Double](repeating: 0, count: count)
        var counts = Counts(width: count)
        for (x, weight) in nodes {
            // P(keyⱼ > x)
            func above(_ j: Int) -> Double { min(1, max(0, (bases[j] + share - x) / share)) }
            counts.begin()
            for j in count..<bases.count { counts.add(above(j)) }
            guard counts.isPossible else { continue }
            counts.list((0..<count).map(above))
            for i in 0..<count where x > bases[i] && x < bases[i] + share {
                sums[i] += weight / share * counts.probability(without: i)
            }
        }
        return sums.map { min(max($0, Impression.propensities.lowerBound), Impression.propensities.upperBound) }
    }

    /// Places and weights to integrate by, between the least and the largest key that a listed item can have.
    private func nodes(_ count: Int) -> [(x: Double, weight: Double)] {
        var ends: [Double] = []
        for base in bases[..<count] { ends += [base, base + share] }
        ends.sort()
        var nodes: [(x: Double, weight: Double)] = []
        for (low, high) in zip(ends, ends.dropFirst()) where high > low {
            let pieces = max(1, ((high - low) / (share / 16)).rounded(.up))
            let half = (high - low) / pieces / 2
            for piece in 0..<Int(pieces) {
                let middle = low + (2 * Double(piece) + 1) * half
                for (place, weight) in Self.gauss {
                    nodes.append((middle - place * half, weight * half))
                    nodes.append((middle + place * half, weight * half))
                }
            }
        }
        return nodes
    }

    /// Gauss–Legendre of four nodes on −1…1: two places, each on both sides of 0, and their weights.
    private static let gauss = [
        (0.339_981_043_584_856_3, 0.652_145_154_862_546_1), (0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
    ]
}

/// The distribution of how many of some independent draws say yes, up to a width: for all of them, and for all but one.
private struct Counts {
    private let width: Int
    /// P(count = k) of the draws added so far, k below the width.
    private var base: [Double]
    /// The draws of the list: before each of them with ``base``, and from each of them on.
    private var before: [Double]
    private var from: [Double]

    init(width: Int) {
        self.width = width
        base = [Double](repeating: 0, count: width)
        before = [Double](repeating: 0, count: width * (width + 1))
        from = before
    }

    mutating func begin() {
        for k in 0..<width { base[k] = k == 0 ? 1 : 0 }
    }

    mutating func add(_ p: Double) {
        guard p > 0 else { return }
        for k in stride(from: width - 1, through: 1, by: -1) { base[k] = base[k] * (1 - p) + base[k - 1] * p }
        base[0] *= 1 - p
    }

    /// Whether a count below the width is possible at all.
    var isPossible: Bool { base.contains { $0 > 0 } }

    mutating func list(_ draws: [Double]) {
        for k in 0..<width {
            before[k] = base[k]
            from[width * width + k] = k == 0 ? 1 : 0
        }
        for i in 0..<width {
            let (row, p) = (i * width, draws[i])
            for k in 0..<width {
                before[row + width + k] = before[row + k] * (1 - p) + (k > 0 ? before[row + k - 1] * p : 0)
            }
        }
        for i in stride(from: width - 1, through: 0, by: -1) {
            let (row, p) = (i * width, draws[i])
            for k in 0..<width {
                from[row + k] = from[row + width + k] * (1 - p) + (k > 0 ? from[row + width + k - 1] * p : 0)
            }
        }
    }

    /// P(count of all draws but that of item `i` = `i`).
    func probability(without i: Int) -> Double {
        var sum = 0.0
        for k in 0...i { sum += before[i * width + k] * from[(i + 1) * width + i - k] }
        return sum
    }
}
