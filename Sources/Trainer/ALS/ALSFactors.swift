import Domain
import Glibc
public import Linalg

/// A factor vector for each user and each item; ⟨p_u, q_i⟩ estimates how much u likes i.
public struct ALSFactors: Sendable, Equatable {
    /// users × rank. A user without interactions has the zero vector.
    public var userFactors: Matrix
    /// items × rank. An item without interactions has the zero vector.
    public var itemFactors: Matrix

    public init(userFactors: Matrix, itemFactors: Matrix) {
        self.userFactors = userFactors
        self.itemFactors = itemFactors
    }

    /// Length of a factor vector, the same on both sides.
    public var rank: Int { itemFactors.columns }

    /// Normal numbers of deviation 0.1 / √rank. Each row has a generator of its own, so a row's start does not depend
    /// on how many others there are.
    public init(users: Int, items: Int, rank: Int, seed: UInt64) throws(LinalgError) {
        userFactors = try Self.start(rows: users, rank: rank, seed: seed, side: 0)
        itemFactors = try Self.start(rows: items, rank: rank, seed: seed, side: 1)
    }

    private static func start(rows: Int, rank: Int, seed: UInt64, side: UInt64) throws(LinalgError) -> Matrix {
        var matrix = try Matrix(rows: rows, columns: rank)
        let deviation = 0.1 / Double(rank).squareRoot()
        matrix.withUnsafeMutableElements { elements in
            for row in 0..<rows {
                var generator = SeededGenerator(seed: seed, stream: UInt64(row) << 1 | side)
                for column in stride(from: 0, to: rank, by: 2) {
                    // Box and Muller (1958): two independent normal numbers from two uniform ones.
                    let radius = (-2 * log(1 - generator.uniform())).squareRoot() * deviation
                    let angle = 2 * Double.pi * generator.uniform()
                    elements[row * rank + column] = Float(radius * cos(angle))
                    if column + 1 < rank { elements[row * rank + column + 1] = Float(radius * sin(angle)) }
                }
            }
        }
        return matrix
    }

    /// These factors laid out for changed sets of users and items: the start of a retraining.
    ///
    /// - Parameters:
    ///   - users: for each new user row the old row, or nil for a new user.
    ///   - items: for each new item row the old row, or nil for a new item.
    ///   - seed: of the start factors of the new ones.
    public func carried(users: [Int32?], items: [Int32?], seed: UInt64) throws(LinalgError) -> ALSFactors {
        var result = try ALSFactors(users: users.count, items: items.count, rank: rank, seed: seed)
        result.userFactors.copyRows(from: userFactors, users)
        result.itemFactors.copyRows(from: itemFactors, items)
        return result
    }
}

extension Matrix {
    fileprivate mutating func copyRows(from source: Matrix, _ rows: [Int32?]) {
        let columns = columns
        source.withUnsafeElements { from in
            withUnsafeMutableElements { to in
                for (row, old) in rows.enumerated() {
                    guard let old else { continue }
                    precondition(old >= 0 && Int(old) < source.rows, "no such old row")
                    for i in 0..<columns { to[row * columns + i] = from[Int(old) * columns + i] }
                }
            }
        }
    }
}

func power(_ base: Double, _ exponent: Double) -> Double { exponent == 1 ? base : pow(base, exponent) }

extension ALSFactors {
    /// ⟨p_u, q_i⟩. O(rank).
    func product(_ user: Int, _ item: Int) -> Float {
        userFactors.withRow(user) { p in
            itemFactors.withRow(item) { q in
                var sum: Float = 0
                for i in p.indices { sum += p[i] * q[i] }
                return sum
            }
        }
    }
}
