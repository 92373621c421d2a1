import Columnar
public import Domain
public import Operations
public import Store

/// How messages of what persons allow come into the state: as rows, like all else, for a sink that is no table.
public enum ConsentTable {
    /// The columns of the rows. No table of a store has them: what persons allow lies in the state, under digests.
    public static let contract = TableContract(
        name: "consents",
        schema: Schema(
            [
                Field(consentID, .string, nullable: false), Field(userID, .string, nullable: false),
                Field(at, .timestamp, nullable: false), Field(source, .string, nullable: false),
            ] + PersonalChoice.Purpose.allCases.map { Field($0.rawValue, .bool) }))

    static let consentID = "consent_id"
    static let userID = EventField.userID
    static let at = EventField.at
    static let source = EventField.source

    /// The route of the topic of consents. A cluster need not have that topic: it is read from when it is there.
    /// - Parameter pseudonyms: keys of what users are called; nil for their identifiers as they are.
    public static func route(limits: EventLimits = EventLimits(), pseudonyms: PseudonymKeys? = nil) -> TopicRoute {
        var route = TopicRoute(topics: [Topics.consents], table: contract) {
            ConsentAppender(limits: limits, pseudonyms: pseudonyms)
        }
        route.isOptional = true
        // An event may have come to the wrong topic; no consent has words.
        route.refusedForm = pseudonyms.map { .digest($0) } ?? .withoutReviewText
        return route
    }
}
