internal import Domain
internal import Linalg
internal import Trainer

/// What each source proposes, best first, all of it eligible.
struct Candidates {
    var factors: [(place: Int32, score: Float)] = []
    var content: [(place: Int32, score: Float)] = []
    /// Enough of the most popular that `min(n, eligible)` items can come back whatever the others found, and one more:
    /// whether there is another page.
    var popular: [Int32] = []
    /// The items liked most lately.
    var recent: [Int32] = []
    /// Of links the best comes first, and the others in no order.
    var neighbours: [(place: Int32, score: Float)] = []
    var linear: [(place: Int32, score: Float)] = []
    /// The best by factors of those that a boost raises: they may come before what the sources rank higher.
    var raised: [(place: Int32, score: Float)] = []

    /// How deep to ask a source for a list of `count`: what one source ranks lower than this cannot win much.
    static func depth(for count: Int) -> Int { max(100, 2 * count) }

    /// - Parameters:
    ///   - packed: the factors to scan, of the model or of unit length.
    ///   - part: of the factors, which has all that may come back.
    ///   - similar: what content similarity answered; excluded items are dropped.
    init(
        state: ServingState, vector: [Float]?, packed: PackedItems, part: PackedPart? = nil, similar: SimilarItems,
        eligibility: Eligibility, count: Int
    ) {
        if let vector {
            factors = packed.topK(vector, count: Self.depth(for: count), excluding: eligibility.bitmap, of: part)
                .map { (place: $0.item.rawValue, score: $0.score) }
        }
        content = similar.items.filter { eligibility.allows($0.place) }
    }

    /// Whether no source but popularity has proposed anything.
    var arePopularAlone: Bool {
        factors.isEmpty && content.isEmpty && recent.isEmpty && neighbours.isEmpty && linear.isEmpty && raised.isEmpty
    }

    mutating func addPopular(_ count: Int, state: ServingState, eligibility: Eligibility) {
        popular.reserveCapacity(min(count, state.items.count))
        for place in state.popularity.order where eligibility.allows(place) {
            guard popular.count < count else { break }
            popular.append(place)
        }
    }

    /// What the sources propose that only a learned blend has, each as far as it counts. O(depth + links of the likes).
    mutating func addLearned(
        _ mixing: Mixing, _ profile: UserProfile, count: Int, state: ServingState, _ eligibility: Eligibility
    ) {
        guard case .learned = mixing else { return }
        let depth = Self.depth(for: count)
        if mixing.uses(.popularity), popular.count < depth {
            popular = []
            addPopular(depth, state: state, eligibility: eligibility)
        }
        if mixing.uses(.recent), let board = state.recent {
            recent.reserveCapacity(depth)
            for place in board.current.order where eligibility.allows(place) {
                recent.append(place)
                if recent.count == depth { break }
            }
        }
        guard mixing.uses(.neighbours) || mixing.uses(.linear) else { return }
        let seeds =
            profile.likes.count <= LearnedBlend.linkSeeds
            ? profile.likes.map(\.place)
            : LearnedBlend.seeds(newest: profile.seeds, likes: profile.likes, most: LearnedBlend.linkSeeds)
        func found(_ source: LearnedBlend.Source) -> [(place: Int32, score: Float)] {
            mixing.links(source)?.candidates(of: seeds, count: depth, where: eligibility.allows)
                .map { (place: $0.item, score: $0.score) } ?? []
        }
        neighbours = found(.neighbours)
        linear = found(.linear)
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
