public import Columnar
public import Domain
public import Operations
import Store

/// How events become rows of `TableContract.events`.
public enum EventTable {
    /// Events that did not come through Kafka, as rows: topic, partition and offset are null.
    /// - Parameter keepsText: whether the words of reviews are kept.
    public static func batch(
        _ events: [Event], ingestedAt: Timestamp, keepingText keepsText: Bool = false
    ) throws -> RecordBatch {
        var columns = EventColumns(keepingText: keepsText)
        for event in events { columns.append(event, ingestedAt: ingestedAt) }
        return try columns.batch()
    }

    /// The route of the three event topics.
    /// - Parameters:
    ///   - format: how the messages are written.
    ///   - duplicates: what counts as sent twice; nil takes every event, whatever its identifier.
    ///   - keepsText: whether the words of reviews are kept; else their language and length alone, also of refused
    ///     messages, as far as these can be read.
    ///   - pseudonyms: keys of what users are called; nil for their identifiers as they are.
    public static func route(
        format: EventFormat = .json, limits: EventLimits = EventLimits(),
        duplicates: DuplicatePolicy? = DuplicatePolicy(), keepingText keepsText: Bool = false,
        pseudonyms: PseudonymKeys? = nil
    ) -> TopicRoute {
        // One cache of schemas for all appenders of the route.
        let schemas: EventSchemas? = if case .avro(let registry) = format { EventSchemas(registry) } else { nil }
        var route = TopicRoute(
            topics: Topics.events, table: .events, identity: [EventColumn.eventID, EventColumn.at]
        ) {
            if let schemas {
                EventAppender(
                    decoder: AvroEventDecoder(schemas: schemas, limits: limits), duplicates: duplicates,
                    keepsText: keepsText, pseudonyms: pseudonyms)
            } else {
                EventAppender(
                    decoder: EventDecoder(limits: limits), duplicates: duplicates, keepsText: keepsText,
                    pseudonyms: pseudonyms)
            }
        }
        if let pseudonyms {
            route.refusedForm = .digest(pseudonyms)
        } else if !keepsText, schemas == nil {
            route.refusedForm = .withoutReviewText
        }
        return route
    }
}
