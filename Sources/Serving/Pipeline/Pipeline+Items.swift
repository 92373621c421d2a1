internal import Domain
internal import Linalg
internal import Operations

/// Lists that are about items.
extension Pipeline {
    /// The items most like others taken together, by `method`; items that share nothing with them do not come back.
    /// - Parameter places: at least one.
    func similar(
        to places: [Int32], method: SimilarityMethod, _ page: ListPage, excluding taken: [Int32] = []
    ) throws(ServingError) -> Pending {
        let rules = try ListRules(page.request, excluding: taken, in: state)
        let eligibility = Eligibility(excluding: places + rules.excluded, allowing: rules.allowed, in: state)
        let direction = method == .content ? nil : direction(of: places)
        let content = ContentQuery(
            seeds: method == .factors ? [] : places, excluded: [],
            limit: Self.contentDepth(page, rules) + places.count - 1, allowed: rules.allowed)
        var pending = Pending(content: content) { [self] similar, _ in
            // Without a direction nothing is looked for among them.
            let directions = direction == nil ? state.model.packedItems : try state.layout.directions.get()
            var candidates = Candidates(
                state: state, vector: direction, packed: directions, similar: similar,
                eligibility: eligibility, count: page.depth)
            if !rules.boosts.isEmpty {
                candidates.addRaised(
                    by: rules.boosts, count: page.depth, state: state, vector: direction, packed: directions,
                    eligibility: eligibility)
                candidates.popular = []
            }
            // Popularity says nothing about likeness.
            var weights = weights ?? BlendWeights()
            weights.popularity = 0
            let blend = Blend(
                state: state, weights: weights, vector: direction, candidates: candidates, measure: .cosine)
            let ranked = blend.rank(candidates).filter { $0.score.total > 0 }
            return list(of: ranked, page, rules, degraded: similar.isDegraded ? ["content"] : [])
        }
        pending.isHeavy = direction != nil && !state.layout.directions.isReady
        return pending
    }

    /// The mean direction of items, of length 1; nil if none of them has one.
    private func direction(of places: [Int32]) -> [Float]? {
        if places.count == 1 { return state.items.modelIndex(places[0]).flatMap(state.direction(of:)) }
        var sum = [Float](repeating: 0, count: state.model.itemFactors.columns)
        for place in places {
            guard let direction = state.items.modelIndex(place).flatMap(state.direction(of:)) else { continue }
            for i in sum.indices { sum[i] += direction[i] }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sum.map { $0 / length } : nil
    }

    /// The most liked items of all time.
    /// - Parameter taken: what is somewhere else already.
    /// - Throws: for a filter that cannot be understood.
    func popular(_ page: ListPage, excluding taken: [Int32] = []) throws(ServingError) -> RecommendationList {
        // Not where the time of day decides what may be shown.
        guard taken.isEmpty, page.request.isPlain, state.availability == nil else {
            return try ranking(page, excluding: taken)
        }
        let ready = try state.popularPages.page(page.request.count) { () throws(ServingError) in
            let list = try ranking(page)
            let places = list.items.map(\.place)
            return PopularPages.Page(
                places: places, given: list.nextCursor == nil ? nil : places.map { state.items.texts.hash($0) })
        }
        return RecommendationList(
            state: state, degraded: [],
            items: ready.places.map { RecommendedItem(place: $0, score: popularScore($0), reasons: []) },
            explain: .none, nextCursor: page.next(after: ready, of: state), shared: ready)
    }

    private func popularScore(_ place: Int32) -> BlendedScore {
        BlendedScore(popularity: BlendedScore.millionths(state.popularity.scores[Int(place)]))
    }

    private func ranking(
        _ page: ListPage, excluding taken: [Int32] = []
    ) throws(ServingError) -> RecommendationList {
        let ranked = state.popularity.order.lazy.map { Ranked(place: $0, score: popularScore($0)) }
        return try ordered(ranked, page, excluding: taken)
    }

    /// A list of items in an order that is known.
    /// - Parameters:
    ///   - order: best first; scores do not rise.
    ///   - taken: what is somewhere else already.
    func ordered(
        _ order: some Sequence<Ranked>, _ page: ListPage, excluding taken: [Int32] = [], rule: String? = nil
    ) throws(ServingError) -> RecommendationList {
        let rules = try ListRules(page.request, excluding: taken, in: state)
        let eligibility = Eligibility(excluding: rules.excluded, allowing: rules.allowed, in: state)
        // Whatever reorders looks deeper than one page.
        let isPlain = rules.boosts.isEmpty && page.request.diversity == 0 && page.request.exploration == 0
        let limit = isPlain ? page.depth + 1 : rules.boosts.isEmpty ? Candidates.depth(for: page.depth) + 1 : .max
        var ranked: [Ranked] = []
        for item in order where eligibility.allows(item.place) {
            ranked.append(item)
            if ranked.count >= limit { break }
        }
        return list(of: ranked, page, rules, rule: rule)
    }
}
