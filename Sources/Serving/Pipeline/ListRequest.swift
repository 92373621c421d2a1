internal import Catalog
internal import Domain

/// How a list is asked for, whatever it is a list of: what the query of a `GET` and the body of a `POST …/query` both
/// say. A route takes those parameters that mean something for its list and refuses the others.
struct ListRequest: Sendable, Hashable {
    /// How many items a page has.
    var count = Self.defaultCount
    /// Where the page before ended; nil for the first page.
    var cursor: String?
    /// What of each film to show, in this order.
    var fields: [ItemField] = []
    /// Only items that the expression is true of.
    var filter: FilterText?
    var boosts: [Boost] = []
    /// Items that must not come back, by identifier.
    var excludedIDs: [String] = []
    var excludeSeen = RecommendationQuery.ExcludeSeen.interacted
    /// `0…1`: the share of content similarity in each score; nil for that of the blend.
    var contentWeight: Float?
    /// `0…1`: 0 by score alone, 1 as different from each other as can be.
    var diversity: Float = 0
    /// `0…1`: 0 by score alone, 1 by chance alone.
    var exploration: Float = 0
    /// In millionths; items of a lower score do not come back.
    var minimumScore: Int32?
    var explain = ExplainLevel.none
    /// The caller's name for the place where the list is shown. It changes nothing; it is kept with the answer.
    var scenario: String?
    /// What chance goes by: the same seed, the same list.
    var seed: UInt64?

    /// Whether it asks for nothing but a length, and is the first page.
    var isPlain: Bool {
        var plain = ListRequest()
        plain.count = count
        plain.scenario = scenario
        plain.fields = fields
        return self == plain
    }

    static let defaultCount = 20
    static let countRange = 1...500
    static let maximumExcluded = 1000
    static let maximumBoosts = 8

    /// Multiplies the scores of the items that a filter matches.
    struct Boost: Sendable, Hashable {
        var filter: FilterText
        /// `0…10`; above 1 raises, below 1 lowers.
        var factor: Float
        /// What explanations call it: given by the caller, or the filter's text.
        var name: String

        static let factorRange: ClosedRange<Double> = 0...10
    }

    /// `explain=…`.
    enum ExplainLevel: String, CaseIterable, Sendable {
        case none
        /// The parts of the score.
        case summary
        /// The same, in words too.
        case full
    }
}
