internal import Domain
internal import Linalg

/// Item-to-item neighbours by cosine (Sarwar et al. 2001): a baseline without training.
///
/// sim(i, j) = |U_i ∩ U_j| / √(|U_i| |U_j|) over the users who like each, the `neighbours` most similar of each item
/// kept; an item's score for a user is the sum over the liked items of the history. Equal scores by item index.
///
/// Building takes O(Σ_u |S_u|²), so users with more than `longestHistory` likings lend only their first ones; on large
/// sets that limit is halved until the sum is at most 10⁹.
struct NeighbourRanker: Ranker {
    let name = "item-kNN"
    private let training: TrainingSet
    private let starts: [Int]
    private let others: [Int32]
    private let similarities: [Float]

    init(training: TrainingSet, neighbours: Int = 100, longestHistory: Int = 500, workers: Workers) {
        self.training = training
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
        var found = [[(item: Int32, similarity: Float)]](repeating: [], count: items)
        found.withUnsafeMutableBufferPointer { found in
            guard let base = found.baseAddress else { return }
            let output = SharedMutable(base)
            let unit = 64
            workers.run(units: (items + unit - 1) / unit) { _, number in
                var counts = [Int32](repeating: 0, count: items)
                var touched: [Int32] = []
                for item in number * unit..<min((number + 1) * unit, items) {
                    for user in audience[item] {
                        for other in liked[Int(user)] where other != item {
                            if counts[Int(other)] == 0 { touched.append(other) }
                            counts[Int(other)] += 1
                        }
                    }
                    let size = Float(audience[item].count)
                    var list = touched.map { other in
                        (
                            item: other,
                            similarity: Float(counts[Int(other)])
                                / (size * Float(audience[Int(other)].count)).squareRoot()
                        )
                    }
                    list.sort { (-$0.similarity, $0.item) < (-$1.similarity, $1.item) }
                    output.pointer[item] = Array(list.prefix(neighbours))
                    for other in touched { counts[Int(other)] = 0 }
                    touched.removeAll(keepingCapacity: true)
                }
            }
        }
        var starts = [0]
        var others: [Int32] = []
        var similarities: [Float] = []
        for list in found {
            others += list.map(\.item)
            similarities += list.map(\.similarity)
            starts.append(others.count)
        }
        self.starts = starts
        self.others = others
        self.similarities = similarities
    }

    func rank(_ users: ArraySlice<Int32>, depth: Int, excluded: [ItemBitmap], workers: Workers) -> [[Int32]] {
        let users = Array(users)
        var lists = [[Int32]](repeating: [], count: users.count)
        lists.withUnsafeMutableBufferPointer { lists in
            guard let base = lists.baseAddress else { return }
            let output = SharedMutable(base)
            workers.run(units: users.count) { _, place in
                output.pointer[place] = rank(Int(users[place]), depth: depth, excluded: excluded[place])
            }
        }
        return lists
    }

    /// Items that no neighbour speaks for score zero and fill the list up by index, so that its length is that of the
    /// other rankers.
    private func rank(_ user: Int, depth: Int, excluded: ItemBitmap) -> [Int32] {
        let rows = training.interactions
        var scores = [Float](repeating: 0, count: training.itemCount)
        for entry in rows.entries(ofRow: user) where rows.values[entry] > 0 {
            let item = Int(rows.columnIndices[entry])
            for neighbour in starts[item]..<starts[item + 1] {
                scores[Int(others[neighbour])] += similarities[neighbour]
            }
        }
        var list = (0..<Int32(scores.count)).filter {
            scores[Int($0)] > 0 && !excluded.contains(ItemIndex(rawValue: $0))
        }
        list.sort { (-scores[Int($0)], $0) < (-scores[Int($1)], $1) }
        list = Array(list.prefix(depth))
        var next: Int32 = 0
        while list.count < depth, next < scores.count {
            if scores[Int(next)] == 0, !excluded.contains(ItemIndex(rawValue: next)) { list.append(next) }
            next += 1
        }
        return list
    }
}
