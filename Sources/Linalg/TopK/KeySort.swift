/// Sorts keys that are one number each: a score turned to bits, and below it who has it.
///
/// Rising, by short runs that are sorted by insertion and then merged without a branch on what is as good as random. Of
/// a first personal list's samples the standard library's sort had 4 %, beside 1 % for this code where content
/// similarity had it already; in both places it has 1.7 %. Equal keys are alike, so that it is of no matter which comes
/// first.
///
///     var sorter = KeySort()
///     sorter.sort(&keys, first: count)
///
/// Its memory is used from list to list.
package struct KeySort: Sendable {
    private var merged: [UInt64] = []

    package init() {}

    /// Sorts the first `count` of the keys and leaves the others in no order. O(count log count).
    /// - Precondition: there are as many.
    package mutating func sort(_ keys: inout [UInt64], first count: Int) {
        precondition(count >= 0 && count <= keys.count, "more keys than there are")
        var run = 8
        Self.sortRuns(of: run, ofFirst: count, in: &keys)
        guard run < count else { return }
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
