internal import Linalg

extension ItemLinks {
    /// Items that fewer users like are left out of the linear model: there is nothing to learn about them.
    static let fewestLinearUsers = 3
    /// Bytes that the linear model's matrix may take: 8,192 items.
    static let linearLimit = 256 << 20
    /// λ: in likings; the shorter the histories, the more of it is needed.
    static let linearRidge: Float = 200

    /// What the matrix of the linear model takes: 4 n² bytes for the n items that enough users like. O(interactions).
    static func linearBytes(of training: TrainingSet) -> Int {
        let count = training.popularity.count { $0 >= fewestLinearUsers }
        return 4 * count * count
    }

    /// The item-item linear model in closed form (EASE: Steck 2019).
    ///
    ///     P = (XᵀX + λ I)⁻¹        B_ij = −P_ij / P_jj,  B_ii = 0        s_u = X_u B
    ///
    /// with X of ones where a user likes an item. Of each row i the `count` largest entries above zero are kept. By LAPACK's
    /// Cholesky inverse on one thread: O(n³), 4 n² bytes, the same bytes on every run of one machine.
    /// - Throws: ``TrainerError/tooLarge(needed:available:formula:remedy:)`` if the matrix would take more than `limit`.
    static func linear(
        of training: TrainingSet, keeping count: Int, ridge: Float = linearRidge, limit: Int = linearLimit
    ) throws -> ItemLinks {
        let popularity = training.popularity
        let items = (0..<Int32(training.itemCount)).filter { popularity[Int($0)] >= Int32(fewestLinearUsers) }
        let n = items.count
        guard linearBytes(of: training) <= limit else {
            throw TrainerError.tooLarge(
                needed: linearBytes(of: training), available: limit,
                formula: "the linear model's matrix of \(n) × \(n) items that \(fewestLinearUsers) users or more like",
                remedy: "It is meant for catalogues of thousands; larger ones do without it.")
        }
        var numbers = [Int32](repeating: -1, count: training.itemCount)
        for (number, item) in items.enumerated() { numbers[Int(item)] = Int32(number) }
        var gram = try Matrix(rows: n, columns: n)
        let rows = training.interactions
        gram.withUnsafeMutableElements { gram in
            for user in 0..<rows.rows {
                let liked = rows.entries(ofRow: user).lazy.filter { rows.values[$0] > 0 }
                    .map { numbers[Int(rows.columnIndices[$0])] }.filter { $0 >= 0 }
                let list = Array(liked)
                // Rising, so that this is the lower triangle.
                for (place, i) in list.enumerated() {
                    for j in list[0...place] { gram[Int(i) * n + Int(j)] += 1 }
                }
            }
            for i in 0..<n { gram[i * n + i] += ridge }
        }
        try gram.invertPositiveDefinite()
        var found = [[(item: Int32, weight: Float)]](repeating: [], count: training.itemCount)
        gram.withUnsafeElements { p in
            let diagonal = (0..<n).map { -1 / p[$0 * n + $0] }
            for i in 0..<n {
                var kept = LargestLinks(count: count)
                // The lower triangle holds P.
                for j in 0..<i { kept.add(items[j], p[i * n + j] * diagonal[j]) }
                for j in i + 1..<max(n, i + 1) { kept.add(items[j], p[j * n + i] * diagonal[j]) }
                found[Int(items[i])] = kept.finish()
            }
        }
        return try ItemLinks(strongest: count, of: found)
    }
}

/// Of many links the few that are largest, equal ones by the lower item; none that is not above zero.
private struct LargestLinks {
    let count: Int
    private var links: [(item: Int32, weight: Float)] = []
    /// What is not above it is not among them.
    private var threshold: Float = 0

    init(count: Int) {
        self.count = count
        links.reserveCapacity(2 * count)
    }

    /// Items come rising.
    mutating func add(_ item: Int32, _ weight: Float) {
        guard weight > threshold else { return }
        links.append((item, weight))
        if links.count == 2 * count { cut() }
    }

    private mutating func cut() {
        links.sort { ($0.weight, $1.item) > ($1.weight, $0.item) }
        links.removeLast(max(0, links.count - count))
        if links.count == count, let last = links.last { threshold = last.weight }
    }

    mutating func finish() -> [(item: Int32, weight: Float)] {
        cut()
        return links
    }
}
