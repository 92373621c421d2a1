internal import Domain
internal import Glibc

/// Lists for whoever comes, and for whoever has had enough of the usual.
extension Pipeline {
    /// The newest films that are out, by release date; a film that only has a year counts from its first day.
    func latest(
        _ page: ListPage, excluding taken: [Int32] = [], now: Timestamp = .now
    ) throws(ServingError) -> RecommendationList {
        let today = now.date.days
        let order = state.releases.lazy.filter { $0.day <= today }.map { film in
            Ranked(place: film.place, score: BlendedScore(rule: Self.recency(of: film.day, on: today)))
        }
        return try ordered(order, page, excluding: taken, rule: "latest")
    }

    /// In millionths: half as much for each year.
    private static func recency(of day: Int32, on today: Int32) -> Int32 {
        BlendedScore.millionths(exp2f(-Float(today - day) / 365))
    }

    /// A few films that stand for the whole catalogue: popular ones that are as different as ``diversity`` says, for
    /// somebody new to choose from.
    func representative(_ page: ListPage) throws(ServingError) -> RecommendationList {
        var page = page
        if page.request.diversity == 0 { page.request.diversity = Self.usualVariety }
        return try popular(page)
    }

    /// The diversity of ``representative(_:)`` where none is asked for.
    static let usualVariety: Float = 0.6

    /// What fits the user's taste and few people know:
    ///
    ///     score(i) = f(i)/max f · (1 − p(i))
    ///
    /// so that what everybody likes goes to the end. For somebody without tastes all scores are 0.
    func surprising(of userID: String, _ page: ListPage) throws(ServingError) -> RecommendationList {
        let profile = UserProfile(of: userID, until: page.until, in: state, overlay: overlay)
        let personal = try prepare(profile, page)
        let scorer = Blend(
            state: state, weights: BlendWeights(factors: 1, content: 0, popularity: 0), vector: profile.vector,
            candidates: candidates(of: personal, similar: SimilarItems()))
        var ranked: [Ranked] = []
        for place in state.popularity.order where personal.eligibility.allows(place) {
            var score = scorer.score(place, [:])
            score.popularity = 0
            score.rule = -BlendedScore.millionths(
                Float(score.factors) / 1_000_000 * state.popularity.scores[Int(place)])
            ranked.append(Ranked(place: place, score: score))
        }
        ranked.sort { $0.score != $1.score ? $0.score > $1.score : $0.place < $1.place }
        return list(
            of: ranked, page, personal.rules, userState: profile.state, degraded: profile.degraded,
            likes: profile.likes, rule: "little known")
    }
}
