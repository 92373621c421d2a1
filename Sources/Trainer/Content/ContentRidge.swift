public import Domain
internal import Foundation
public import Linalg

/// From what a film is to the factors that its events would give it: what a film without events begins with.
///
/// With X the films' terms (see ``FilmVocabulary``) and a column of ones, Q the factors of the films that have some, D the
/// trust in each, n / (n + 20) for n users who like it:
///
///     W = argmin ‖D^½ (X W − Q)‖² + λ ‖W‖²        (Xᵀ D X + λ I) W = Xᵀ D Q
///
/// solved by LAPACK's Cholesky factor. λ is the one of ``ridges`` that predicts held-out films best.
public struct ContentRidge: Sendable {
    public let vocabulary: FilmVocabulary
    /// (terms + 1) × rank; the last row is that of the ones.
    public let weights: Matrix
    public let ridge: Float

    /// λ is sought among these.
    static let ridges: [Float] = [0.3, 1, 3, 10, 30]
    /// Users at which a film's own factors are trusted half.
    static let trust: Float = 20
    /// With fewer films nothing is learned.
    static let fewestFilms = 50
    /// One film in so many is held out to find λ.
    private static let folds = 5

    init(vocabulary: FilmVocabulary, weights: Matrix, ridge: Float) {
        self.vocabulary = vocabulary
        self.weights = weights
        self.ridge = ridge
    }

    /// - Parameters:
    ///   - films: those of the training set that the catalogue describes, with their rows.
    ///   - factors: items × rank.
    ///   - users: by item, how many like it.
    /// - Returns: nil with fewer than ``fewestFilms`` films. O(terms³ + terms² films), on one thread.
    init?(films: [(film: Movie, item: Int32)], factors: Matrix, users: [Int32]) throws {
        guard films.count >= Self.fewestFilms else { return nil }
        let vocabulary = FilmVocabulary(of: films.map(\.film))
        let rows = films.map { vocabulary.row(of: $0.film) }
        let trust = films.map { film in
            let count = Float(users[Int(film.item)])
            return count / (count + Self.trust)
        }
        let items = films.map(\.item)
        func equations(_ isUsed: (Int) -> Bool) throws -> RidgeEquations {
            var equations = try RidgeEquations(columns: vocabulary.names.count + 1, rank: factors.columns)
            for (number, row) in rows.enumerated() where isUsed(number) {
                equations.add(row, factors.row(Int(items[number])), weight: trust[number])
            }
            return equations
        }
        func error(_ part: RidgeEquations, _ ridge: Float) throws -> Double {
            let weights = try part.solved(ridge: ridge)
            var error = 0.0
            for number in stride(from: 0, to: rows.count, by: Self.folds) {
                let predicted = Self.product(rows[number], weights)
                let own = factors.row(Int(items[number]))
                let square = zip(predicted, own).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
                error += square * Double(trust[number])
            }
            return error
        }
        /// Every fifth film in the order of the identifiers tells which λ predicts best.
        func bestRidge() throws -> Float {
            let part = try equations { $0 % Self.folds != 0 }
            return try Self.ridges.map { (ridge: $0, error: try error(part, $0)) }.min { $0.error < $1.error }?.ridge
                ?? 10
        }
        let ridge = try bestRidge()
        self.init(
            vocabulary: vocabulary, weights: try equations { _ in true }.solved(ridge: ridge), ridge: ridge)
    }

    /// The factors that a film's content speaks for; nil if it has no term that is known. O(terms of the film × rank).
    public func factors(of film: Movie) -> [Float]? {
        let row = vocabulary.row(of: film)
        guard !row.isEmpty else { return nil }
        let factors = Self.product(row, weights)
        return factors.allSatisfy(\.isFinite) ? factors : nil
    }

    /// The row, and its one, times the weights.
    private static func product(_ row: [(column: Int32, value: Float)], _ weights: Matrix) -> [Float] {
        weights.withUnsafeElements { w in
            let k = weights.columns
            var sum = (0..<k).map { w[(weights.rows - 1) * k + $0] }
            for (column, value) in row {
                for t in 0..<k { sum[t] += value * w[Int(column) * k + t] }
            }
            return sum
        }
    }
}

/// XᵀDX and XᵀDQ, summed film by film.
private struct RidgeEquations {
    private var gram: Matrix
    private var right: Matrix

    init(columns: Int, rank: Int) throws {
        gram = try Matrix(rows: columns, columns: columns)
        right = try Matrix(rows: columns, columns: rank)
    }

    mutating func add(_ row: [(column: Int32, value: Float)], _ target: [Float], weight: Float) {
        let n = gram.columns
        let row = row + [(column: Int32(n - 1), value: 1)]
        gram.withUnsafeMutableElements { g in
            for (place, (i, x)) in row.enumerated() {
                let scaled = weight * x
                for (j, y) in row[0...place] { g[Int(i) * n + Int(j)] += scaled * y }
            }
        }
        let k = right.columns
        right.withUnsafeMutableElements { r in
            for (i, x) in row {
                for t in 0..<k { r[Int(i) * k + t] += weight * x * target[t] }
            }
        }
    }

    /// W for one λ; the column of ones is held only a little.
    func solved(ridge: Float) throws -> Matrix {
        var system = gram
        let n = gram.columns
        system.withUnsafeMutableElements { a in
            for i in 0..<n { a[i * n + i] += i == n - 1 ? 1e-3 : ridge }
        }
        return try Cholesky(of: consume system).solve(right)
    }
}
