public import Domain
public import Operations
import Store

/// How impressions become rows of `TableContract.impressions`.
public enum ImpressionTable {
    /// The route of the topic of impressions. A cluster need not have that topic: it is read from when it is there.
    /// - Parameters:
    ///   - duplicates: what counts as sent twice; nil takes every impression, whatever its identifier.
    ///   - pseudonyms: keys of what users are called; nil for their identifiers as they are.
    public static func route(
        limits: EventLimits = EventLimits(), duplicates: DuplicatePolicy? = DuplicatePolicy(),
        pseudonyms: PseudonymKeys? = nil
    ) -> TopicRoute {
        var route = TopicRoute(
            topics: [Topics.impressions], table: .impressions,
            identity: [ImpressionColumn.impressionID, ImpressionColumn.at]
        ) { ImpressionAppender(limits: limits, duplicates: duplicates, pseudonyms: pseudonyms) }
        if let pseudonyms { route.refusedForm = .digest(pseudonyms) }
        route.isOptional = true
        return route
    }
}
