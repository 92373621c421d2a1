public import Columnar
public import Domain
import Store

/// How events become rows of `TableContract.events`.
public enum EventTable {
    /// Events that did not come through Kafka, as rows: topic, partition and offset are null.
    public static func batch(_ events: [Event], ingestedAt: Timestamp) throws -> RecordBatch {
        var columns = EventColumns()
        for event in events { columns.append(event, ingestedAt: ingestedAt) }
        return try columns.batch()
    }

    /// The route of the three event topics.
    /// - Parameters:
    ///   - format: how the messages are written.
    ///   - duplicates: what counts as sent twice; nil takes every event, whatever its identifier.
    public static func route(
        format: EventFormat = .json, limits: EventLimits = EventLimits(),
        duplicates: DuplicatePolicy? = DuplicatePolicy()
    ) -> TopicRoute {
        // One cache of schemas for all appenders of the route.
        let schemas: EventSchemas? = if case .avro(let registry) = format { EventSchemas(registry) } else { nil }
        return TopicRoute(
            topics: Topics.events, table: .events, identity: [EventColumn.eventID, EventColumn.at]
        ) {
            if let schemas {
                EventAppender(decoder: AvroEventDecoder(schemas: schemas, limits: limits), duplicates: duplicates)
            } else {
                EventAppender(decoder: EventDecoder(limits: limits), duplicates: duplicates)
            }
        }
    }
}
