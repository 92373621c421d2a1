internal import Domain
internal import Linalg
internal import Synchronization

/// Which films may be shown at what time: those with `available_from` or `available_until` only between the two.
///
/// Between two moments at which a window opens or closes the answer is the same, so it is worked out once and kept: a
/// request costs a comparison.
final class Availability: Sendable {
    private struct Window {
        var place: Int32
        /// In microseconds since 1970; the end is not in it.
        var from: Int64
        var until: Int64
    }

    /// What is closed between two changes.
    private struct Interval {
        var from: Int64
        var until: Int64
        /// nil if nothing is.
        var closed: ItemBitmap?
    }

    private let itemCount: Int
    private let windows: [Window]
    /// Rising, each once.
    private let changes: [Int64]
    private let latest: Mutex<Interval>

    /// nil if every film may be shown at all times. O(items).
    init?(_ items: ItemSpace) {
        itemCount = items.count
        // By index: a film that is taken out is copied, field by field.
        windows = items.movies.indices.compactMap { number in
            let (from, until) = (items.movies[number].availableFrom, items.movies[number].availableUntil)
            guard from != nil || until != nil else { return nil }
            return Window(
                place: items.moviePlaces[number], from: from?.microseconds ?? .min, until: until?.microseconds ?? .max)
        }
        guard !windows.isEmpty else { return nil }
        changes = Set(windows.flatMap { [$0.from, $0.until] }).sorted()
        // Of no time at all.
        latest = Mutex(Interval(from: .max, until: .min))
    }

    /// The places that may not be shown at a time; nil if all may. A film is there from its first microsecond on, and
    /// gone at its last. O(1) while no window opens or closes, else O(windows).
    func closed(at now: Timestamp) -> ItemBitmap? {
        let now = now.microseconds
        return latest.withLock { latest in
            if now >= latest.from, now < latest.until { return latest.closed }
            // The first change after now ends the interval, the one before began it.
            let next = changes.partitioningIndex { $0 > now }
            let closed = windows.filter { now < $0.from || now >= $0.until }
            latest = Interval(
                from: next == 0 ? .min : changes[next - 1], until: next == changes.count ? .max : changes[next],
                closed: closed.isEmpty
                    ? nil
                    : ItemBitmap(itemCount: itemCount, items: closed.map { ItemIndex(rawValue: $0.place) }))
            return latest.closed
        }
    }
}

extension [Int64] {
    /// The first index of a rising array from which on `isBehind` holds. O(log count).
    fileprivate func partitioningIndex(_ isBehind: (Int64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
