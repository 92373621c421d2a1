/// The best of many items, kept while they come: O(1) for most of those that are not among them.
struct StrongestItems {
    private let count: Int
    /// At most twice ``count``.
    private var found: [(item: Int32, score: Float)] = []
    /// What is below it is not among the best.
    private(set) var threshold = -Float.infinity

    /// - Parameter count: how many are kept, at least one.
    init(_ count: Int) {
        self.count = count
        found.reserveCapacity(2 * count)
    }

    /// Whether an item of such a score can be among the best: for whoever has more to ask about it.
    func mayTake(_ score: Float) -> Bool { score >= threshold }

    mutating func add(_ item: Int32, _ score: Float) {
        guard mayTake(score) else { return }
        found.append((item, score))
        if found.count >= 2 * count {
            cut()
            threshold = found[count - 1].score
        }
    }

    private mutating func cut() {
        found.sort { $0.score != $1.score ? $0.score > $1.score : $0.item < $1.item }
        if found.count > count { found.removeLast(found.count - count) }
    }

    /// Best first, equal ones by item; nothing is kept then.
    mutating func take() -> [(item: Int32, score: Float)] {
        cut()
        defer {
            found.removeAll(keepingCapacity: true)
            threshold = -.infinity
        }
        return found
    }
}
