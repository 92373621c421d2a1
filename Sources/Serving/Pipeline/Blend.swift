internal import Domain

/// How much each source counts. Weights are shares: what a source that is absent or failed would have had is divided
/// among the others in proportion.
public struct BlendWeights: Hashable, Sendable {
    public var factors: Float
    public var content: Float
    public var popularity: Float

    /// Tastes first, words second, and enough popularity to order what the others find equal.
    public init(factors: Float = 0.7, content: Float = 0.2, popularity: Float = 0.1) {
        precondition(factors >= 0 && content >= 0 && popularity >= 0, "weights are not negative")
        self.factors = factors
        self.content = content
        self.popularity = popularity
    }

    /// The shares of those present, adding up to 1.
    func shares(factors hasFactors: Bool, content hasContent: Bool) -> BlendWeights {
        var shares = self
        if !hasFactors { shares.factors = 0 }
        if !hasContent { shares.content = 0 }
        let sum = shares.factors + shares.content + shares.popularity
        guard sum > 0 else { return BlendWeights(factors: 0, content: 0, popularity: 1) }
        shares.factors /= sum
        shares.content /= sum
        shares.popularity /= sum
        return shares
    }
}

/// A score as a sum of parts, in millionths: whole numbers, so that the parts shown add up to the score shown.
struct BlendedScore: Comparable, Sendable {
    var factors: Int32 = 0
    var content: Int32 = 0
    var popularity: Int32 = 0
    /// What the boosts of the request add or take.
    var boost: Int32 = 0
    /// What the rule of the list adds or takes, in lists that go by more than the three sources.
    var rule: Int32 = 0

    var total: Int32 { factors + content + popularity + boost + rule }

    static func millionths(_ value: Float) -> Int32 { Int32((value * 1_000_000).rounded()) }
    static func < (a: Self, b: Self) -> Bool { a.total < b.total }
    static func == (a: Self, b: Self) -> Bool { a.total == b.total }
}

struct Ranked: Sendable {
    var place: Int32
    var score: BlendedScore
}

/// Mixes what the sources found into one list.
///
/// Each source's scores are scaled to `0…1` by its own best eligible candidate (negative ones become 0), because a dot
/// product, a BM25 sum and a count have no common unit; then
///
///     score(i) = w_f · f(i)/max f  +  w_c · c(i)/max c  +  w_p · p(i)
///
/// with the weights' shares over the sources that had something to say. An item that content did not return has c = 0;
/// f and p are exact for every candidate.
struct Blend {
    let state: ServingState
    let weights: BlendWeights
    /// ⟨vector, item⟩ for a place, if there is a vector; scaled by its largest.
    private let vector: [Float]?
    private let largestFactor: Float
    private let measure: Measure

    enum Measure {
        /// ⟨vector, item⟩: what a user thinks of an item.
        case product
        /// Their cosine, the vector being of length 1: how alike two items are.
        case cosine
    }

    init(
        state: ServingState, weights: BlendWeights, vector: [Float]?, candidates: Candidates,
        measure: Measure = .product
    ) {
        self.measure = measure
        self.state = state
        let largest = candidates.factors.first?.score ?? 0
        self.vector = largest > 0 ? vector : nil
        largestFactor = largest
        self.weights = weights.shares(factors: largest > 0, content: !candidates.content.isEmpty)
    }

    /// All candidates, best first; equal scores by place.
    func rank(_ candidates: Candidates) -> [Ranked] {
        var scores: [Int32: BlendedScore] = [:]
        scores.reserveCapacity(candidates.factors.count + candidates.content.count + candidates.popular.count)
        for (place, score) in candidates.factors {
            scores[place, default: BlendedScore()].factors = part(factor: score)
        }
        // Factors are exact for those that came another way, too.
        for place in candidates.content.lazy.map(\.place) where scores[place] == nil {
            scores[place] = factorOnly(place)
        }
        for (place, score) in candidates.raised where scores[place] == nil {
            scores[place] = BlendedScore(factors: part(factor: score))
        }
        for place in candidates.popular where scores[place] == nil { scores[place] = factorOnly(place) }
        if let largest = candidates.content.first?.score, largest > 0 {
            for (place, score) in candidates.content {
                scores[place]?.content = BlendedScore.millionths(weights.content * max(0, score / largest))
            }
        }
        var ranked: [Ranked] = []
        ranked.reserveCapacity(scores.count)
        for (place, score) in scores {
            var score = score
            score.popularity = BlendedScore.millionths(weights.popularity * state.popularity.scores[Int(place)])
            ranked.append(Ranked(place: place, score: score))
        }
        ranked.sort { $0.score != $1.score ? $0.score > $1.score : $0.place < $1.place }
        return ranked
    }

    /// The score of one item, candidate or not, as ``rank(_:)`` has it.
    func score(_ place: Int32, content: [Int32: Float], largestContent: Float) -> BlendedScore {
        var score = factorOnly(place)
        if largestContent > 0, let found = content[place] {
            score.content = BlendedScore.millionths(weights.content * max(0, found / largestContent))
        }
        score.popularity = BlendedScore.millionths(weights.popularity * state.popularity.scores[Int(place)])
        return score
    }

    private func part(factor: Float) -> Int32 {
        BlendedScore.millionths(weights.factors * min(1, max(0, factor / largestFactor)))
    }

    private func factorOnly(_ place: Int32) -> BlendedScore {
        guard let vector, let item = state.items.modelIndex(place) else { return BlendedScore() }
        let score =
            switch measure {
            case .product: state.model.itemFactors.dot(row: item.position, vector)
            case .cosine: state.cosine(item, vector)
            }
        return BlendedScore(factors: part(factor: score))
    }
}
