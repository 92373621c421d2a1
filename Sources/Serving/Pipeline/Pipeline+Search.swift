internal import Catalog
internal import Domain

/// Films found by words.
struct FoundFilms {
    var list: RecommendationList
    /// Films that have the words and may be shown, on all pages.
    var total: Int
    var facets: Facets

    /// How many of the films found have which value, most first.
    struct Facets {
        var genres: [(value: String, count: Int)]
        var languages: [(value: String, count: Int)]
        /// `1990` for 1990 to 1999.
        var decades: [(value: String, count: Int)]
    }
}

extension Pipeline {
    /// Films asked of a source of text at most.
    static let maximumFound = 10_000

    /// Ranks what a search has found, for a user if there is one: the score is then half how well the words fit and half
    /// how well the film does, each scaled to 0…1 by its best.
    /// - Parameter found: best first.
    func found(_ found: [ScoredItem], by userID: String?, _ page: ListPage) throws(ServingError) -> FoundFilms {
        let rules = try ListRules(page.request, in: state)
        let eligibility = Eligibility(excluding: rules.excluded, allowing: rules.allowed, in: state)
        let profile = userID.map { UserProfile(of: $0, until: page.until, in: state, overlay: overlay) }
        let films = found.compactMap { film -> (place: Int32, text: Float, taste: Float)? in
            guard let place = state.items.place(of: film.itemID), eligibility.allows(place) else { return nil }
            let taste =
                profile?.vector.flatMap { vector in
                    state.items.modelIndex(place).map { state.model.itemFactors.dot(row: $0.position, vector) }
                } ?? 0
            return (place, film.score, max(0, taste))
        }
        let text = films.reduce(0) { max($0, $1.text) }
        let taste = films.reduce(0) { max($0, $1.taste) }
        let share: Float = taste > 0 ? 0.5 : 0
        var ranked = films.map { film in
            var score = BlendedScore()
            if text > 0 { score.content = BlendedScore.millionths((1 - share) * film.text / text) }
            if taste > 0 { score.factors = BlendedScore.millionths(share * film.taste / taste) }
            return Ranked(place: film.place, score: score)
        }
        ranked.sort { $0.score != $1.score ? $0.score > $1.score : $0.place < $1.place }
        let movies = ranked.compactMap { state.items.movie(at: $0.place) }
        return FoundFilms(
            list: list(
                of: ranked, page, rules, userState: profile?.state, degraded: profile?.degraded ?? [],
                likes: profile?.likes ?? []),
            total: ranked.count,
            facets: FoundFilms.Facets(
                genres: Self.counts(movies.flatMap(\.genres)), languages: Self.counts(movies.compactMap(\.language)),
                decades: Self.counts(movies.compactMap { $0.year.map { "\($0 / 10 * 10)" } })))
    }

    private static func counts(_ values: [String]) -> [(value: String, count: Int)] {
        values.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }.map { (value: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.value < $1.value }
    }
}
