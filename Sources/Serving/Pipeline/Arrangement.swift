internal import Domain
internal import Linalg

/// From scores to a page: boosts, the lowest score, chance, diversity, and what earlier pages have given.
///
/// A request that asks for none of it gets the first items of the ranking as they are, without a copy of it.
struct Arrangement {
    let state: ServingState
    let rules: ListRules
    let page: ListPage

    /// - Parameter ranked: the candidates by score, best first, equal scores by place.
    /// - Returns: the items of the page, whether there are more behind them, and how sure it was that they would be there.
    func items(of ranked: [Ranked]) -> (items: [Ranked], hasMore: Bool, propensities: Propensities) {
        let request = page.request
        var pool = ranked
        if !rules.boosts.isEmpty {
            for position in pool.indices {
                let base = pool[position].score.total
                pool[position].score.boost = boosts(on: pool[position].place, base: base).reduce(0) { $0 + $1.part }
            }
            pool.sort { $0.score != $1.score ? $0.score > $1.score : $0.place < $1.place }
        }
        if let minimum = request.minimumScore { pool.removeAll { $0.score.total < minimum } }
        // Before anything given is taken out: what is worth how much is the same on every page.
        var keys = request.exploration > 0 ? explored(&pool) : []
        let propensities = propensities(of: pool)
        let scale = keys.first ?? max(1, Float(pool.first?.score.total ?? 1))
        if request.diversity > 0, keys.isEmpty { keys = pool.map { Float($0.score.total) } }
        var before: [Ranked] = []
        if let cursor = page.cursor, !cursor.given.isEmpty {
            let given = Set(cursor.given)
            let isGiven = pool.map { given.contains(state.items.texts.hash($0.place)) }
            before = zip(pool, isGiven).filter(\.1).map(\.0)
            keys = zip(keys, isGiven).filter { !$0.1 }.map(\.0)
            pool = zip(pool, isGiven).filter { !$0.1 }.map(\.0)
        }
        let hasMore = pool.count > request.count
        guard request.diversity > 0 else { return (Array(pool.prefix(request.count)), hasMore, propensities) }
        let diversity = Diversity(state: state, strength: request.diversity)
        let chosen = diversity.choose(request.count, of: pool, worth: keys.map { $0 / scale }, after: before)
        return (chosen, hasMore, propensities)
    }

    /// What chance has to do with where items are. A later page is not of the same pool as the first, and what diversity
    /// makes of chance nobody adds up.
    /// - Parameter pool: all that could be in the list, in the order in which it is.
    private func propensities(of pool: [Ranked]) -> Propensities {
        let request = page.request
        guard request.exploration > 0 else { return .certain }
        guard request.diversity == 0, page.cursor == nil else { return .unknown }
        let share = Double(request.exploration)
        let best = Self.best(of: pool)
        return .drawn(Exploration(bases: pool.map { (1 - share) * Double($0.score.total) / best }, share: share))
    }

    /// What scores are divided by before they are mixed with chance.
    private static func best(of pool: [Ranked]) -> Double { max(1, Double(pool.map(\.score.total).max() ?? 1)) }

    /// What each boost adds to an item's score or takes from it, one after the other: each multiplies what the ones
    /// before have left.
    func boosts(on place: Int32, base: Int32) -> [(name: String, part: Int32)] {
        var total = base
        var parts: [(name: String, part: Int32)] = []
        for boost in rules.boosts where boost.places.contains(ItemIndex(rawValue: place)) {
            let raised = min(Double(total) * Double(boost.factor), Self.largestScore)
            let part = Int32(raised.rounded()) - total
            total += part
            parts.append((boost.name, part))
        }
        return parts
    }

    /// 1000: what boosts can make of a score.
    private static let largestScore = 1e9

    /// Mixes the scores with chance and sorts anew: (1 − e) · score / best + e · u, with u of each item uniform in 0…1
    /// by the seed and the item's identifier, so that it does not depend on what else is in the list.
    private func explored(_ pool: inout [Ranked]) -> [Float] {
        let share = Double(page.request.exploration)
        let best = Self.best(of: pool)
        var keyed = pool.map { item in
            var hash = StableHash()
            hash.combine(page.seed)
            hash.combine(state.items.ids[Int(item.place)])
            let chance = Double(hash.value >> 11) * 0x1p-53
            return (item: item, key: (1 - share) * Double(item.score.total) / best + share * chance)
        }
        keyed.sort { $0.key != $1.key ? $0.key > $1.key : $0.item.place < $1.item.place }
        pool = keyed.map(\.item)
        return keyed.map { Float($0.key) }
    }
}
