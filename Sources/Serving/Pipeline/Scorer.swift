internal import Trainer

/// What a personal list thinks of single items, in the list or not.
struct Scorer {
    /// The candidates of the list, best first, before the request's own rules.
    let ranked: [Ranked]
    /// By whom others are outranked: the candidates, and where popularity alone has proposed them, whatever may be listed, since
    /// a longer list has the same first ones.
    let outranking: [Ranked]
    private let found: [Int32: BlendedScore]
    private let blend: Blend
    private let parts: [LearnedBlend.Source: [Int32: Int32]]

    init(_ personal: Pipeline.Personal, _ pipeline: Pipeline, similar: SimilarItems) {
        var candidates = pipeline.candidates(of: personal, similar: similar)
        blend = pipeline.blend(personal, candidates)
        ranked = blend.rank(candidates)
        if candidates.arePopularAlone {
            candidates.popular = []
            candidates.addPopular(.max, state: pipeline.state, eligibility: personal.eligibility)
            outranking = blend.rank(candidates)
        } else {
            outranking = ranked
        }
        found = Dictionary(uniqueKeysWithValues: outranking.map { ($0.place, $0.score) })
        parts = blend.parts
    }

    /// The score as the list has it; of an item that is no candidate as it would have it.
    func score(_ place: Int32) -> BlendedScore { found[place] ?? blend.score(place, parts) }

    /// Whether a source has proposed it, or would in a longer list of the same first ones: no other item can be in the list.
    func isCandidate(_ place: Int32) -> Bool { found[place] != nil }

    /// Which of two comes first, before the request's own rules.
    func isAhead(_ a: Ranked, of b: Ranked) -> Bool { blend.isAhead(a, of: b) }
}
