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

/// Rows of the `events` table column by column.
///
/// What all rows of a run of messages have in common (topic, partition, time of arrival) is added once, at the end of
/// the run: five of thirteen columns cost next to nothing.
package struct EventColumns {
    private var eventID = BytesColumn()
    private var userID = BytesColumn()
    private var itemID = BytesColumn()
    private var kind = BytesColumn()
    private var value = PrimitiveColumn<Float>()
    private var reviewText = BytesColumn()
    private var at = PrimitiveColumn<Int64>()
    private var source = BytesColumn()
    private var topic = BytesColumn()
    private var partition = PrimitiveColumn<Int32>()
    private var offset = PrimitiveColumn<Int64>()
    private var ingestedAt = PrimitiveColumn<Int64>()
    private var eventDate = PrimitiveColumn<Int32>()

    private static let kindNames = EventKind.allCases.map { Array($0.name.utf8) }

    package init() {}

    /// Empty, with room for as much as `other` holds: growing would copy each column a few times over. Room that is not
    /// used costs addresses, not memory.
    init(roomAs other: EventColumns) {
        let rows = other.count
        func bytes(_ column: BytesColumn) -> BytesColumn {
            var result = BytesColumn()
            result.reserveCapacity(rows: rows, bytes: column.bytes.count)
            return result
        }
        func values<Value>(_: PrimitiveColumn<Value>) -> PrimitiveColumn<Value> {
            var result = PrimitiveColumn<Value>()
            result.reserveCapacity(rows)
            return result
        }
        eventID = bytes(other.eventID)
        userID = bytes(other.userID)
        itemID = bytes(other.itemID)
        kind = bytes(other.kind)
        value = values(other.value)
        reviewText = bytes(other.reviewText)
        at = values(other.at)
        source = bytes(other.source)
        topic = bytes(other.topic)
        partition = values(other.partition)
        offset = values(other.offset)
        ingestedAt = values(other.ingestedAt)
        eventDate = values(other.eventDate)
    }

    package var count: Int { value.count }

    var byteCount: Int {
        eventID.bytes.count + userID.bytes.count + itemID.bytes.count + reviewText.bytes.count + source.bytes.count
            + topic.bytes.count + count * 72
    }

    /// One row of the run; ``endRun(topic:partition:ingestedAt:)`` completes it.
    @inline(__always)
    package mutating func append(_ fields: EventFields, offset position: Int64) {
        eventID.append(utf8: fields.eventID)
        userID.append(utf8: fields.userID)
        itemID.append(utf8: fields.itemID)
        kind.append(Self.kindNames[Int(fields.kind.rawValue)])
        value.append(fields.value)
        if fields.reviewText.baseAddress == nil {
            reviewText.appendNull()
        } else {
            reviewText.append(utf8: fields.reviewText)
        }
        at.append(fields.at.microseconds)
        if fields.source.isEmpty { source.append("kafka") } else { source.append(utf8: fields.source) }
        offset.append(position)
        eventDate.append(fields.at.date.days)
    }

    /// Adds what the rows since the last call have in common.
    package mutating func endRun(
        topic name: UnsafeBufferPointer<UInt8>, partition number: Int32, ingestedAt now: Timestamp
    ) {
        let rows = count - topic.count
        topic.append(name, times: rows)
        partition.values.append(contentsOf: repeatElement(number, count: rows))
        ingestedAt.values.append(contentsOf: repeatElement(now.microseconds, count: rows))
    }

    mutating func append(_ event: Event, ingestedAt now: Timestamp) {
        eventID.append(event.eventID)
        userID.append(event.userID)
        itemID.append(event.itemID)
        kind.append(Self.kindNames[Int(event.kind.rawValue)])
        value.append(event.value)
        reviewText.append(event.reviewText)
        at.append(event.at.microseconds)
        source.append(event.source)
        topic.appendNull()
        partition.appendNull()
        offset.appendNull()
        ingestedAt.append(now.microseconds)
        eventDate.append(event.at.date.days)
    }

    func batch() throws -> RecordBatch {
        try RecordBatch(
            schema: EventTable.schema,
            columns: [
                .string(eventID), .string(userID), .string(itemID), .string(kind), .float(value), .string(reviewText),
                .timestamp(at), .string(source), .string(topic), .int32(partition), .int64(offset),
                .timestamp(ingestedAt), .date(eventDate),
            ])
    }
}

extension BytesColumn {
    /// - Precondition: the column has no nulls.
    fileprivate mutating func append(_ value: UnsafeBufferPointer<UInt8>, times: Int) {
        precondition(validity == nil, "a column of messages has no nulls")
        for _ in 0..<times { append(utf8: value) }
    }
}
