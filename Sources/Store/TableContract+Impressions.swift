import Columnar
import Domain

extension TableContract {
    /// Every item that a list showed somebody: one row for each item of each list, a folder for each day.
    ///
    /// A list can have rows of two sources: `answer`, written by the server for each item that it answered with, and
    /// those that a client reported, which say what was really on a screen. Whoever counts takes one of the two.
    public static let impressions = TableContract(
        name: "impressions",
        schema: Schema([
            Field(ImpressionColumn.impressionID, .string, nullable: false),
            Field(ImpressionColumn.recommendationID, .string, nullable: false),
            Field(ImpressionColumn.userID, .string),
            Field(ImpressionColumn.itemID, .string, nullable: false),
            Field(ImpressionColumn.position, .int32, nullable: false),
            Field(ImpressionColumn.modelID, .string),
            Field(ImpressionColumn.scenario, .string),
            Field(ImpressionColumn.propensity, .double),
            Field(ImpressionColumn.at, .timestamp, nullable: false),
            Field(ImpressionColumn.source, .string, nullable: false),
            Field(ImpressionColumn.topic, .string),
            Field(ImpressionColumn.partition, .int32),
            Field(ImpressionColumn.offset, .int64),
            Field(ImpressionColumn.ingestedAt, .timestamp, nullable: false),
            Field(ImpressionColumn.eventDate, .date, nullable: false),
        ]),
        partitionedBy: [ImpressionColumn.eventDate],
        bloomFiltersOn: [ImpressionColumn.recommendationID, ImpressionColumn.userID])
}

/// Columns of ``TableContract/impressions``. Those of an impression's own fields are called as on the wire.
public enum ImpressionColumn {
    /// Unique for ever.
    public static let impressionID = ImpressionField.impressionID
    /// The answer that the item was in.
    public static let recommendationID = ImpressionField.recommendationID
    /// Who saw it, or null for a list that was about nobody.
    public static let userID = ImpressionField.userID
    /// What was seen.
    public static let itemID = ImpressionField.itemID
    /// The item's rank in the whole list, from 1, pages before included.
    public static let position = ImpressionField.position
    /// The model that made the list, or null if nobody said.
    public static let modelID = ImpressionField.modelID
    /// The caller's name for the place where the list was shown, or null.
    public static let scenario = ImpressionField.scenario
    /// The probability with which the list had this item at this position, in `(0, 1]`; null if it is not known. 1 where
    /// nothing was left to chance.
    public static let propensity = ImpressionField.propensity
    /// When it was shown.
    public static let at = ImpressionField.at
    /// `answer` for what the server wrote when it answered; what clients report is `rest` or called by them.
    public static let source = ImpressionField.source
    /// Null for impressions that did not come through Kafka, as are the next two.
    public static let topic = OriginColumn.topic
    /// See ``OriginColumn/partition``.
    public static let partition = OriginColumn.partition
    /// See ``OriginColumn/offset``.
    public static let offset = OriginColumn.offset
    /// When it was stored.
    public static let ingestedAt = EventColumn.ingestedAt
    /// The UTC day of ``at``, by which the table is partitioned.
    public static let eventDate = EventColumn.eventDate
}
