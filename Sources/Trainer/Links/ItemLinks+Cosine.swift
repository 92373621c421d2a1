internal import Linalg

extension ItemLinks {
    /// Item-to-item neighbours by cosine (Sarwar et al. 2001).
    ///
    ///     w(i, j) = |U_i ∩ U_j| / √(|U_i| |U_j|)      U_i: the users who like i
    ///
    /// Counting takes O(Σ_u |S_u|²), so users with more than `longestHistory` likings lend only their first ones; on large
    /// sets that limit is halved until the sum is at most 10⁹. The same bytes for any number of workers.
    /// - Parameter count: links kept of each item.
    static func cosine(
        of training: TrainingSet, keeping count: Int, longestHistory: Int = 500, workers: Workers
    ) throws -> ItemLinks {
        let items = training.itemCount
        let rows = training.interactions
        var longestHistory = longestHistory
        func work(_ longest: Int) -> Int {
            (0..<rows.rows).reduce(0) { sum, user in
                let length = min(rows.count(ofRow: user), longest)
                return sum + length * length
            }
        }
        while longestHistory > 8, work(longestHistory) > 1_000_000_000 { longestHistory /= 2 }
        let lent = longestHistory
        // Who likes what, and who is liked by whom: list after list, for they are walked through very often.
        let liked = Lists(
            (0..<rows.rows).map { user in
                rows.entries(ofRow: user).lazy.filter { rows.values[$0] > 0 }.prefix(lent).map {
                    rows.columnIndices[$0]
                }
            })
        var users = [[Int32]](repeating: [], count: items)
        for user in 0..<rows.rows { for item in liked[user] { users[Int(item)].append(Int32(user)) } }
        let audience = Lists(users)
        var found = [[(item: Int32, weight: Float)]](repeating: [], count: items)
        found.withUnsafeMutableBufferPointer { found in
            guard let base = found.baseAddress else { return }
            let output = SharedMutable(base)
            let unit = 64
            workers.run(units: (items + unit - 1) / unit) { _, number in
                var counts = [Int32](repeating: 0, count: items)
                var touched: [Int32] = []
                var strongest = StrongestItems(count)
                var enough: Float = 0
                for item in number * unit..<min((number + 1) * unit, items) {
                    for user in audience[item] {
                        for other in liked[Int(user)] {
                            if counts[Int(other)] == 0 { touched.append(other) }
                            counts[Int(other)] += 1
                        }
                    }
                    let size = Float(audience[item].count)
                    for other in touched {
                        let both = Float(counts[Int(other)])
                        counts[Int(other)] = 0
                        let product = size * Float(audience[Int(other)].count)
                        // Most are too weak, which their squares tell without a root; a little room is left for rounding.
                        guard both * both >= enough * product, other != item else { continue }
                        strongest.add(other, both / product.squareRoot())
                        enough = strongest.threshold > 0 ? strongest.threshold * strongest.threshold * 0.9999 : 0
                    }
                    enough = 0
                    output.pointer[item] = strongest.take().map { (item: $0.item, weight: $0.score) }
                    touched.removeAll(keepingCapacity: true)
                }
            }
        }
        return try ItemLinks(strongest: count, of: found)
    }
}

/// Lists of numbers, one behind the other.
private struct Lists: Sendable {
    private var starts = [0]
    private var numbers: [Int32] = []

    init(_ lists: [[Int32]]) {
        numbers.reserveCapacity(lists.reduce(0) { $0 + $1.count })
        starts.reserveCapacity(lists.count + 1)
        for list in lists {
            numbers += list
            starts.append(numbers.count)
        }
    }

    subscript(list: Int) -> ArraySlice<Int32> { numbers[starts[list]..<starts[list + 1]] }
}
