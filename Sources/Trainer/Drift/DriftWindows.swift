internal import Domain
internal import Foundation

/// Counts of the newest windows of a log; number 0 is the newest. Two passes over the log.
struct DriftWindows {
    /// The newest event, and the length of a window, in microseconds.
    let end: Int64
    let length: Int64
    let count: Int
    private(set) var events: [Int]
    /// By window, then by kind or item.
    private(set) var kinds: [[Int32]]
    private(set) var items: [[Int32]]
    /// Events of users, and on items, that are seen for the first time in the window.
    private(set) var newUserEvents: [Int]
    private(set) var newItemEvents: [Int]
    /// The window in which a user was first seen; more than ``count`` for all that are older.
    let firstWindowOfUser: [Int32]

    init(_ log: InteractionLog, days: Int, count: Int) throws {
        let (end, length) = (log.last.microseconds, Int64(days) * 86_400_000_000)
        (self.end, self.length, self.count) = (end, length, count)
        func window(_ at: Int64) -> Int { min(Int((end - at) / length), count + 1) }
        var firstOfUser = [Int32](repeating: 0, count: log.users.count)
        var firstOfItem = [Int32](repeating: 0, count: log.items.count)
        try log.forEachChunk { chunk in
            for record in chunk {
                let window = Int32(window(record.at))
                firstOfUser[Int(record.user)] = max(firstOfUser[Int(record.user)], window)
                firstOfItem[Int(record.item)] = max(firstOfItem[Int(record.item)], window)
            }
        }
        var events = [Int](repeating: 0, count: count)
        var (newUserEvents, newItemEvents) = (events, events)
        var kinds = [[Int32]](repeating: .init(repeating: 0, count: EventKind.allCases.count), count: count)
        var items = [[Int32]](repeating: .init(repeating: 0, count: log.items.count), count: count)
        let places = Dictionary(uniqueKeysWithValues: EventKind.allCases.enumerated().map { ($1, $0) })
        try log.forEachChunk { chunk in
            for record in chunk {
                let window = window(record.at)
                guard window < count else { continue }
                events[window] += 1
                kinds[window][places[record.kind] ?? 0] += 1
                items[window][Int(record.item)] += 1
                if firstOfUser[Int(record.user)] == Int32(window) { newUserEvents[window] += 1 }
                if firstOfItem[Int(record.item)] == Int32(window) { newItemEvents[window] += 1 }
            }
        }
        (self.events, self.kinds, self.items) = (events, kinds, items)
        (self.newUserEvents, self.newItemEvents) = (newUserEvents, newItemEvents)
        firstWindowOfUser = firstOfUser
    }

    /// The window of a time; nil if it is older than all.
    func window(of at: Int64) -> Int? {
        let window = Int((end - at) / length)
        return window < count ? window : nil
    }

    /// How much further a window's counts are from those of the windows before it than chance alone makes them: rare things
    /// differ between any two windows, and the more so the fewer events they have.
    func divergence(of counts: [[Int32]], at window: Int) -> Double {
        var before = [Int](repeating: 0, count: counts[window].count)
        for other in window + 1...window + DriftDetector.reference {
            for (place, count) in counts[other].enumerated() { before[place] += Int(count) }
        }
        let now = counts[window].map(Int.init)
        let byChance = Self.expectedDivergence(zip(now, before).map(+), first: now.reduce(0, +))
        return Self.jensenShannon(now, before) - byChance
    }

    /// The mean divergence of two parts of the events, the first of so many, that are drawn from all at random: of a few
    /// draws, always the same ones. So many events that chance has no part in it cost nothing.
    private static func expectedDivergence(_ all: [Int], first: Int) -> Double {
        let total = all.reduce(0, +)
        guard total <= 2_000_000 else { return 0 }
        var generator = SeededGenerator(seed: 1)
        let draws = 4
        var sum = 0.0
        for _ in 0..<draws {
            var (a, b) = (all.map { _ in 0 }, all)
            var (wanted, left) = (first, total)
            for (place, count) in all.enumerated() {
                for _ in 0..<count {
                    if generator.below(left) < wanted {
                        a[place] += 1
                        b[place] -= 1
                        wanted -= 1
                    }
                    left -= 1
                }
            }
            sum += jensenShannon(a, b)
        }
        return sum / Double(draws)
    }

    /// The part of a window's events; 0 of an empty one.
    func share(of part: [Int], at window: Int) -> Double {
        events[window] == 0 ? 0 : Double(part[window]) / Double(events[window])
    }

    /// Jensen–Shannon divergence of two distributions given by counts, in bits, `0…1`: 0 for the same, 1 for what has
    /// nothing in common; 1 too if only one of them is empty, and 0 if both are (Lin 1991).
    static func jensenShannon(_ a: [Int], _ b: [Int]) -> Double {
        let (sumA, sumB) = (a.reduce(0, +), b.reduce(0, +))
        guard sumA > 0, sumB > 0 else { return sumA == sumB ? 0 : 1 }
        var sum = 0.0
        for (x, y) in zip(a, b) {
            let (p, q) = (Double(x) / Double(sumA), Double(y) / Double(sumB))
            let middle = (p + q) / 2
            if p > 0 { sum += p * log2(p / middle) / 2 }
            if q > 0 { sum += q * log2(q / middle) / 2 }
        }
        return min(max(sum, 0), 1)
    }
}
