internal import Catalog
internal import Domain

/// Several lists at once, with nothing twice.
extension Pipeline {
    /// One list of a page.
    struct Rail: Sendable, Hashable {
        enum Kind: String, CaseIterable, Sendable {
            /// What the user may like.
            case personal
            /// What is like one item that the user likes.
            case because
            case popular, trending, latest
            /// What the user may like of one genre.
            case genre
        }

        var name: String
        var kind: Kind
        var list: ListRequest
        /// Of `because` the item, of `genre` the genre that it starts from; nil for the user's own.
        var start: String?
    }

    /// A rail with its items.
    struct FilledRail: Sendable {
        var name: String
        let title: String
        var list: RecommendationList
    }

    /// What a page asks of content similarity, and what becomes of the answers. The rails are filled in order: what one
    /// shows the later ones do not.
    struct PendingPage: Sendable {
        var content: [ContentQuery]
        var userState: UserState
        let fill: @Sendable ([SimilarItems]) throws -> [FilledRail]
    }

    /// - Throws: for a filter that cannot be understood, and an item to start from that there is not.
    func page(of userID: String, _ rails: [Rail], trends: EventTrends) throws(ServingError) -> PendingPage {
        let profile = UserProfile(of: userID, in: state, overlay: overlay)
        // Rails of one kind start from different items and genres.
        var seeds = profile.seeds[...]
        var genres = state.favouriteGenres(of: profile.likes)[...]
        let total = rails.reduce(0) { $0 + $1.list.count }
        var planned: [(rail: Rail, page: ListPage, place: Int32?, genre: String?)] = []
        var content: [ContentQuery] = []
        for rail in rails {
            let page = try ListPage(rail.list, of: rail.name)
            var place: Int32?
            var genre: String?
            switch rail.kind {
            case .because:
                if let start = rail.start {
                    place = state.items.place(of: start)
                    if place == nil { throw .itemNotFound(id: start) }
                } else {
                    place = seeds.popFirst()
                }
            case .genre: genre = rail.start ?? genres.popFirst()
            default: break
            }
            // Answers are to be long enough for whatever other rails take away.
            let depth = 4 * Candidates.depth(for: total)
            let asked: [Int32] =
                switch rail.kind {
                case .personal, .genre: profile.seeds
                case .because: place.map { [$0] } ?? []
                default: []
                }
            content.append(
                ContentQuery(seeds: asked, excluded: profile.seen(rail.list.excludeSeen, in: state), limit: depth))
            planned.append((rail, page, place, genre))
        }
        return PendingPage(content: content, userState: profile.state) { [planned] answers in
            var taken: [Int32] = []
            return try zip(planned, answers).map { plan, similar in
                let filled = try fill(plan.rail, plan.page, plan.place, plan.genre, profile, taken, similar, trends)
                taken += filled.list.items.map(\.place)
                return filled
            }
        }
    }

    /// The films of a genre; nothing where there are no films.
    private func select(genre: String) throws(ServingError) -> FilterSelection {
        try state.select(FilterText(expression: "genre = $genre", parameters: ["genre": .text(genre)]))
    }

    private func fill(
        _ rail: Rail, _ page: ListPage, _ place: Int32?, _ genre: String?, _ profile: UserProfile, _ taken: [Int32],
        _ similar: SimilarItems, _ trends: EventTrends
    ) throws -> FilledRail {
        let seen = profile.seen(page.request.excludeSeen, in: state)
        let title: String
        let list: RecommendationList
        switch rail.kind {
        case .personal:
            title = profile.state == .new ? "Popular to begin with" : "Recommended for you"
            list = finish(try prepare(profile, page, excluding: taken), similar: similar)
        case .genre:
            title = genre ?? "Recommended for you"
            list = finish(
                try prepare(profile, page, excluding: taken, only: try genre.map(select(genre:))), similar: similar)
        case .because:
            guard let place else { fallthrough }
            title = "Because you liked \(Wording(state: state).title(place))"
            list = try self.similar(to: [place], method: .blend, page, excluding: taken + seen).finish(similar, [])
        case .popular:
            title = "Popular"
            list = try popular(page, excluding: taken + seen)
        case .trending:
            title = "Trending now"
            list = try ordered(
                trends.ranking(.decayed, EventTrends.Window(), in: state), page, excluding: taken + seen,
                rule: "trending")
        case .latest:
            title = "New"
            list = try latest(page, excluding: taken + seen)
        }
        return FilledRail(name: rail.name, title: title, list: list)
    }
}
