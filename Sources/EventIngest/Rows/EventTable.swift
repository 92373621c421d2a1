public import Columnar
public import Domain

/// The `events` table.
public enum EventTable {
    public static let schema = Schema(fields: [
        Field(EventColumn.eventID, .string, nullable: false),
        Field(EventColumn.userID, .string, nullable: false),
        Field(EventColumn.itemID, .string, nullable: false),
        Field(EventColumn.kind, .string, nullable: false),
        Field(EventColumn.value, .float, nullable: false),
        Field(EventColumn.reviewText, .string, nullable: true),
        Field(EventColumn.at, .timestamp, nullable: false),
        Field(EventColumn.source, .string, nullable: false),
        Field(EventColumn.topic, .string, nullable: true),
        Field(EventColumn.partition, .int32, nullable: true),
        Field(EventColumn.offset, .int64, nullable: true),
        Field(EventColumn.ingestedAt, .timestamp, nullable: false),
        Field(EventColumn.eventDate, .date, nullable: false),
    ])
    public static let partitionColumns = [EventColumn.eventDate]
    /// One user's rows, and one event, are looked up and erased without reading the files of others.
    public static let properties = ["marquee.bloomFilterColumns": "\(EventColumn.eventID),\(EventColumn.userID)"]

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
            topics: Topics.events, table: Tables.events, schema: schema, partitionColumns: partitionColumns
        ) {
            if let schemas {
                EventAppender(decoder: AvroEventDecoder(schemas: schemas, limits: limits), duplicates: duplicates)
            } else {
                EventAppender(decoder: EventDecoder(limits: limits), duplicates: duplicates)
            }
        }
    }
}
