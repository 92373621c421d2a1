internal import Trainer

/// What a personal list thinks of single items, in the list or not.
struct Scorer {
    /// The candidates of the list, best first, before the request's own rules.
    let ranked: [Ranked]
    private let found: [Int32: BlendedScore]
    private let blend: Blend
    private let parts: [LearnedBlend.Source: [Int32: Int32]]

    init(_ personal: Pipeline.Personal, _ pipeline: Pipeline, similar: SimilarItems) {
        let candidates = pipeline.candidates(of: personal, similar: similar)
        blend = pipeline.blend(personal, candidates)
        ranked = blend.rank(candidates)
        found = Dictionary(uniqueKeysWithValues: ranked.map { ($0.place, $0.score) })
        parts = blend.parts
    }

    /// The score as the list has it; of an item that is no candidate as it would have it.
    func score(_ place: Int32) -> BlendedScore { found[place] ?? blend.score(place, parts) }

    /// Which of two comes first, before the request's own rules.
    func isAhead(_ a: Ranked, of b: Ranked) -> Bool { blend.isAhead(a, of: b) }
}
