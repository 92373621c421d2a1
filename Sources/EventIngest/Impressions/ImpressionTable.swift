public import Domain
import Store

/// How impressions become rows of `TableContract.impressions`.
public enum ImpressionTable {
    /// The route of the topic of impressions. A cluster need not have that topic: it is read from when it is there.
    /// - Parameter duplicates: what counts as sent twice; nil takes every impression, whatever its identifier.
    public static func route(
        limits: EventLimits = EventLimits(), duplicates: DuplicatePolicy? = DuplicatePolicy()
    ) -> TopicRoute {
        var route = TopicRoute(
            topics: [Topics.impressions], table: .impressions,
            identity: [ImpressionColumn.impressionID, ImpressionColumn.at]
        ) { ImpressionAppender(limits: limits, duplicates: duplicates) }
        route.isOptional = true
        return route
    }
}
