public import Linalg

/// The row of an item that the training had no events of, from what its content predicts and the events since.
///
/// The equation is that of the item's half-sweep, with the prediction q̂ as what the row is when there are no events, and
/// less and less of it as there are more:
///
///     (α0 PᵀP + λ_i I + Σ c p pᵀ) q = Σ c p + κ/(κ + n) · (α0 PᵀP + λ_i I) q̂
///
/// for n events. With n = 0 it is q̂ itself, with many it is what training would make of the item: there is no moment at
/// which one is exchanged for the other. Immutable; any number of threads may use one.
public struct NewItemSolver: Sendable {
    /// κ: events at which the prediction counts half.
    public static let patience: Float = 5

    private let gramian: Gramian
    private let users: Int
    private let parameters: ALSParameters

    /// O(users × rank²).
    public init(userFactors: Matrix, parameters: ALSParameters) throws {
        gramian = try Gramian(of: userFactors)
        users = userFactors.rows
        self.parameters = parameters
    }

    /// - Parameters:
    ///   - prior: q̂.
    ///   - vectors: of each user with events, p.
    ///   - confidences: what the events of each come to, negative for dislike.
    /// - Throws: ``ALSError`` or ``LinalgError``. O(users × rank² + rank³).
    public func row(prior: [Float], users vectors: [[Float]], confidences: [Float]) throws -> [Float] {
        let rank = prior.count
        guard vectors.allSatisfy({ $0.count == rank }) else {
            throw ALSError.shape(what: "User vectors", expected: "\(rank) numbers", found: "another rank")
        }
        guard !vectors.isEmpty else { return prior }
        let factors = try Matrix(rows: vectors.count, columns: rank, elements: vectors.flatMap { $0 })
        let trust = Self.patience / (Self.patience + Float(vectors.count))
        return try FoldIn(itemFactors: factors, gramian: gramian, parameters: parameters, others: users).vector(
            items: Array(0..<Int32(vectors.count)), confidences: confidences, prior: prior.map { $0 * trust })
    }
}
