internal import Domain
internal import Trainer

/// Lists for people whom a request describes: by what they do just now, or as a group.
extension Pipeline {
    /// One item of a basket.
    struct ContextItem: Sendable, Hashable {
        var id: String
        /// −1 (disliked) to 1 (liked).
        var value: Float
        var at: Timestamp?
    }

    /// How the scores of several people become one.
    enum Aggregate: String, CaseIterable, Sendable {
        case mean
        /// The score of whoever likes the item least.
        case leastMisery = "least-misery"
        /// Everybody's ranks, added up: nobody's scores weigh more because they are spread wider.
        case borda
    }

    /// The list of somebody with these items on top of what is known of them; nothing is kept.
    /// - Parameters:
    ///   - userID: nil for somebody who is only this basket.
    ///   - genres: for each of which its most popular films stand, as if they were liked long ago; they may be in the list.
    func personal(
        of userID: String?, with context: [ContextItem], liking genres: [String] = [], _ page: ListPage
    ) throws(ServingError) -> Pending {
        let now = page.until ?? .now
        let named = Set(context.map { ExactText($0.id) })
        var films: [Int32] = []
        for genre in genres {
            films += try popular(in: genre).filter { !named.contains(ExactText(state.items.ids[Int($0)])) }
        }
        let long = Timestamp(microseconds: 0)
        let context =
            films.map { ContextItem(id: state.items.ids[Int($0)], value: 1, at: long) } + context
        // The order of the basket stands where no times do: what comes last is newest.
        let events = context.map { item in
            EventOverlay.Fresh(
                itemID: item.id, kind: kind, value: value(item.value), at: item.at ?? now)
        }
        let ordered = events.enumerated().sorted { a, b in
            a.element.at != b.element.at ? a.element.at < b.element.at : a.offset < b.offset
        }.map(\.element)
        var profile = UserProfile(of: userID, with: ordered, until: page.until, in: state, overlay: overlay)
        if !films.isEmpty { profile.seen.removeAll { films.contains($0) } }
        return pending(try prepare(profile, page))
    }

    /// The films that stand for a genre: its ``filmsPerGenre`` most popular ones. O(items).
    /// - Throws: ``ServingError/badParameter(name:value:allowed:)`` if no film has it.
    private func popular(in genre: String) throws(ServingError) -> [Int32] {
        let wanted = genre.lowercased()
        let films = state.popularity.order.lazy.filter { place in
            state.items.modelIndex(place) != nil
                && state.items.movie(at: place)?.genres.contains { $0.lowercased() == wanted } == true
        }
        let found = Array(films.prefix(Self.filmsPerGenre))
        guard !found.isEmpty else {
            throw .badParameter(name: "genres", value: genre, allowed: "genres of the catalogue")
        }
        return found
    }

    private static let filmsPerGenre = 5

    /// A liking is a like; where the model is of stars alone, stars.
    private var kind: EventKind { state.model.weights.counts(.like) ? .like : .review }

    private func value(_ liking: Float) -> Float {
        kind == .like ? liking : ConfidenceWeights.neutralStars + 1.5 * liking
    }

    /// One list for several people: what any of them has seen is out.
    func group(_ users: [String], _ aggregate: Aggregate, _ page: ListPage) throws(ServingError) -> Pending {
        let rules = try ListRules(page.request, in: state)
        let profiles = users.map { UserProfile(of: $0, until: page.until, in: state, overlay: overlay) }
        let seen = Set(profiles.flatMap { $0.seen(page.request.excludeSeen, in: state) }).sorted()
        let eligibility = Eligibility(excluding: seen + rules.excluded, allowing: rules.allowed, in: state)
        let members = profiles.map { profile in
            let mixing = mixing(for: profile, content: page.request.contentWeight)
            return Personal(
                profile: profile, mixing: mixing, page: page, rules: rules, eligibility: eligibility,
                content: ContentQuery(
                    seeds: mixing.uses(.content) ? profile.seeds : [], excluded: seen,
                    limit: Self.contentDepth(page, rules), allowed: rules.allowed))
        }
        var pending = Pending(content: members[0].content, more: members.dropFirst().map(\.content)) { first, others in
            let similar = [first] + others
            let scorers = zip(members, similar).map { Scorer($0, self, similar: $1) }
            let pool = Set(scorers.flatMap { $0.ranked.map(\.place) }).sorted()
            var degraded = profiles.flatMap(\.degraded)
            if similar.contains(where: \.isDegraded) { degraded.append("content") }
            let known = profiles.contains { $0.state != .new }
            let folded = profiles.contains { $0.state == .foldedIn }
            return list(
                of: Self.aggregate(pool, scorers, aggregate), page, rules,
                userState: folded ? .foldedIn : known ? .known : .new, degraded: Set(degraded).sorted(),
                likes: profiles.flatMap(\.likes), rule: aggregate.rawValue)
        }
        pending.isHeavy = true
        return pending
    }

    private static func aggregate(_ pool: [Int32], _ scorers: [Scorer], _ aggregate: Aggregate) -> [Ranked] {
        let scores = scorers.map { scorer in pool.map { scorer.score($0) } }
        var joined: [BlendedScore]
        switch aggregate {
        case .mean:
            func mean(_ part: KeyPath<BlendedScore, Int32>, _ item: Int) -> Int32 {
                let sum = scores.reduce(0.0) { $0 + Double($1[item][keyPath: part]) }
                return Int32((sum / Double(scores.count)).rounded())
            }
            joined = pool.indices.map { item in
                BlendedScore(
                    factors: mean(\.factors, item), content: mean(\.content, item),
                    popularity: mean(\.popularity, item), recent: mean(\.recent, item),
                    neighbours: mean(\.neighbours, item), linear: mean(\.linear, item))
            }
        case .leastMisery:
            joined = pool.indices.map { item in scores.map { $0[item] }.min()! }
        case .borda:
            var points = [Double](repeating: 0, count: pool.count)
            for scores in scores {
                let order = pool.indices.sorted { a, b in
                    scores[a] != scores[b] ? scores[a] > scores[b] : pool[a] < pool[b]
                }
                for (rank, item) in order.enumerated() { points[item] += Double(pool.count - rank) }
            }
            let most = Double(pool.count * scorers.count)
            joined = points.map { BlendedScore(rule: Int32(($0 / most * 1_000_000).rounded())) }
        }
        return zip(pool, joined).map { Ranked(place: $0, score: $1) }.sorted { a, b in
            a.score != b.score ? a.score > b.score : a.place < b.place
        }
    }
}
