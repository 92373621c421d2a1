internal import Linalg

/// Keeps the `limit` best of the documents that it is offered. Its memory is used from query to query.
///
/// A document and its score are one number, smaller for a better place: the bits of a score, which is not negative, order as
/// the scores do; they are turned round, and below them stands the document.
struct BoundedBest {
    private var limit = 0
    private var count = 0
    private var keys: [UInt64] = []
    private var sorter = KeySort()
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
        sorter.sort(&keys, first: count)
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
}
