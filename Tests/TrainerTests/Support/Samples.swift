import Domain
import Foundation
import Linalg
import Trainer

/// Interactions with known structure.
enum Samples {
    /// Random confidences with skewed popularity; some rows and columns stay empty, some values are negative.
    static func random(
        users: Int, items: Int, perUser: Int, seed: UInt64 = 1, negatives: Bool = false
    ) throws -> SparseRows {
        var random = SeededGenerator(seed: seed)
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for user in 0..<users where user % 17 != 3 {
            var taken: Set<Int> = []
            for _ in 0..<random.below(2 * perUser) + 1 {
                let item = Int(random.uniform() * random.uniform() * Double(items - 2))
                guard taken.insert(item).inserted else { continue }
                let isNegative = negatives && random.below(6) == 0
                let value = Float(1 + 4 * random.uniform())
                entries.append((Int32(user), Int32(item), isNegative ? -value : value))
            }
        }
        return try SparseRows(rows: users, columns: items, entries: entries)
    }

    /// Users and items belong to six genres; most of what a user takes is of the own genre. Skewed popularity.
    static func planted(
        users: Int, items: Int, perUser: Int, seed: UInt64 = 1, negatives: Bool = false
    ) throws -> SparseRows {
        var random = SeededGenerator(seed: seed)
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for user in 0..<users where user % 17 != 3 {
            var taken: Set<Int> = []
            for _ in 0..<random.below(2 * perUser) + 1 {
                let item = Int(random.uniform() * random.uniform() * Double(items - 2))
                let isOwn = item % 6 == user % 6
                guard isOwn || random.below(8) == 0, taken.insert(item).inserted else { continue }
                let value = Float(1 + 4 * random.uniform())
                entries.append((Int32(user), Int32(item), negatives && !isOwn ? -value : value))
            }
        }
        return try SparseRows(rows: users, columns: items, entries: entries)
    }

    /// Users like the items of their own colour, one of `colours`, except the one of their own number: that they would
    /// like it must be found.
    static func checkerboard(size: Int, colours: Int = 2) throws -> SparseRows {
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for user in 0..<size {
            for item in 0..<size where user % colours == item % colours && user != item {
                entries.append((Int32(user), Int32(item), 1))
            }
        }
        return try SparseRows(rows: size, columns: size, entries: entries)
    }

    /// Views drawn from planted tastes: user u comes across item i by its popularity, and takes it by the affinity
    /// ⟨t_u, t_i⟩ of their vectors, which does not depend on the popularity.
    struct PlantedTastes {
        let interactions: SparseRows
        let users: [[Double]]
        let items: [[Double]]

        init(users: Int, items: Int, rank: Int, seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            func vectors(_ count: Int) -> [[Double]] {
                // Of variance 1/√rank a component, so that affinities have variance 1.
                let width = (3 / Double(rank).squareRoot()).squareRoot()
                return (0..<count).map { _ in (0..<rank).map { _ in (2 * random.uniform() - 1) * width } }
            }
            self.users = vectors(users)
            self.items = vectors(items)
            // The most popular items come before five times as many users as the least popular.
            let exposure = (0..<items).map { _ in 0.1 + 0.4 * pow(random.uniform(), 2) }
            var entries: [(row: Int32, column: Int32, value: Float)] = []
            for user in 0..<users {
                for item in 0..<items {
                    let affinity = zip(self.users[user], self.items[item]).reduce(0) { $0 + $1.0 * $1.1 }
                    guard random.uniform() < exposure[item] / (1 + exp(-4 * affinity)) else { continue }
                    entries.append((Int32(user), Int32(item), 1))
                }
            }
            interactions = try SparseRows(rows: users, columns: items, entries: entries)
        }

        func affinity(_ user: Int, _ item: Int) -> Double {
            zip(users[user], items[item]).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }
}

/// The gradient of one row's part of the loss, by its definition in 64-bit floats: 2 (A x − b).
func gradient(
    row: Int, of rows: SparseRows, x: [Float], against y: Matrix, parameters: ALSParameters
) -> (gradient: [Double], scale: Double) {
    let k = y.columns
    let x = x.map { Double($0) }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let count = rows.count(ofRow: row)
    let alpha0 = Double(parameters.alpha0)
    let frequency = Double(count) + alpha0 * Double(rows.columns)
    var ridge = Double(parameters.lambda)
    if parameters.nu == 1 { ridge *= frequency }
    var gradient = x.map { $0 * ridge }
    var scale = 0.0
    for i in 0..<y.rows {
        let q = y.row(i).map { Double($0) }
        let d = dot(q, x)
        for f in 0..<k { gradient[f] += alpha0 * d * q[f] }
    }
    for entry in rows.entries(ofRow: row) {
        let q = y.row(Int(rows.columnIndices[entry])).map { Double($0) }
        let c = Double(rows.values[entry])
        let base = parameters.weighting == .replacing ? alpha0 : 0
        let d = dot(q, x)
        for f in 0..<k {
            gradient[f] += ((abs(c) - base) * d - max(c, 0)) * q[f]
            scale = max(scale, abs(c * q[f]))
        }
    }
    return (gradient.map { 2 * $0 }, scale * Double(max(count, 1)))
}
