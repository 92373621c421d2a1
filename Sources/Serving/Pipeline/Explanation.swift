internal import Domain
internal import Linalg

/// One part of a score: where it comes from and how much it is.
struct Reason: Sendable {
    enum Source: String, Sendable {
        case factors, content, popularity, recent, neighbours, linear, boost, rule
    }

    var source: Source
    /// In millionths; the parts of an item add up to its score.
    var part: Int32
    /// Which boost or rule.
    var name: String?
    /// Place of the liked item that speaks loudest for this one, where one does.
    var because: Int32?

    /// Source, name and part, and the item behind it: the members of an object.
    func write(of state: ServingState, to json: inout JSONWriter) {
        json.field("source", source.rawValue)
        if let name { json.field("name", name) }
        json.name("part")
        json.value(millionths: part)
        guard let because else { return }
        json.name("because")
        json.object {
            $0.field("id", state.items.ids[Int(because)])
            if let movie = state.items.movie(at: because) { $0.field("title", movie.title) }
        }
    }
}

/// Says why an item is in a list: the parts of its score and, for the factors, the liked item behind it.
struct Explanation {
    let state: ServingState
    /// What the list goes by beyond the three sources.
    private let rule: String?
    /// Liked items with a direction in factor space.
    private let likes: [(place: Int32, weight: Float, direction: [Float])]

    init(state: ServingState, likes: [(place: Int32, weight: Float)], rule: String? = nil) {
        self.state = state
        self.rule = rule
        // The surest hundred: beyond that a like explains nothing that another does not.
        let surest = likes.sorted { $0.weight != $1.weight ? $0.weight > $1.weight : $0.place < $1.place }.prefix(100)
        self.likes = surest.compactMap { like in
            guard !state.hidden.contains(like.place), let item = state.items.modelIndex(like.place),
                let direction = state.direction(of: item)
            else {
                return nil
            }
            return (like.place, like.weight, direction)
        }
    }

    /// The parts that are not zero: each source, the list's rule, then each boost in turn.
    func reasons(for item: Ranked, boosts: Arrangement) -> [Reason] {
        var reasons: [Reason] = []
        if item.score.factors != 0 {
            reasons.append(Reason(source: .factors, part: item.score.factors, because: loudest(for: item.place)))
        }
        if item.score.content != 0 { reasons.append(Reason(source: .content, part: item.score.content)) }
        if item.score.popularity != 0 { reasons.append(Reason(source: .popularity, part: item.score.popularity)) }
        if item.score.recent != 0 { reasons.append(Reason(source: .recent, part: item.score.recent)) }
        if item.score.neighbours != 0 { reasons.append(Reason(source: .neighbours, part: item.score.neighbours)) }
        if item.score.linear != 0 { reasons.append(Reason(source: .linear, part: item.score.linear)) }
        if item.score.rule != 0 { reasons.append(Reason(source: .rule, part: item.score.rule, name: rule)) }
        guard item.score.boost != 0 else { return reasons }
        for boost in boosts.boosts(on: item.place, base: item.score.total - item.score.boost) where boost.part != 0 {
            reasons.append(Reason(source: .boost, part: boost.part, name: boost.name))
        }
        return reasons
    }

    /// argmax over likes j ≠ i of c_j · cos(q_i, q_j), if that is above zero.
    private func loudest(for place: Int32) -> Int32? {
        guard let item = state.items.modelIndex(place) else { return nil }
        var best: (place: Int32, value: Float)?
        for like in likes where like.place != place {
            let value = like.weight * state.model.itemFactors.dot(row: item.position, like.direction)
            if value > best?.value ?? 0 { best = (like.place, value) }
        }
        return best?.place
    }
}
