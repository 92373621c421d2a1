internal import Domain
internal import Linalg
internal import Trainer

/// Why an item is where it is in a user's list.
extension Pipeline {
    /// What each liked item adds to the score that the factors alone give.
    struct Because: Sendable {
        struct Contribution: Sendable {
            var place: Int32
            var part: Double
            /// The confidence of the liking.
            var weight: Float
            /// The cosine of the two items' factors.
            var similarity: Float
        }

        var userState: UserState
        /// ⟨p_u, q_i⟩.
        var score: Double
        /// Largest first.
        var contributions: [Contribution]
        /// What those not listed add, so that all parts and this are the score.
        var rest: Double
    }

    /// - Throws: an `ALSError` if the user's row cannot be solved. O(history × rank² + rank³).
    func because(user userID: String, item place: Int32, count: Int) throws -> Because {
        let profile = UserProfile(of: userID, in: state, overlay: overlay)
        guard let vector = profile.vector, let item = state.items.modelIndex(place) else {
            return Because(userState: profile.state, score: 0, contributions: [], rest: 0)
        }
        let score = Double(state.model.itemFactors.dot(row: item.position, vector))
        let row = profile.row
        let parts = try state.foldIn.contributions(
            items: row.items.map(\.rawValue), confidences: row.confidences, to: item)
        let direction = state.direction(of: item)
        let largest = parts.indices.filter { parts[$0] != 0 }
            .sorted { abs(parts[$0]) != abs(parts[$1]) ? abs(parts[$0]) > abs(parts[$1]) : $0 < $1 }.prefix(count)
        let contributions = largest.map { index in
            Because.Contribution(
                place: row.items[index].rawValue, part: Double(parts[index]), weight: row.confidences[index],
                similarity: direction.map { state.cosine(row.items[index], $0) } ?? 0)
        }
        return Because(
            userState: profile.state, score: score, contributions: contributions,
            rest: score - contributions.reduce(0) { $0 + $1.part })
    }

    /// Where an item stands in a list, and what its score is made of.
    struct Standing: Sendable {
        enum Verdict: String, CaseIterable, Sendable {
            case listed
            /// The filter is not true of it.
            case filtered
            case seen
            /// By `exclude_ids`.
            case excluded
            /// Withdrawn, described by no film, or below `min_score`.
            case rule
            /// Others came first.
            case outranked
            /// There is no such item.
            case unknown
        }

        var userState: UserState
        var verdict: Verdict
        var degraded: [String] = []
        /// From 1 in the list as asked for, or where it would be in a longer one of the same candidates; nil if it may not
        /// be in it, or is none of them.
        var rank: Int?
        /// Of an item that is no candidate it has what is known of every item: content and links were not asked so far.
        /// nil if there is no such item.
        var score: BlendedScore?
        /// The lowest score in the list, in millionths; nil if the list is empty.
        var scoreNeeded: Int32?
        var reasons: [Reason] = []
        var detail: String
    }

    /// The item's standing in the user's list, asked for in the same way as the list.
    /// - Parameter place: nil for an item that there is not.
    /// - Returns: the question to content similarity, and what to do with the answer.
    func standing(
        of place: Int32?, for userID: String, _ page: ListPage
    ) throws(ServingError) -> (content: ContentQuery, finish: @Sendable (SimilarItems) -> Standing) {
        let profile = UserProfile(of: userID, in: state, overlay: overlay)
        let personal = try prepare(profile, page)
        return (
            personal.content, { similar in standing(of: place, personal, similar: similar) }
        )
    }

    private func standing(of place: Int32?, _ personal: Personal, similar: SimilarItems) -> Standing {
        let page = personal.page
        let scorer = Scorer(personal, self, similar: similar)
        let arrangement = Arrangement(state: state, rules: personal.rules, page: page)
        let listed = arrangement.items(of: scorer.ranked).items
        let degraded = personal.profile.degraded + (similar.isDegraded ? ["content"] : [])
        let needed = listed.map(\.score.total).min()
        guard let place else {
            return Standing(
                userState: personal.profile.state, verdict: .unknown, degraded: degraded, scoreNeeded: needed,
                detail: "There is no such item: neither the model nor the catalogue knows it.")
        }
        var item = Ranked(place: place, score: scorer.score(place))
        item.score.boost = arrangement.boosts(on: place, base: item.score.total).reduce(0) { $0 + $1.part }
        let explanation = Explanation(state: state, likes: personal.profile.likes)
        var standing = Standing(
            userState: personal.profile.state, verdict: .listed, degraded: degraded, score: item.score,
            scoreNeeded: needed, reasons: explanation.reasons(for: item, boosts: arrangement), detail: "")
        if let position = listed.firstIndex(where: { $0.place == place }) {
            standing.rank = position + 1
            standing.detail = "It is number \(position + 1) of the list."
            return standing
        }
        let title = Wording(state: state).title(place)
        if let removal = removal(of: place, item.score, personal) {
            (standing.verdict, standing.detail) = (removal.verdict, "\(title) is not in the list: \(removal.why).")
            return standing
        }
        standing.verdict = .outranked
        guard scorer.isCandidate(place) else {
            standing.detail =
                "\(title) is not among the candidates of this list: it is neither among the best "
                + "\(Candidates.depth(for: page.depth)) of a source nor among the most popular. A longer list has more candidates."
            return standing
        }
        let better = better(than: item, scorer, arrangement, personal)
        let rank = max(listed.count + 1, better + 1)
        standing.rank = rank
        let request = page.request
        let isRearranged = request.diversity > 0 || request.exploration > 0
        standing.detail =
            "\(title) would be number \(rank), and the list has \(listed.count). "
            + (isRearranged ? "By diversity or chance others were taken in its place." : "Others have higher scores.")
        return standing
    }

    /// Why an item may not be in the list at all; nil if it may.
    private func removal(
        of place: Int32, _ score: BlendedScore, _ personal: Personal
    ) -> (verdict: Standing.Verdict, why: String)? {
        let request = personal.page.request
        if personal.rules.excluded.contains(place) { return (.excluded, "the request leaves it out by exclude_ids") }
        if personal.profile.seen(request.excludeSeen, in: state).contains(place) {
            return (.seen, "the user had to do with it already, and exclude_seen is \(request.excludeSeen.rawValue)")
        }
        if state.hidden.contains(place) {
            return (.rule, "it was withdrawn, or no film describes it")
        }
        if let allowed = personal.rules.allowed, !allowed.contains(place) {
            return (.filtered, "the filter is not true of it")
        }
        if !personal.eligibility.allows(place) { return (.rule, "it cannot be had at this time") }
        if let minimum = request.minimumScore, score.total < minimum {
            return (.rule, "its score is below min_score")
        }
        return nil
    }

    /// How many of those that count have a higher score, or the same and an earlier place.
    private func better(
        than item: Ranked, _ scorer: Scorer, _ arrangement: Arrangement, _ personal: Personal
    ) -> Int {
        scorer.outranking.count { other in
            guard other.place != item.place else { return false }
            var other = other
            other.score.boost = arrangement.boosts(on: other.place, base: other.score.total).reduce(0) { $0 + $1.part }
            // Boosted lists are sorted anew, equals by place.
            guard personal.rules.boosts.isEmpty else {
                return other.score.total != item.score.total
                    ? other.score.total > item.score.total : other.place < item.place
            }
            return scorer.isAhead(other, of: item)
        }
    }
}
