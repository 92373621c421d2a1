public import Linalg
internal import Synchronization

/// Which items speak for which others, and how loudly: an items × items matrix of which each row keeps only its largest
/// entries.
///
/// An item's score for somebody is the sum of what the liked items say for it: s(j) = Σ_{i liked} w(i, j). Immutable; any
/// number of threads may use one.
public final class ItemLinks: Sendable {
    /// Row i: the items that i speaks for, rising, with w(i, j).
    public let rows: SparseRows
    /// Arrays of zeros, one for each caller at work.
    private let scratch = Mutex<[Scratch]>([])

    private struct Scratch {
        var sums: [Float]
        var touched: [Int32] = []
    }

    /// - Parameter rows: square, with finite values.
    public init(_ rows: SparseRows) {
        precondition(rows.rows == rows.columns, "links are between items of one kind")
        self.rows = rows
    }

    /// The best rows of `found`, by item: the largest weights, of equal ones the lower item.
    convenience init(strongest count: Int, of found: [[(item: Int32, weight: Float)]]) throws {
        var starts: [Int64] = [0]
        var items: [Int32] = []
        var weights: [Float] = []
        let links = found.reduce(0) { $0 + min($1.count, count) }
        items.reserveCapacity(links)
        weights.reserveCapacity(links)
        for list in found {
            let best = list.sorted { ($0.weight, $1.item) > ($1.weight, $0.item) }.prefix(count)
            for link in best.sorted(by: { $0.item < $1.item }) {
                items.append(link.item)
                weights.append(link.weight)
            }
            starts.append(Int64(items.count))
        }
        self.init(
            try SparseRows(
                rows: found.count, columns: found.count, rowStarts: starts, columnIndices: items, values: weights))
    }

    /// The items that the liked ones speak for, best first, equal ones by item; only scores above zero.
    ///
    /// O(links of the liked + found × log count); the memory of a call is kept for the next.
    /// - Parameters:
    ///   - liked: rows; of others there is nothing to say.
    ///   - count: how many at most.
    ///   - isWanted: whether an item may come back.
    public func best(
        of liked: some Sequence<Int32>, count: Int, where isWanted: (Int32) -> Bool
    ) -> [(item: Int32, score: Float)] {
        var found = strongest(of: liked, count: count, where: isWanted)
        return found?.take() ?? []
    }

    /// The same items as ``best(of:count:where:)``, of which only the best has its place: the first.
    public func candidates(
        of liked: some Sequence<Int32>, count: Int, where isWanted: (Int32) -> Bool
    ) -> [(item: Int32, score: Float)] {
        var found = strongest(of: liked, count: count, where: isWanted)
        return found?.takeUnordered() ?? []
    }

    private func strongest(
        of liked: some Sequence<Int32>, count: Int, where isWanted: (Int32) -> Bool
    ) -> StrongestItems? {
        guard count > 0 else { return nil }
        var scratch =
            self.scratch.withLock { $0.popLast() } ?? Scratch(sums: [Float](repeating: 0, count: rows.columns))
        var found = StrongestItems(count)
        scratch.sums.withUnsafeMutableBufferPointer { sums in
            for item in liked where item >= 0 && Int(item) < rows.rows {
                let entries = rows.entries(ofRow: Int(item))
                rows.columnIndices[entries].withUnsafeBufferPointer { items in
                    rows.values[entries].withUnsafeBufferPointer { weights in
                        for (other, weight) in zip(items, weights) {
                            if sums[Int(other)] == 0 { scratch.touched.append(other) }
                            sums[Int(other)] += weight
                        }
                    }
                }
            }
            // An item stands here twice if its sum came back to zero in between: the second time it is taken already.
            for item in scratch.touched {
                let score = sums[Int(item)]
                sums[Int(item)] = 0
                if score > 0, found.mayTake(score), isWanted(item) { found.add(item, score) }
            }
        }
        scratch.touched.removeAll(keepingCapacity: true)
        self.scratch.withLock { $0.append(scratch) }
        return found
    }
}
