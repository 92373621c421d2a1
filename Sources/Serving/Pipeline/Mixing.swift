internal import Trainer

/// What each source adds to an item's score, for one user: by weights that were given, or by what the model has learned.
enum Mixing: Sendable {
    /// Shares over the sources that have something to say.
    case fixed(BlendWeights)
    /// By how much is known of the user; see `LearnedBlend`.
    case learned(ModelBlend, LearnedBlend.Mixture)

    /// Whether a source gets into any score.
    func uses(_ source: LearnedBlend.Source) -> Bool {
        switch self {
        case .fixed(let weights):
            switch source {
            case .factors: weights.factors > 0
            case .content: weights.content > 0
            case .popularity: weights.popularity > 0
            case .recent, .neighbours, .linear: false
            }
        case .learned(_, let mixture): !mixture.ignores(source)
        }
    }

    /// The part of a score, in millionths, that comes of a source's x in `0…1`.
    func part(_ source: LearnedBlend.Source, _ x: Float) -> Int32 {
        switch self {
        case .fixed(let weights):
            switch source {
            case .factors: BlendedScore.millionths(weights.factors * min(1, max(0, x)))
            case .content: BlendedScore.millionths(weights.content * max(0, x))
            case .popularity: BlendedScore.millionths(weights.popularity * x)
            case .recent, .neighbours, .linear: 0
            }
        case .learned(let model, let mixture): BlendedScore.millionths(model.blend.part(source, x, in: mixture))
        }
    }

    /// How likely the user is to like an item of this score; nil where nothing was learned.
    func probability(_ score: BlendedScore) -> Float? {
        guard case .learned(_, let mixture) = self else { return nil }
        return mixture.probability(Float(score.total - score.boost - score.rule) / 1_000_000)
    }

    /// The links of a source that counts.
    func links(_ source: LearnedBlend.Source) -> ItemLinks? {
        guard case .learned(let model, _) = self, uses(source) else { return nil }
        return model.links(source)
    }
}

extension Pipeline {
    /// Weights that were given win; else what the model has learned counts, and of a model that has not the usual ones.
    func mixing(for profile: UserProfile) -> Mixing {
        if let weights { return .fixed(weights) }
        guard let blend = state.model.blend else { return .fixed(BlendWeights()) }
        let knowledge = LearnedBlend.Knowledge(liked: profile.likes.count, items: profile.seen.count)
        return .learned(blend, blend.blend[knowledge])
    }
}
