internal import Domain
internal import Linalg
internal import Trainer

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
    /// Of a learned blend: what is liked lately, item neighbours, the item-item linear model.
    var recent: Int32 = 0
    var neighbours: Int32 = 0
    var linear: Int32 = 0
    /// What the boosts of the request add or take.
    var boost: Int32 = 0
    /// What the rule of the list adds or takes, in lists that go by more than the sources.
    var rule: Int32 = 0

    var total: Int32 { factors + content + popularity + recent + neighbours + linear + boost + rule }

    /// Rounded, halves away from zero. A call of `rounded()` is one of libm where the processor is not known to have more;
    /// a double holds a float and a half exactly.
    static func millionths(_ value: Float) -> Int32 {
        let millionths = Double(value * 1_000_000)
        return Int32(millionths + (millionths < 0 ? -0.5 : 0.5))
    }
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
/// product, a BM25 sum and a count have no common unit. With weights that were given, then
///
///     score(i) = w_f · f(i)/max f  +  w_c · c(i)/max c  +  w_p · p(i)
///
/// with the weights' shares over the sources that had something to say; else as `LearnedBlend` has it. Where content alone
/// counts and has nothing to say, popularity does. An item that content
/// or the links did not return has 0 of them; the others are exact for every candidate.
struct Blend {
    let state: ServingState
    let mixing: Mixing
    /// ⟨vector, item⟩ for a place, if there is a vector; scaled by its largest.
    private let vector: [Float]?
    private let largestFactor: Float
    private let measure: Measure
    private let factorScale: Mixing.Scale
    /// By place, on the scale of the mixing.
    private let popularity: [Float]
    private let popularityScale: Mixing.Scale
    /// What is liked lately, at one moment, likewise; empty if it does not count.
    private let recent: [Float]
    private let recentScale: Mixing.Scale
    /// By place, where content has it in its answer, if a user's list goes by content alone; else nil.
    private let contentRanks: [Int32: Int]?
    /// By place, what the sources found that are not exact for others.
    private let found: [(source: LearnedBlend.Source, items: [(place: Int32, score: Float)])]

    enum Measure {
        /// ⟨vector, item⟩: what a user thinks of an item.
        case product
        /// Their cosine, the vector being of length 1: how alike two items are.
        case cosine
    }

    /// - Parameter mixing: given weights become shares over the sources that had something to say.
    init(
        state: ServingState, mixing: Mixing, vector: [Float]?, candidates: Candidates, measure: Measure = .product
    ) {
        self.measure = measure
        self.state = state
        let largest = candidates.factors.first?.score ?? 0
        self.vector = largest > 0 ? vector : nil
        largestFactor = largest
        if case .fixed(let weights) = mixing {
            self.mixing = .fixed(weights.shares(factors: largest > 0, content: !candidates.content.isEmpty))
        } else if mixing.isContentAlone, candidates.content.isEmpty {
            self.mixing = .fixed(BlendWeights(factors: 0, content: 0, popularity: 1))
        } else {
            self.mixing = mixing
        }
        factorScale = self.mixing.scale(.factors)
        popularityScale = self.mixing.scale(.popularity)
        popularity = popularityScale.curve == nil ? state.popularity.scores : state.scaledPopularity
        recentScale = self.mixing.scale(.recent)
        recent = self.mixing.uses(.recent) ? state.recent?.current.scaled ?? [] : []
        found = [(.content, candidates.content), (.neighbours, candidates.neighbours), (.linear, candidates.linear)]
            .filter { !$0.1.isEmpty }
        contentRanks =
            measure == .product && self.mixing.isContentAlone
            ? Dictionary(
                candidates.content.enumerated().map { ($0.element.place, $0.offset) }, uniquingKeysWith: min) : nil
    }

    init(
        state: ServingState, weights: BlendWeights, vector: [Float]?, candidates: Candidates,
        measure: Measure = .product
    ) {
        self.init(state: state, mixing: .fixed(weights), vector: vector, candidates: candidates, measure: measure)
    }

    /// The candidates, best first: see ``isAhead(_:of:)``.
    ///
    /// Where only the first are wanted, an item's product with the vector is only worked out if the item could be among
    /// them: what the factors did not propose has no larger one than their last candidate.
    /// - Parameter first: how many; nil for all.
    func rank(_ candidates: Candidates, first: Int? = nil) -> [Ranked] {
        let most =
            candidates.factors.count + candidates.popular.count + candidates.recent.count + candidates.raised.count
            + found.reduce(0) { $0 + $1.items.count }
        var numbers = PlaceIndex(capacity: most)
        var ranked: [Ranked] = []
        ranked.reserveCapacity(most)
        for (place, score) in candidates.factors where numbers.number(of: place).isNew {
            ranked.append(Ranked(place: place, score: BlendedScore(factors: part(factor: score))))
        }
        let exact = ranked.count
        for (source, items) in found {
            let largest = items.first.map(\.score) ?? 0
            let scale = mixing.scale(source)
            for (place, score) in items {
                let (number, isNew) = numbers.number(of: place)
                if isNew { ranked.append(Ranked(place: place, score: BlendedScore())) }
                if largest > 0 { ranked[number].score[source] = scale(score / largest) }
            }
        }
        for (place, _) in candidates.raised where numbers.number(of: place).isNew {
            ranked.append(Ranked(place: place, score: BlendedScore()))
        }
        for place in candidates.popular where numbers.number(of: place).isNew {
            ranked.append(Ranked(place: place, score: BlendedScore()))
        }
        for place in candidates.recent where numbers.number(of: place).isNew {
            ranked.append(Ranked(place: place, score: BlendedScore()))
        }
        for number in ranked.indices { addKnown(ranked[number].place, to: &ranked[number].score) }
        guard contentRanks == nil else {
            for number in exact..<ranked.count { ranked[number].score.factors = factors(ranked[number].place) }
            ranked.sort(by: isAhead)
            return Array(ranked.prefix(first ?? .max))
        }
        // The same order by one number each: the score turned round, then the place. What moves is small.
        var keys: [UInt64] = []
        keys.reserveCapacity(ranked.count)
        for number in 0..<exact { keys.append(Self.key(ranked[number])) }
        let enough = first.flatMap { leastTotal(of: $0, &keys) } ?? .min
        let othersAtMost = mostOfOthers(candidates)
        for number in exact..<ranked.count where ranked[number].score.total + othersAtMost >= enough {
            ranked[number].score.factors = factors(ranked[number].place)
            keys.append(Self.key(ranked[number]))
        }
        if let first, first < keys.count {
            keys.withUnsafeMutableBufferPointer { $0.moveSmallest(first) }
            keys.removeLast(keys.count - first)
        }
        keys.sort()
        return keys.map { ranked[numbers.number(of: Int32(truncatingIfNeeded: $0)).number] }
    }

    /// The score that the first `count` of these have at the least; nil if there are fewer.
    private func leastTotal(of count: Int, _ keys: inout [UInt64]) -> Int32? {
        guard count > 0, count <= keys.count else { return nil }
        let last = keys.withUnsafeMutableBufferPointer { keys in
            keys.moveSmallest(count)
            return keys[count - 1]
        }
        return Int32(bitPattern: UInt32(truncatingIfNeeded: last >> 32)) ^ .max
    }

    /// The part of the factors in the score of what they did not propose, at the most: what they propose is their best, so
    /// it is that of their last. A little is added for products that are rounded in another order.
    private func mostOfOthers(_ candidates: Candidates) -> Int32 {
        guard let last = candidates.factors.last?.score, candidates.raised.isEmpty else { return .max / 2 }
        return part(factor: last + 1e-5 * largestFactor) + 2
    }

    /// Rises as ``isAhead(_:of:)`` has it where content does not decide. Places are not negative.
    private static func key(_ item: Ranked) -> UInt64 {
        UInt64(UInt32(bitPattern: item.score.total ^ .max)) << 32 | UInt64(UInt32(bitPattern: item.place))
    }

    /// Which of two comes first: by score, then by place. Where content alone counts, equal ones stay as content has them,
    /// and what it did not find goes by popularity: so a shorter list is the beginning of a longer one.
    func isAhead(_ a: Ranked, of b: Ranked) -> Bool {
        if a.score != b.score { return a.score > b.score }
        guard let contentRanks else { return a.place < b.place }
        let (x, y) = (contentRanks[a.place] ?? .max, contentRanks[b.place] ?? .max)
        return x != y ? x < y : state.popularity.isAhead(a.place, of: b.place)
    }

    /// The parts of what the sources found, by source and place: what ``score(_:_:)`` needs for single items.
    var parts: [LearnedBlend.Source: [Int32: Int32]] {
        var parts: [LearnedBlend.Source: [Int32: Int32]] = [:]
        for (source, items) in found {
            guard let largest = items.first?.score, largest > 0 else { continue }
            let scale = mixing.scale(source)
            parts[source] = Dictionary(
                items.map { ($0.place, scale($0.score / largest)) }, uniquingKeysWith: max)
        }
        return parts
    }

    /// The score of one item, candidate or not, as ``rank(_:)`` has it.
    func score(_ place: Int32, _ parts: [LearnedBlend.Source: [Int32: Int32]]) -> BlendedScore {
        var score = BlendedScore(factors: factors(place))
        for (source, items) in parts { if let part = items[place] { score[source] = part } }
        addKnown(place, to: &score)
        return score
    }

    /// What is known of every item.
    private func addKnown(_ place: Int32, to score: inout BlendedScore) {
        score.popularity = popularityScale.part(ofScaled: popularity[Int(place)])
        if !recent.isEmpty { score.recent = recentScale.part(ofScaled: recent[Int(place)]) }
    }

    private func part(factor: Float) -> Int32 {
        largestFactor > 0 ? factorScale(factor / largestFactor) : 0
    }

    /// The part of the factors, exact for every item.
    private func factors(_ place: Int32) -> Int32 {
        guard factorScale.weight != 0, let vector, let item = state.items.modelIndex(place) else { return 0 }
        let score =
            switch measure {
            case .product: state.model.itemFactors.dot(row: item.position, vector)
            case .cosine: state.cosine(item, vector)
            }
        return part(factor: score)
    }
}

extension BlendedScore {
    fileprivate subscript(source: LearnedBlend.Source) -> Int32 {
        get {
            switch source {
            case .factors: factors
            case .content: content
            case .popularity: popularity
            case .recent: recent
            case .neighbours: neighbours
            case .linear: linear
            }
        }
        set {
            switch source {
            case .factors: factors = newValue
            case .content: content = newValue
            case .popularity: popularity = newValue
            case .recent: recent = newValue
            case .neighbours: neighbours = newValue
            case .linear: linear = newValue
            }
        }
    }
}
