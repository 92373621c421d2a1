import Domain
import Foundation

/// Draws from a fixed discrete distribution in O(1): Walker's alias method (Vose 1991).
struct AliasTable {
    private let threshold: [Double]
    private let alias: [Int32]

    init(weights: [Double]) {
        let count = weights.count
        precondition(count > 0, "a distribution needs an outcome")
        let mean = weights.reduce(0, +) / Double(count)
        var scaled = weights.map { $0 / mean }
        var threshold = [Double](repeating: 1, count: count)
        var alias = (0..<Int32(count)).map { $0 }
        var small: [Int] = []
        var large: [Int] = []
        for i in 0..<count {
            if scaled[i] < 1 { small.append(i) } else { large.append(i) }
        }
        while let s = small.popLast(), let l = large.popLast() {
            threshold[s] = scaled[s]
            alias[s] = Int32(l)
            scaled[l] -= 1 - scaled[s]
            if scaled[l] < 1 { small.append(l) } else { large.append(l) }
        }
        self.threshold = threshold
        self.alias = alias
    }

    @inline(__always)
    func draw(_ random: inout SeededGenerator) -> Int {
        let slot = random.below(threshold.count)
        return random.uniform() < threshold[slot] ? slot : Int(alias[slot])
    }
}

/// Pairs of two numbers, in open addressing: asked several times an event, where a `Set` would hash with care for
/// strangers' keys.
struct PairSet {
    /// 0 is free; pairs are stored one higher.
    private var slots = [UInt64](repeating: 0, count: 1 << 12)
    private(set) var count = 0

    @inline(__always)
    func contains(_ a: Int, _ b: Int) -> Bool {
        let pair = Self.pair(a, b)
        var index = Self.start(pair, slots.count)
        while slots[index] != 0 {
            if slots[index] == pair { return true }
            index = (index + 1) & (slots.count - 1)
        }
        return false
    }

    mutating func insert(_ a: Int, _ b: Int) {
        if count * 2 >= slots.count { grow() }
        if Self.insert(Self.pair(a, b), into: &slots) { count += 1 }
    }

    private static func insert(_ pair: UInt64, into slots: inout [UInt64]) -> Bool {
        var index = start(pair, slots.count)
        while slots[index] != 0 {
            if slots[index] == pair { return false }
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = pair
        return true
    }

    private mutating func grow() {
        var larger = [UInt64](repeating: 0, count: slots.count * 2)
        for pair in slots where pair != 0 { _ = Self.insert(pair, into: &larger) }
        slots = larger
    }

    @inline(__always)
    private static func pair(_ a: Int, _ b: Int) -> UInt64 { UInt64(a) << 32 | UInt64(b) + 1 }

    /// Fibonacci hashing: the high bits of the product depend on all bits of the pair.
    @inline(__always)
    private static func start(_ pair: UInt64, _ count: Int) -> Int {
        Int((pair &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - count.trailingZeroBitCount))
    }
}

extension SeededGenerator {
    /// Standard normal, by Box and Muller.
    @inline(__always)
    mutating func normal() -> Float {
        let radius = (-2 * log(max(uniform(), 1e-300))).squareRoot()
        return Float(radius * cos(2 * .pi * uniform()))
    }

    @inline(__always)
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }
}

/// How busy the hours and days are, as a map from progress through a span to instants of it.
struct Calendar {
    private static let hours: [Double] = [
        2.5, 1.6, 1, 0.6, 0.5, 0.5, 0.8, 1.2, 1.6, 1.8, 2, 2.2, 2.6, 2.8, 2.8, 3, 3.4, 4.2, 5.5, 7.2, 8.4, 8, 6, 4,
    ]
    private let start: Timestamp
    private let end: Timestamp
    /// Cumulative weight up to the start of each hour of the span; the last entry is the total.
    private let cumulative: [Double]

    init(from start: Timestamp, to end: Timestamp) {
        self.start = start
        self.end = end
        let count = max(1, Int((end.seconds - start.seconds + 3599) / 3600))
        var cumulative = [0.0]
        cumulative.reserveCapacity(count + 1)
        for hour in 0..<count {
            let instant = start.seconds + Int64(hour) * 3600
            let ofDay = Int((instant / 3600) % 24)
            // 1970-01-01 was a Thursday; Friday to Sunday are busier.
            let weekday = Int((instant / 86_400 + 4) % 7)
            let factor = weekday == 0 || weekday >= 5 ? 1.45 : 1.0
            cumulative.append(cumulative[hour] + Self.hours[ofDay] * factor)
        }
        self.cumulative = cumulative
    }

    /// The instant by which a share `progress` (0…1) of the activity has happened. O(log hours).
    func instant(at progress: Double) -> Timestamp {
        let target = progress * cumulative[cumulative.count - 1]
        var low = 0
        var high = cumulative.count - 2
        while low < high {
            let middle = (low + high + 1) / 2
            if cumulative[middle] <= target { low = middle } else { high = middle - 1 }
        }
        let share = (target - cumulative[low]) / (cumulative[low + 1] - cumulative[low])
        let instant = start.advanced(bySeconds: (Double(low) + share) * 3600)
        return min(instant, end)
    }
}
