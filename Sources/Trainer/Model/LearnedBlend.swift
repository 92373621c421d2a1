public import Domain
internal import Foundation

/// How a model's list is mixed from its sources, as its training has learned it: `blend.json`.
///
/// Every source gives an item a number x in `0…1`, its own best candidate having 1. The sources are brought to one scale,
/// that of log-odds, by a curve each; what a source is worth depends on how much is known of the user:
///
///     score(i) = Σ_s w_s · φ_s(x_s(i))         φ_s(x) = ln(1 + x/ε_s) / ln(1 + 1/ε_s),  Σ_s w_s = 1
///     P(i is liked in the window) = 1 / (1 + exp(−(a + b · score(i))))
///
/// Serving and evaluation both score by ``curve(_:)``. docs/blending.md says how the numbers are fitted.
public struct LearnedBlend: Codable, Hashable, Sendable {
    /// Where candidates come from.
    public enum Source: String, Codable, CaseIterable, Sendable {
        /// ⟨p_u, q_i⟩, divided by its largest over what may be listed.
        case factors
        /// Content similarity to the liked items, likewise; 0 for what is not among its first ``depth``.
        case content
        /// ln(1 + users who like it), likewise over all items.
        case popularity
        /// Likings that fade with ``halfLifeDays``, likewise over all items.
        case recent
        /// Item neighbours by cosine; as content.
        case neighbours
        /// The item-item linear model; as content.
        case linear
    }

    /// One number for each source.
    public struct Values: Codable, Hashable, Sendable {
        public var factors: Float = 0
        public var content: Float = 0
        public var popularity: Float = 0
        public var recent: Float = 0
        public var neighbours: Float = 0
        public var linear: Float = 0

        public init() {}

        /// All the same.
        public init(repeating value: Float) { for source in Source.allCases { self[source] = value } }

        /// The weight of one source.
        public subscript(source: Source) -> Float {
            get {
                switch source {
                case .factors: factors
                case .content: content
                case .popularity: popularity
                case .recent: recent
                case .neighbours: neighbours
                case .linear: linear
                }
            }
            set {
                switch source {
                case .factors: factors = newValue
                case .content: content = newValue
                case .popularity: popularity = newValue
                case .recent: recent = newValue
                case .neighbours: neighbours = newValue
                case .linear: linear = newValue
                }
            }
        }
    }

    /// How much is known of a user.
    public enum Knowledge: String, Codable, CaseIterable, Sendable {
        /// No liking.
        case none
        /// Events with ``LearnedBlend/fewItems`` items at most.
        case few
        case many

        /// - Parameters:
        ///   - liked: items whose events add up to a liking.
        ///   - items: items with any event.
        public init(liked: Int, items: Int) {
            self = liked == 0 ? .none : items <= LearnedBlend.fewItems ? .few : .many
        }
    }

    /// The weights for one state of knowledge, and what they rest on.
    public struct Mixture: Codable, Hashable, Sendable {
        /// Shares: not negative, adding up to 1.
        public var weights: Values
        /// a and b: how a score becomes a probability.
        public var intercept: Float
        public var slope: Float
        /// Users of the window that the weights were fitted to; 0 if they are those of everybody, for want of users.
        public var users: Int
        /// Mean NDCG@10 on those users: of the mixture, and of each source by itself.
        public var ndcg: Double
        public var alone: [String: Double]

        /// How likely an item of this score is to be liked in a window like the one that was fitted to, `0…1`.
        public func probability(_ score: Float) -> Float { 1 / (1 + expf(-(intercept + slope * score))) }

        /// Whether nothing of the source gets into a score.
        public func ignores(_ source: Source) -> Bool { weights[source] == 0 }
    }

    public static let fewItems = 5
    /// How many candidates of each source are looked at, at the least.
    public static let depth = 100

    public var format = 1
    /// ε by source: the smaller, the more a small x is worth. 1 is nearly a straight line.
    public var epsilon: Values
    /// In which a liking loses half of what it counts for ``Source/recent``.
    public var halfLifeDays: Double
    public var none: Mixture
    public var few: Mixture
    public var many: Mixture
    public var window: Window

    /// What the weights were fitted to: the events from `from` to `until` of people whose events before that the sources
    /// knew.
    public struct Window: Codable, Hashable, Sendable {
        public var from: Timestamp
        public var until: Timestamp
        /// Lists that the weights were fitted to, of how many candidates, and how many of these were liked.
        public var lists: Int
        public var candidates: Int
        public var liked: Int
    }

    private enum CodingKeys: String, CodingKey {
        case format, epsilon, none, few, many, window
        case halfLifeDays = "half_life_days"
    }

    /// The weights for users of whom so much is known.
    public subscript(knowledge: Knowledge) -> Mixture {
        get {
            switch knowledge {
            case .none: none
            case .few: few
            case .many: many
            }
        }
        set {
            switch knowledge {
            case .none: none = newValue
            case .few: few = newValue
            case .many: many = newValue
            }
        }
    }

    /// φ of a source.
    public func curve(_ source: Source) -> Curve { Curve(epsilon[source]) }

    /// φ_s of one source, to be asked for many numbers.
    public struct Curve: Sendable {
        private let epsilon: Float
        private let largest: Float

        /// - Parameter epsilon: above 0.
        public init(_ epsilon: Float) {
            self.epsilon = epsilon
            largest = log1pf(1 / epsilon)
        }

        /// 0 for 0 and below, 1 for 1.
        public func callAsFunction(_ x: Float) -> Float { x <= 0 ? 0 : log1pf(min(1, x) / epsilon) / largest }
    }

    /// Whether every number is one that scores can be made with.
    var isSound: Bool {
        let scales = Source.allCases.allSatisfy { epsilon[$0].isFinite && epsilon[$0] > 0 }
        let mixtures = Knowledge.allCases.allSatisfy { knowledge in
            let mixture = self[knowledge]
            let weights = Source.allCases.map { mixture.weights[$0] }
            return weights.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 1 } && mixture.intercept.isFinite
                && mixture.slope.isFinite
        }
        return scales && mixtures && halfLifeDays.isFinite && halfLifeDays > 0
    }
}

extension LearnedBlend {
    /// The liked items that content similarity starts from, and how many of the links are looked at.
    public static let contentSeeds = 10
    public static let linkSeeds = 200

    /// The liked items that speak for a user: the newest first, then the surest, of equally sure ones the lower.
    /// - Parameters:
    ///   - newest: the newest first.
    ///   - likes: all of them.
    public static func seeds(newest: [Int32], likes: [(place: Int32, weight: Float)], most: Int) -> [Int32] {
        var seeds: [Int32] = []
        for place in newest where seeds.count < most && !seeds.contains(place) { seeds.append(place) }
        guard seeds.count < most else { return seeds }
        let taken = Set(seeds)
        let surest = likes.sorted { $0.weight != $1.weight ? $0.weight > $1.weight : $0.place < $1.place }
        for like in surest where !taken.contains(like.place) {
            guard seeds.count < most else { break }
            seeds.append(like.place)
        }
        return seeds
    }
}
