internal import Linalg

/// The best of many items, kept while they come: O(1) for most of those that are not among them.
///
/// An item is one number: the score turned round, so that the best is the least, then the item.
struct StrongestItems {
    private let count: Int
    /// At most twice ``count``.
    private var found: [UInt64] = []
    /// What is below it is not among the best.
    private(set) var threshold = -Float.infinity

    /// - Parameter count: how many are kept, at least one.
    init(_ count: Int) {
        self.count = count
        found.reserveCapacity(2 * count)
    }

    /// Whether an item of such a score can be among the best: for whoever has more to ask about it.
    func mayTake(_ score: Float) -> Bool { score >= threshold }

    /// - Parameters:
    ///   - item: not negative.
    ///   - score: a number.
    mutating func add(_ item: Int32, _ score: Float) {
        guard mayTake(score) else { return }
        found.append(Self.key(item, score))
        if found.count >= 2 * count {
            cut()
            threshold = Self.score(found[count - 1])
        }
    }

    private mutating func cut() {
        guard found.count > count else { return }
        found.withUnsafeMutableBufferPointer { $0.moveSmallest(count) }
        found.removeLast(found.count - count)
    }

    /// Best first, equal ones by item; nothing is kept then.
    mutating func take() -> [(item: Int32, score: Float)] {
        cut()
        found.sort()
        return takeAll()
    }

    /// The same, of which only the best has its place: the first.
    mutating func takeUnordered() -> [(item: Int32, score: Float)] {
        cut()
        if let best = found.indices.min(by: { found[$0] < found[$1] }) { found.swapAt(0, best) }
        return takeAll()
    }

    private mutating func takeAll() -> [(item: Int32, score: Float)] {
        defer {
            found.removeAll(keepingCapacity: true)
            threshold = -.infinity
        }
        return found.map { (item: Int32(truncatingIfNeeded: $0), score: Self.score($0)) }
    }

    /// Rises as scores fall, and with the item where they are equal.
    private static func key(_ item: Int32, _ score: Float) -> UInt64 {
        // Adding 0 makes one zero of two. The bits of floats from 0 on rise with them, those below fall.
        let bits = (score + 0).bitPattern
        let rising = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return UInt64(~rising) << 32 | UInt64(UInt32(bitPattern: item))
    }

    private static func score(_ key: UInt64) -> Float {
        let rising = ~UInt32(truncatingIfNeeded: key >> 32)
        return Float(bitPattern: rising >> 31 == 0 ? ~rising : rising & ~(1 << 31))
    }
}
