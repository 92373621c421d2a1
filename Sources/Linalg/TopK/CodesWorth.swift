import Synchronization

/// Whether codes are worth their reading, learned from the queries: where the bounds don't separate the items, a query
/// gives up and scans the floats after all. After one that gave up the next ones go to the floats at once, after each
/// failure twice as many, so that what failures cost shrinks to nothing.
///
/// Only speed depends on it: both ways give the same list.
final class CodesWorth: Sendable {
    /// Searches that are still to go to the floats.
    private let rest = Atomic<Int>(0)
    /// How many were sent there after the last failure.
    private let penalty = Atomic<Int>(0)

    private static let penalties = 16...1024

    /// Whether the next search should try.
    func isWorthTrying() -> Bool {
        guard rest.load(ordering: .relaxed) > 0 else { return true }
        rest.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    /// Notes that `failed` of a search's `queries` gave up.
    func record(failed: Int, of queries: Int) {
        let last = penalty.load(ordering: .relaxed)
        if failed * 4 > queries {
            let next = min(max(2 * last, Self.penalties.lowerBound), Self.penalties.upperBound)
            penalty.store(next, ordering: .relaxed)
            rest.store(next, ordering: .relaxed)
        } else if last > 0 {
            penalty.store(0, ordering: .relaxed)
        }
    }
}
