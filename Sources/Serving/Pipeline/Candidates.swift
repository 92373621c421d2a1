internal import Domain
internal import Linalg

/// What each source proposes, best first, all of it eligible.
struct Candidates {
    var factors: [(place: Int32, score: Float)] = []
    var content: [(place: Int32, score: Float)] = []
    /// Enough of the most popular that `min(n, eligible)` items can come back whatever the others found, and one more:
    /// whether there is another page.
    var popular: [Int32] = []
    /// The best by factors of those that a boost raises: they may come before what the sources rank higher.
    var raised: [(place: Int32, score: Float)] = []

    /// How deep to ask a source for a list of `count`: what one source ranks lower than this cannot win much.
    static func depth(for count: Int) -> Int { max(100, 2 * count) }

    /// - Parameters:
    ///   - packed: the factors to scan, of the model or of unit length.
    ///   - similar: what content similarity answered; excluded items are dropped.
    init(
        state: ServingState, vector: [Float]?, packed: PackedItems, similar: SimilarItems, eligibility: Eligibility,
        count: Int
    ) {
        if let vector {
            factors = packed.topK(vector, count: Self.depth(for: count), excluding: eligibility.bitmap)
                .map { (place: $0.item.rawValue, score: $0.score) }
        }
        content = similar.items.filter { eligibility.allows($0.place) }
    }

    mutating func addPopular(_ count: Int, state: ServingState, eligibility: Eligibility) {
        popular.reserveCapacity(count)
        for place in state.popularity.order where eligibility.allows(place) {
            guard popular.count < count else { break }
            popular.append(place)
        }
    }

    /// Proposes the best and the most popular of those that a boost raises, or spares.
    mutating func addRaised(
        by boosts: [ListRules.Boost], count: Int, state: ServingState, vector: [Float]?, packed: PackedItems,
        eligibility: Eligibility
    ) {
        let models = state.items.modelCount
        for boost in boosts where boost.factor != 1 {
            let raised = boost.factor > 1 ? boost.places : boost.places.complement()
            if let vector {
                var others = raised.prefix(models).complement()
                if let bitmap = eligibility.bitmap { others.formUnion(bitmap) }
                self.raised += packed.topK(vector, count: Self.depth(for: count), excluding: others)
                    .map { (place: $0.item.rawValue, score: $0.score) }
            }
            var left = count
            for place in state.popularity.order
            where raised.contains(ItemIndex(rawValue: place)) && eligibility.allows(place) {
                guard left > 0 else { break }
                popular.append(place)
                left -= 1
            }
        }
    }
}

extension Matrix {
    /// ⟨row, vector⟩. O(columns).
    func dot(row: Int, _ vector: [Float]) -> Float { product(ofRow: row, with: vector) }
}
