import Domain
import Foundation

/// Draws from a fixed discrete distribution in O(1): Walker's alias method (Vose 1991).
struct AliasTable {
    /// An outcome shares its slot with at most one other.
    private struct Slot {
        /// The outcome's own part of the slot, in 2⁻³².
        var threshold = UInt32.max
        var alias: UInt32
    }
    private let slots: [Slot]

    init(weights: [Double]) {
        let count = weights.count
        precondition(count > 0, "a distribution needs an outcome")
        let mean = weights.reduce(0, +) / Double(count)
        var scaled = weights.map { $0 / mean }
        var slots = (0..<UInt32(count)).map { Slot(alias: $0) }
        var small: [Int] = []
        var large: [Int] = []
        for i in 0..<count {
            if scaled[i] < 1 { small.append(i) } else { large.append(i) }
        }
        while let s = small.popLast(), let l = large.popLast() {
            slots[s] = Slot(threshold: UInt32(scaled[s] * 0x1p32), alias: UInt32(l))
            scaled[l] -= 1 - scaled[s]
            if scaled[l] < 1 { small.append(l) } else { large.append(l) }
        }
        self.slots = slots
    }

    /// One random number does for both: the high half of its product with the count is the slot, the low half where in
    /// the slot.
    @inline(__always)
    func draw(_ random: inout SeededGenerator) -> Int {
        let (slot, place) = random.next().multipliedFullWidth(by: UInt64(slots.count))
        let drawn = slots[Int(slot)]
        return UInt32(truncatingIfNeeded: place >> 32) < drawn.threshold ? Int(slot) : Int(drawn.alias)
    }
}

/// Which films each user has watched, in a row of bits a user: where the row is shorter than the catalogue, films share
/// bits, so that a few pass for watched that were not.
///
/// One row lies together, because the first look at a place far away is what costs.
struct WatchedFilms {
    private var bits: [UInt64]
    /// Where each user's row begins, in words, and where the last one ends.
    private let rows: [UInt32]

    /// - Parameter expected: how many films each user will watch. Sixteen bits for each leave one film in sixteen that
    ///   passes for watched in the end, one in thirty on the way.
    init(expected: some Sequence<Double>, films: Int) {
        var rows: [UInt32] = [0]
        for count in expected { rows.append(rows[rows.count - 1] + UInt32(min(16 * count, Double(films)) / 64) + 1) }
        self.rows = rows
        bits = [UInt64](repeating: 0, count: Int(rows[rows.count - 1]))
    }

    @inline(__always)
    func contains(_ user: Int, _ film: Int) -> Bool {
        let (word, bit) = place(user, film)
        return bits[word] & bit != 0
    }

    @inline(__always)
    mutating func insert(_ user: Int, _ film: Int) {
        let (word, bit) = place(user, film)
        bits[word] |= bit
    }

    @inline(__always)
    private func place(_ user: Int, _ film: Int) -> (word: Int, bit: UInt64) {
        let start = rows[user]
        let place = UInt32(film) % ((rows[user + 1] - start) * 64)
        return (Int(start + place / 64), 1 << UInt64(place % 64))
    }
}

extension SeededGenerator {
    /// Standard normal, by Box and Muller.
    @inline(__always)
    mutating func normal() -> Float {
        let radius = (-2 * log(Float(max(uniform(), 0x1p-100)))).squareRoot()
        return radius * cos(2 * .pi * Float(uniform()))
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
    /// Of the span, which the last instant fell into.
    private var hour = 0

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

    /// The instant by which a share `progress` (0…1) of the activity has happened.
    /// - Precondition: progress never falls from one call to the next.
    mutating func instant(at progress: Double) -> Timestamp {
        let target = progress * cumulative[cumulative.count - 1]
        while hour < cumulative.count - 2, cumulative[hour + 1] <= target { hour += 1 }
        let share = (target - cumulative[hour]) / (cumulative[hour + 1] - cumulative[hour])
        let instant = start.advanced(bySeconds: (Double(hour) + share) * 3600)
        return min(instant, end)
    }
}
