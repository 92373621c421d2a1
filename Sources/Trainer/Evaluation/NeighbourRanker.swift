internal import Domain
internal import Linalg

/// Item-to-item neighbours by cosine: a baseline without training, see ``ItemLinks/cosine(of:keeping:longestHistory:workers:)``.
///
/// An item's score for a user is the sum over the liked items of the history. Equal scores by item index.
struct NeighbourRanker: Ranker {
    let name = "item-kNN"
    private let training: TrainingSet
    private let links: ItemLinks

    /// - Parameter links: of the training set.
    init(training: TrainingSet, links: ItemLinks) {
        self.training = training
        self.links = links
    }

    init(training: TrainingSet, neighbours: Int = 100, longestHistory: Int = 500, workers: Workers) throws {
        self.init(
            training: training,
            links: try ItemLinks.cosine(
                of: training, keeping: neighbours, longestHistory: longestHistory, workers: workers))
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

    /// Items that no neighbour speaks for fill the list up by index, so that its length is that of the other rankers.
    private func rank(_ user: Int, depth: Int, excluded: ItemBitmap) -> [Int32] {
        let rows = training.interactions
        let liked = rows.entries(ofRow: user).lazy.filter { rows.values[$0] > 0 }.map { rows.columnIndices[$0] }
        let found = links.best(of: liked, count: depth) { !excluded.contains(ItemIndex(rawValue: $0)) }
        var list = found.map(\.item)
        guard list.count < depth else { return list }
        let spoken = Set(list)
        for item in 0..<Int32(training.itemCount) where list.count < depth {
            if !spoken.contains(item), !excluded.contains(ItemIndex(rawValue: item)) { list.append(item) }
        }
        return list
    }
}
