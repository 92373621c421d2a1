internal import Linalg

/// Keeps the `limit` best of the documents that it is offered. Its memory is used from query to query.
///
/// A document and its score are one number, smaller for a better place: the bits of a score, which is not negative, order as
/// the scores do; they are turned round, and below them stands the document.
struct BoundedBest {
    private var limit = 0
    private var count = 0
    private var keys: [UInt64] = []
    private var merged: [UInt64] = []
    /// What a key has to be below: the worst of `limit`, once there are so many.
    private var bar = UInt64.max

    mutating func begin(limit: Int) {
        (self.limit, count, bar) = (limit, 0, .max)
    }

    /// Whether there are `limit` of them.
    var isFull: Bool { count >= limit }

    /// O(1), amortised.
    mutating func offer(_ document: Int32, _ score: Float) {
        let key = UInt64(~score.bitPattern) << 32 | UInt64(UInt32(bitPattern: document))
        guard key < bar else { return }
        // As many again before the worse half is dropped.
        if count >= 2 * limit + 64 { drop() }
        if count == keys.count { keys.append(0) }
        keys[count] = key
        count += 1
    }

    /// The score to beat, or to reach with a lower document, once it is full. O(count).
    mutating func worst() -> Float {
        drop()
        return Self.score(bar)
    }

    /// What was kept, best first. O(limit log limit).
    mutating func take() -> [(document: Int32, score: Float)] {
        drop()
        sort()
        return .init(unsafeUninitializedCapacity: count) { list, listCount in
            for place in 0..<count {
                let key = keys[place]
                list.initializeElement(
                    at: place,
                    to: (Int32(truncatingIfNeeded: key), Self.score(key)))
            }
            listCount = count
        }
    }

    private static func score(_ key: UInt64) -> Float { Float(bitPattern: ~UInt32(key >> 32)) }

    /// Drops all but the best `limit`.
    private mutating func drop() {
        guard limit > 0, count >= limit else { return }
        keys.withUnsafeMutableBufferPointer { keys in
            UnsafeMutableBufferPointer(rebasing: keys[..<count]).moveSmallest(limit)
        }
        count = limit
        bar = keys[limit - 1]
    }

    /// Best first: short runs by insertion, then runs merged.
    private mutating func sort() {
        var run = 8
        Self.sortRuns(of: run, ofFirst: count, in: &keys)
        if merged.count < keys.count { merged = .init(repeating: 0, count: keys.count) }
        while run < count {
            Self.mergeRuns(of: run, ofFirst: count, in: keys, into: &merged)
            swap(&keys, &merged)
            run *= 2
        }
    }

    private static func sortRuns(of run: Int, ofFirst count: Int, in keys: inout [UInt64]) {
        var keys = keys.mutableSpan
        for first in stride(from: 0, to: count, by: run) {
            for place in first..<min(first + run, count) {
                let key = keys[place]
                var hole = place
                while hole > first, keys[hole - 1] > key {
                    keys[hole] = keys[hole - 1]
                    hole -= 1
                }
                keys[hole] = key
            }
        }
    }

    private static func mergeRuns(of run: Int, ofFirst count: Int, in keys: [UInt64], into merged: inout [UInt64]) {
        let keys = keys.span
        var merged = merged.mutableSpan
        var place = 0
        while place < count {
            var (a, b) = (place, min(place + run, count))
            let (middle, end) = (b, min(place + 2 * run, count))
            while a < middle, b < end {
                // No branch on what is as good as random.
                let (x, y) = (keys[a], keys[b])
                let isFirst = x < y ? 1 : 0
                merged[place] = min(x, y)
                a += isFirst
                b += 1 - isFirst
                place += 1
            }
            while place < end {
                merged[place] = keys[a < middle ? a : b]
                if a < middle { a += 1 } else { b += 1 }
                place += 1
            }
        }
    }
}
