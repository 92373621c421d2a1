public import Catalog
internal import Domain
internal import Linalg
internal import Trainer

/// What a caller asks of a personal list.
public struct RecommendationQuery: Sendable {
    /// Which items of the user's past stay out of the list: from training and from newer events alike.
    public enum ExcludeSeen: String, CaseIterable, Sendable {
        case none
        /// What the user viewed or reviewed: films only liked or disliked may come back. A model that does not say of
        /// which kinds its events were takes them all as watched.
        case watched
        /// Everything the user ever viewed, liked, disliked or reviewed.
        case interacted
    }

    public var userID: String
    public var count: Int
    public var excludeSeen: ExcludeSeen
    /// Only items that it is true of; nil: all.
    public var filter: FilterText?
    /// Whether to say for each item why it is there.
    public var explains: Bool

    public init(
        userID: String, count: Int = 20, excludeSeen: ExcludeSeen = .interacted, filter: FilterText? = nil,
        explains: Bool = false
    ) {
        self.userID = userID
        self.count = count
        self.excludeSeen = excludeSeen
        self.filter = filter
        self.explains = explains
    }

    /// The same as routes ask for it.
    var list: ListRequest {
        var list = ListRequest()
        list.count = count
        list.excludeSeen = excludeSeen
        list.filter = filter
        list.explain = explains ? .summary : .none
        return list
    }
}

/// Which similarity a list of similar items goes by.
public enum SimilarityMethod: String, CaseIterable, Sendable {
    /// Collaborative: the cosine of the item factors, "liked by the same people".
    case factors = "cf"
    /// The words of title, synopsis and genres.
    case content
    case blend
}

/// A list on its way: sources → filter → blend → arrange → explain. What needs waiting for is asked in between by the
/// caller, so that the rest runs on the thread of the connection.
struct Pipeline: Sendable {
    let state: ServingState
    let overlay: EventOverlay
    /// Nil for those that the model has learned.
    let weights: BlendWeights?

    /// A list up to the point where content similarity is asked: the question, and what to do with the answer.
    struct Pending: Sendable {
        var content: ContentQuery
        /// Further questions, for lists that are made of several.
        var more: [ContentQuery] = []
        /// Whether it takes more than a few milliseconds: not on the thread of a connection.
        var isHeavy = false
        /// - Throws: ``ServingError`` for what only shows while the list is made.
        let finish: @Sendable (SimilarItems, [SimilarItems]) throws -> RecommendationList

        init(
            content: ContentQuery, more: [ContentQuery] = [],
            finish: @escaping @Sendable (SimilarItems, [SimilarItems]) throws -> RecommendationList
        ) {
            self.content = content
            self.more = more
            self.finish = finish
        }

        /// A list that asks nothing.
        init(_ list: RecommendationList) {
            self.init(content: ContentQuery(seeds: [], excluded: [], limit: 0)) { _, _ in list }
        }

        /// A list that asks nothing and takes long: made on no thread of a connection.
        init(heavy make: @escaping @Sendable () throws -> RecommendationList) {
            self.init(content: ContentQuery(seeds: [], excluded: [], limit: 0)) { _, _ in try make() }
            isHeavy = true
        }
    }

    /// A personal list up to the point where content similarity is asked.
    struct Personal: Sendable {
        let profile: UserProfile
        let mixing: Mixing
        let page: ListPage
        let rules: ListRules
        let eligibility: Eligibility
        let content: ContentQuery
    }

    /// The list of a user by everything that is known of them.
    /// - Throws: for a filter that cannot be understood.
    func personal(of userID: String, _ page: ListPage) throws(ServingError) -> Pending {
        let profile = UserProfile(of: userID, until: page.until, in: state, overlay: overlay)
        return pending(try prepare(profile, page))
    }

    func pending(_ personal: Personal) -> Pending {
        Pending(content: personal.content) { similar, _ in finish(personal, similar: similar) }
    }

    /// - Parameters:
    ///   - taken: what is somewhere else already.
    ///   - only: what the list may have at all.
    /// - Throws: for a filter that cannot be understood.
    func prepare(
        _ profile: UserProfile, _ page: ListPage, excluding taken: [Int32] = [], only: FilterSelection? = nil
    ) throws(ServingError) -> Personal {
        var rules = try ListRules(page.request, excluding: taken, in: state)
        if let only { rules.restrict(to: only, in: state) }
        let seen = profile.seen(page.request.excludeSeen, in: state)
        let mixing = mixing(for: profile, content: page.request.contentWeight)
        return Personal(
            profile: profile, mixing: mixing, page: page, rules: rules,
            eligibility: Eligibility(
                excluding: rules.excluded.isEmpty ? seen : seen + rules.excluded, allowing: rules.allowed, in: state),
            content: ContentQuery(
                seeds: mixing.uses(.content) ? profile.seeds : [], excluded: seen,
                limit: Self.contentDepth(page, rules), allowed: rules.allowed))
    }

    /// Of a list that is asked for in few words, for the terminal and for tests.
    func prepare(_ query: RecommendationQuery) throws(ServingError) -> Personal {
        try prepare(
            UserProfile(of: query.userID, in: state, overlay: overlay),
            ListPage(query.list, of: "users/\(query.userID)"))
    }

    /// What boosts will move behind others of content's answer must be asked for as well.
    static func contentDepth(_ page: ListPage, _ rules: ListRules) -> Int {
        let depth = Candidates.depth(for: page.depth) + rules.excluded.count
        return rules.boosts.isEmpty ? depth : 4 * depth
    }

    func finish(_ personal: Personal, similar: SimilarItems) -> RecommendationList {
        let ranked = rank(personal, similar: similar, first: personal.page.leading(personal.rules))
        return list(
            of: ranked, personal.page, personal.rules, userState: personal.profile.state,
            degraded: personal.profile.degraded + (similar.isDegraded ? ["content"] : []),
            likes: personal.profile.likes,
            // What a score of other weights is worth nobody has measured.
            mixing: personal.page.request.contentWeight == nil ? personal.mixing : nil)
    }

    /// The candidates of a personal list, best first, before the request's own rules.
    /// - Parameter first: how many of them; nil for all.
    func rank(_ personal: Personal, similar: SimilarItems, first: Int? = nil) -> [Ranked] {
        let candidates = candidates(of: personal, similar: similar)
        return blend(personal, candidates).rank(candidates, first: first)
    }

    func candidates(of personal: Personal, similar: SimilarItems) -> Candidates {
        let depth = personal.page.depth
        let (vector, packed) = (personal.profile.vector, state.model.packedItems)
        var candidates = Candidates(
            state: state, vector: vector, packed: packed,
            part: personal.rules.allowed.flatMap { state.filters.parts.part(of: $0, in: packed) }, similar: similar,
            eligibility: personal.eligibility, count: depth)
        candidates.addPopular(depth + 1, state: state, eligibility: personal.eligibility)
        candidates.addLearned(personal.mixing, personal.profile, count: depth, state: state, personal.eligibility)
        if !personal.rules.boosts.isEmpty {
            candidates.addRaised(
                by: personal.rules.boosts, count: depth, state: state, vector: vector, packed: packed,
                eligibility: personal.eligibility)
        }
        return candidates
    }

    func blend(_ personal: Personal, _ candidates: Candidates) -> Blend {
        Blend(state: state, mixing: personal.mixing, vector: personal.profile.vector, candidates: candidates)
    }

    /// The page of a ranking, explained if that was asked for.
    /// - Parameter mixing: what the scores were made by, if they can be probabilities.
    func list(
        of ranked: [Ranked], _ page: ListPage, _ rules: ListRules, userState: UserState? = nil,
        degraded: [String] = [], likes: [(place: Int32, weight: Float)] = [], rule: String? = nil,
        mixing: Mixing? = nil
    ) -> RecommendationList {
        let arrangement = Arrangement(state: state, rules: rules, page: page)
        let (items, hasMore, propensities) = arrangement.items(of: ranked)
        let explains = page.request.explain != .none
        let explanation = explains ? Explanation(state: state, likes: likes, rule: rule) : nil
        return RecommendationList(
            state: state, userState: userState, degraded: degraded,
            items: items.map { item in
                RecommendedItem(
                    place: item.place, score: item.score, probability: mixing?.probability(item.score),
                    reasons: explanation?.reasons(for: item, boosts: arrangement) ?? [])
            }, itemsBefore: page.cursor?.given.count ?? 0, explain: page.request.explain,
            nextCursor: hasMore ? page.next(after: items, of: state) : nil,
            propensities: propensities)
    }
}

/// A finished list, with all that is needed to write it down.
struct RecommendationList: Sendable {
    var state: ServingState
    /// nil for lists that are not about a user.
    var userState: UserState?
    /// The parts that could not contribute.
    var degraded: [String]
    var items: [RecommendedItem]
    /// How many items the pages before had: ranks go on.
    var itemsBefore = 0
    var explain: ListRequest.ExplainLevel
    /// Where the next page begins; nil if there is none.
    var nextCursor: String?
    /// How sure it was that the items would be where they are.
    var propensities = Propensities.certain
    /// Of a list that is the same for everybody, without explanations: where its items are written once.
    var shared: PopularPages.Page?
}

struct RecommendedItem: Sendable {
    var place: Int32
    var score: BlendedScore
    /// That the user likes it, as far as the model has learned to say.
    var probability: Float?
    var reasons: [Reason]
}
