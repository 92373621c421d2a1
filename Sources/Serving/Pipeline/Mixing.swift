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

    /// How a source's x in `0…1` becomes a part of a score.
    struct Scale {
        let weight: Float
        /// nil where x counts as it is.
        let curve: LearnedBlend.Curve?

        /// In millionths. Rises with x.
        func callAsFunction(_ x: Float) -> Int32 {
            guard weight != 0 else { return 0 }
            return part(ofScaled: curve.map { $0(x) } ?? min(1, max(0, x)))
        }

        /// The same of what the curve has made of x.
        func part(ofScaled y: Float) -> Int32 { BlendedScore.millionths(weight * y) }
    }

    func scale(_ source: LearnedBlend.Source) -> Scale {
        switch self {
        case .fixed(let weights):
            switch source {
            case .factors: Scale(weight: weights.factors, curve: nil)
            case .content: Scale(weight: weights.content, curve: nil)
            case .popularity: Scale(weight: weights.popularity, curve: nil)
            case .recent, .neighbours, .linear: Scale(weight: 0, curve: nil)
            }
        case .learned(let model, let mixture):
            Scale(weight: mixture.weights[source], curve: model.blend.curve(source))
        }
    }

    /// How likely the user is to like an item of this score; nil where nothing was learned.
    func probability(_ score: BlendedScore) -> Float? {
        guard case .learned(_, let mixture) = self else { return nil }
        return mixture.probability(Float(score.total - score.boost - score.rule) / 1_000_000)
    }

    /// The same with another share for content: what is left of 1 is divided among the others as they divided theirs.
    /// - Parameter content: `0…1`.
    func weighing(content: Float) -> Mixing {
        switch self {
        case .fixed(var weights):
            let others = weights.factors + weights.popularity
            let scale = others > 0 ? (1 - content) / others : 0
            weights.factors *= scale
            weights.popularity *= scale
            weights.content = content
            return .fixed(weights)
        case .learned(let model, var mixture):
            let sources = LearnedBlend.Source.allCases.filter { $0 != .content }
            let others = sources.reduce(0) { $0 + mixture.weights[$1] }
            let scale = others > 0 ? (1 - content) / others : 0
            for source in sources { mixture.weights[source] *= scale }
            mixture.weights.content = content
            return .learned(model, mixture)
        }
    }

    /// Whether nothing but content gets into any score.
    var isContentAlone: Bool {
        LearnedBlend.Source.allCases.allSatisfy { $0 == .content || !uses($0) }
    }

    /// The links of a source that counts.
    func links(_ source: LearnedBlend.Source) -> ItemLinks? {
        guard case .learned(let model, _) = self, uses(source) else { return nil }
        return model.links(source)
    }
}

extension Pipeline {
    /// - Parameter content: the share of content that was asked for; nil for that of the blend.
    func mixing(for profile: UserProfile, content: Float?) -> Mixing {
        let mixing = mixing(for: profile)
        return content.map { mixing.weighing(content: $0) } ?? mixing
    }

    /// Weights that were given win; else what the model has learned counts, and of a model that has not the usual ones.
    private func mixing(for profile: UserProfile) -> Mixing {
        if let weights { return .fixed(weights) }
        guard let blend = state.model.blend else { return .fixed(BlendWeights()) }
        let knowledge = LearnedBlend.Knowledge(liked: profile.likes.count, items: profile.seen.count)
        return .learned(blend, blend.blend[knowledge])
    }
}
