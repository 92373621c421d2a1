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
        let liked = (0..<rows.rows).map { user in
            Array(rows.entries(ofRow: user).lazy.filter { rows.values[$0] > 0 }.prefix(lent)).map {
                rows.columnIndices[$0]
            }
        }
        var users = [[Int32]](repeating: [], count: items)
        for (user, list) in liked.enumerated() { for item in list { users[Int(item)].append(Int32(user)) } }
        let audience = users
        var found = [[(item: Int32, weight: Float)]](repeating: [], count: items)
        found.withUnsafeMutableBufferPointer { found in
            guard let base = found.baseAddress else { return }
            let output = SharedMutable(base)
            let unit = 64
            workers.run(units: (items + unit - 1) / unit) { _, number in
                var counts = [Int32](repeating: 0, count: items)
                var touched: [Int32] = []
                var strongest = StrongestItems(count)
                for item in number * unit..<min((number + 1) * unit, items) {
                    for user in audience[item] {
                        for other in liked[Int(user)] where other != item {
                            if counts[Int(other)] == 0 { touched.append(other) }
                            counts[Int(other)] += 1
                        }
                    }
                    let size = Float(audience[item].count)
                    for other in touched {
                        let both = Float(counts[Int(other)])
                        strongest.add(other, both / (size * Float(audience[Int(other)].count)).squareRoot())
                        counts[Int(other)] = 0
                    }
                    output.pointer[item] = strongest.take().map { (item: $0.item, weight: $0.score) }
                    touched.removeAll(keepingCapacity: true)
                }
            }
        }
        return try ItemLinks(strongest: count, of: found)
    }
}
