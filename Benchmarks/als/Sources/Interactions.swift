import Domain
import Foundation
import Linalg
import Trainer

/// A problem on disk that Swift and numpy read alike: little-endian arrays without headers, and their shape in JSON.
struct ProblemFolder {
    let url: URL

    struct Shape: Codable {
        let users: Int
        let items: Int
        let entries: Int
    }

    func write(_ rows: SparseRows) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let shape = Shape(users: rows.rows, items: rows.columns, entries: rows.count)
        try JSONEncoder().encode(shape).write(to: url.appending(path: "shape.json"))
        try write(rows.rowStarts, "starts.i64")
        try write(rows.columnIndices, "columns.i32")
        try write(rows.values, "values.f32")
    }

    func write<T: BitwiseCopyable>(_ values: [T], _ name: String) throws {
        try values.withUnsafeBytes { Data($0) }.write(to: url.appending(path: name))
    }

    func read() throws -> SparseRows {
        let shape = try JSONDecoder().decode(Shape.self, from: Data(contentsOf: url.appending(path: "shape.json")))
        return try SparseRows(
            rows: shape.users, columns: shape.items, rowStarts: array("starts.i64"),
            columnIndices: array("columns.i32"), values: array("values.f32"))
    }

    func write(_ factors: ALSFactors) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try write(factors.userFactors.elements, "users.f32")
        try write(factors.itemFactors.elements, "items.f32")
    }

    func readFactors(users: Int, items: Int, rank: Int) throws -> ALSFactors {
        ALSFactors(
            userFactors: try Matrix(rows: users, columns: rank, elements: array("users.f32")),
            itemFactors: try Matrix(rows: items, columns: rank, elements: array("items.f32")))
    }

    /// Factors of which only the rank is known.
    func readFactors(rank: Int) throws -> ALSFactors {
        let (users, items): ([Float], [Float]) = (try array("users.f32"), try array("items.f32"))
        return ALSFactors(
            userFactors: try Matrix(rows: users.count / rank, columns: rank, elements: users),
            itemFactors: try Matrix(rows: items.count / rank, columns: rank, elements: items))
    }

    private func array<T: BitwiseCopyable>(_ name: String) throws -> [T] {
        let data = try Data(contentsOf: url.appending(path: name), options: .alwaysMapped)
        return data.withUnsafeBytes { Array($0.bindMemory(to: T.self)) }
    }
}

/// A set of MovieLens's shape: Zipf popularity, log-normal activity, tastes of a planted rank, one fixed seed.
struct Generator {
    var users: Int
    var items: Int
    /// Mean interactions of a user, before the bounds.
    var meanActivity: Double
    var seed: UInt64 = 20

    static let movieLens20M = Generator(users: 138_493, items: 26_744, meanActivity: 150)
    static let oneMillion = Generator(users: 6_040, items: 3_706, meanActivity: 185)

    private let rank = 32
    private let zipf = 0.9
    private let sigma = 1.1
    private let bounds = 20.0...6000.0

    init(users: Int, items: Int, meanActivity: Double) {
        self.users = users
        self.items = items
        self.meanActivity = meanActivity
    }

    func interactions() throws -> SparseRows {
        var random = SeededGenerator(seed: seed)
        let itemTastes = (0..<items * rank).map { _ in Float(normal(&random)) }
        var cumulative = [Double](repeating: 0, count: items)
        var total = 0.0
        for item in 0..<items {
            total += pow(Double(item + 1), -zipf)
            cumulative[item] = total
        }
        // Popular items must not be neighbours in memory only because the generator numbers them so.
        var order = (0..<items).map { Int32($0) }
        order.shuffle(using: &random)

        var starts: [Int64] = [0]
        var columns: [Int32] = []
        var lastUser = [Int32](repeating: -1, count: items)
        var taste = [Float](repeating: 0, count: rank)
        let mu = log(meanActivity) - sigma * sigma / 2
        for user in 0..<users {
            var random = SeededGenerator(seed: seed, stream: UInt64(user))
            for f in 0..<rank { taste[f] = Float(normal(&random)) }
            let wish = exp(mu + sigma * normal(&random))
            let activity = min(Int(min(max(wish, bounds.lowerBound), bounds.upperBound)), items / 2)
            var taken = 0
            while taken < activity {
                let place = position(of: random.uniform() * total, in: cumulative)
                let item = Int(order[place])
                if lastUser[item] == user { continue }
                var affinity: Float = 0
                for f in 0..<rank { affinity += taste[f] * itemTastes[item * rank + f] }
                // √32 is the deviation of the affinity; a film far from one's taste is taken one time in twenty.
                guard random.uniform() < max(0.05, 1 / (1 + exp(-Double(affinity) / 2))) else { continue }
                lastUser[item] = Int32(user)
                columns.append(Int32(item))
                taken += 1
            }
            columns[Int(starts[user])...].sort()
            starts.append(Int64(columns.count))
        }
        let values = [Float](repeating: 1, count: columns.count)
        return try SparseRows(
            rows: users, columns: items, rowStarts: starts, columnIndices: columns, values: values)
    }

    private func position(of x: Double, in cumulative: [Double]) -> Int {
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= x { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func normal(_ random: inout SeededGenerator) -> Double {
        (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * Double.pi * random.uniform())
    }
}
