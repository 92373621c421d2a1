internal import Domain
internal import Linalg

/// What a caller asks of a personal list.
public struct RecommendationQuery: Sendable {
    /// Which items of the user's past stay out of the list: from training and from newer events alike.
    public enum ExcludeSeen: String, CaseIterable, Sendable {
        case none
        /// Everything the user ever viewed, liked, disliked or reviewed.
        case interacted
    }

    public var userID: String
    public var count: Int
    public var excludeSeen: ExcludeSeen
    /// Whether to say for each item why it is there.
    public var explains: Bool

    public init(userID: String, count: Int = 20, excludeSeen: ExcludeSeen = .interacted, explains: Bool = false) {
        self.userID = userID
        self.count = count
        self.excludeSeen = excludeSeen
        self.explains = explains
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

/// A list on its way: sources → filter → blend → explain. What needs waiting for is asked in between by the caller, so
/// that the rest runs on the thread of the connection.
struct Pipeline {
    let state: ServingState
    let overlay: EventOverlay
    let weights: BlendWeights

    /// A personal list up to the point where content similarity is asked.
    struct Personal {
        let query: RecommendationQuery
        let profile: UserProfile
        let eligibility: Eligibility
        let content: ContentQuery
    }

    func prepare(_ query: RecommendationQuery) -> Personal {
        let profile = UserProfile(of: query.userID, in: state, overlay: overlay)
        let seen = query.excludeSeen == .interacted ? profile.seen : []
        return Personal(
            query: query, profile: profile, eligibility: Eligibility(excluding: seen, in: state),
            content: ContentQuery(
                seeds: profile.seeds, excluded: seen, limit: Candidates.depth(for: query.count)))
    }

    func finish(_ personal: Personal, similar: SimilarItems) -> RecommendationList {
        let count = personal.query.count
        let profile = personal.profile
        var candidates = Candidates(
            state: state, vector: profile.vector, packed: state.model.packedItems, similar: similar,
            eligibility: personal.eligibility, count: count)
        candidates.addPopular(count, state: state, eligibility: personal.eligibility)
        let blend = Blend(state: state, weights: weights, vector: profile.vector, candidates: candidates)
        let ranked = blend.rank(candidates, count: count)
        let explanation = personal.query.explains ? Explanation(state: state, likes: profile.likes) : nil
        return RecommendationList(
            state: state, userState: profile.state,
            degraded: profile.degraded + (similar.isDegraded ? ["content"] : []),
            items: ranked.map { item in
                RecommendedItem(place: item.place, score: item.score, reasons: explanation?.reasons(for: item) ?? [])
            }, explains: personal.query.explains)
    }

    /// The list of items most like one, by `method`; items that share nothing with it do not come back.
    func similar(
        to place: Int32, method: SimilarityMethod, count: Int, similar: SimilarItems, explains: Bool
    ) -> RecommendationList {
        let eligibility = Eligibility(excluding: [place], in: state)
        let direction = method == .content ? nil : state.items.modelIndex(place).flatMap(state.direction(of:))
        let candidates = Candidates(
            state: state, vector: direction, packed: state.directions, similar: similar,
            eligibility: eligibility, count: count)
        // Popularity says nothing about likeness.
        let weights = BlendWeights(factors: weights.factors, content: weights.content, popularity: 0)
        let blend = Blend(
            state: state, weights: weights, vector: direction, candidates: candidates, measure: .cosine)
        let ranked = blend.rank(candidates, count: count).filter { $0.score.total > 0 }
        let explanation = explains ? Explanation(state: state, likes: []) : nil
        return RecommendationList(
            state: state, userState: nil, degraded: similar.isDegraded ? ["content"] : [],
            items: ranked.map { item in
                RecommendedItem(place: item.place, score: item.score, reasons: explanation?.reasons(for: item) ?? [])
            }, explains: explains)
    }

    func popular(count: Int) -> RecommendationList {
        let items = state.popularity.order.prefix(count).map { place in
            var score = BlendedScore()
            score.popularity = BlendedScore.millionths(state.popularity.scores[Int(place)])
            return RecommendedItem(place: place, score: score, reasons: [])
        }
        return RecommendationList(state: state, userState: nil, degraded: [], items: items, explains: false)
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
    var explains: Bool
}

struct RecommendedItem: Sendable {
    var place: Int32
    var score: BlendedScore
    var reasons: [Reason]
}
