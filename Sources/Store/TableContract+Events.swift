import Columnar
import Domain

extension TableContract {
    /// Every view, like and review: one row for each event; files follow the days of the events.
    ///
    /// One user's rows, and one event, are looked up and erased without reading the files of others.
    public static let events = TableContract(
        name: "events",
        schema: Schema([
            Field(EventColumn.eventID, .string, nullable: false),
            Field(EventColumn.userID, .string, nullable: false),
            Field(EventColumn.itemID, .string, nullable: false),
            Field(EventColumn.kind, .string, nullable: false),
            Field(EventColumn.value, .float, nullable: false),
            Field(EventColumn.reviewText, .string),
            Field(EventColumn.at, .timestamp, nullable: false),
            Field(EventColumn.source, .string, nullable: false),
            Field(EventColumn.topic, .string),
            Field(EventColumn.partition, .int32),
            Field(EventColumn.offset, .int64),
            Field(EventColumn.ingestedAt, .timestamp, nullable: false),
            Field(EventColumn.eventDate, .date, nullable: false),
            Field(EventColumn.reviewLanguage, .string),
            Field(EventColumn.reviewLength, .int32),
        ]),
        clusteredBy: EventColumn.eventDate, bloomFiltersOn: [EventColumn.eventID, EventColumn.userID])
}

/// Columns of ``TableContract/events``. Those of an event's own fields are called as on the wire.
public enum EventColumn {
    /// Unique for ever.
    public static let eventID = EventField.eventID
    /// Who did it.
    public static let userID = EventField.userID
    /// With which film.
    public static let itemID = EventField.itemID
    /// The name of an `EventKind`.
    public static let kind = EventField.kind
    /// Meaning and range depend on the kind; see `EventKind.accepts(_:)`.
    public static let value = EventField.value
    /// The words of a review where writers were told to keep them; else null.
    public static let reviewText = EventField.reviewText
    /// When it happened.
    public static let at = EventField.at
    /// Where it came from, such as `simulator`, `rest` or `movielens`.
    public static let source = EventField.source
    /// Null for events that did not come through Kafka, as are the next two.
    public static let topic = OriginColumn.topic
    /// See ``OriginColumn/partition``.
    public static let partition = OriginColumn.partition
    /// See ``OriginColumn/offset``.
    public static let offset = OriginColumn.offset
    /// When it was stored.
    public static let ingestedAt = "ingested_at"
    /// The UTC day of ``at``, which the files of the table follow.
    public static let eventDate = "event_date"
    /// What the letters of a review tell of its language, as a BCP 47 tag; null where it has no words. Tables of before
    /// have neither this column nor the next until a writer opens them.
    public static let reviewLanguage = "review_language"
    /// The length of a review in Unicode scalars; null where it has no words.
    public static let reviewLength = "review_length"
}
