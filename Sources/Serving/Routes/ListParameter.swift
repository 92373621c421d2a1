internal import HTTPServer

/// The common parameters of lists, under the names that clients send.
enum ListParameter: String, CaseIterable, Sendable {
    case count = "n"
    case cursor, fields, filter, params, boost
    case excludedIDs = "exclude_ids"
    case excludeSeen = "exclude_seen"
    case contentWeight = "content_weight"
    case diversity, exploration
    case minimumScore = "min_score"
    case explain, scenario, seed

    /// What every list takes.
    static let ofEveryList: [ListParameter] = [
        .count, .cursor, .fields, .filter, .params, .boost, .excludedIDs, .diversity, .exploration, .minimumScore,
        .explain, .scenario, .seed,
    ]
    /// What a list for a user takes: what they have seen is known.
    static let ofUsersList = ofEveryList + [.excludeSeen]
    /// What a list that is blended from all that is known of a user takes.
    static let ofPersonalList = ofUsersList + [.contentWeight]

    /// What it decides, its values and its default, in a sentence.
    var meaning: String {
        switch self {
        case .count:
            "How many, \(ListRequest.countRange.lowerBound) to \(ListRequest.countRange.upperBound); "
                + "\(ListRequest.defaultCount) if not given."
        case .cursor: "The next_cursor of the page before, with the same other parameters; good for 10 minutes."
        case .fields: "Fields of each item to show, comma-separated."
        case .filter: "Only items that the expression is true of."
        case .params: "The values of the filter's $names, as a JSON object."
        case .boost: "FACTOR:EXPRESSION multiplies the scores of matching items; several as a JSON array."
        case .excludedIDs: "Items that must not come back, comma-separated, up to \(ListRequest.maximumExcluded)."
        case .excludeSeen:
            "What to leave out: \(RecommendationQuery.ExcludeSeen.allCases.map(\.rawValue).joined(separator: ", "))."
        case .contentWeight:
            "0 to 1: the share of content similarity in each score, 0 none, 1 all; the model's blend if not given."
        case .diversity: "0 to 1: 0 by score alone, 1 as different from each other as can be."
        case .exploration: "0 to 1: 0 by score alone, 1 by chance alone."
        case .minimumScore: "Items of a lower score do not come back."
        case .explain: "Whether to say what each score is made of: none, summary, or full with words."
        case .scenario: "Your name for the place where the list is shown; kept with the answer."
        case .seed: "What chance goes by, a whole number: the same seed, the same list."
        }
    }
}
