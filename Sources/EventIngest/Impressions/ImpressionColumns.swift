import Columnar
import Domain
import Store

/// Rows of the `impressions` table column by column.
struct ImpressionColumns {
    private var impressionID = BytesColumn()
    private var recommendationID = BytesColumn()
    private var userID = BytesColumn()
    private var itemID = BytesColumn()
    private var position = PrimitiveColumn<Int32>()
    private var modelID = BytesColumn()
    private var scenario = BytesColumn()
    private var propensity = PrimitiveColumn<Double>()
    private var at = PrimitiveColumn<Int64>()
    private var source = BytesColumn()
    private var topic = BytesColumn()
    private var partition = PrimitiveColumn<Int32>()
    private var offset = PrimitiveColumn<Int64>()
    private var ingestedAt = PrimitiveColumn<Int64>()
    private var eventDate = PrimitiveColumn<Int32>()

    var count: Int { position.count }

    var byteCount: Int {
        let texts = [impressionID, recommendationID, userID, itemID, modelID, scenario, source, topic]
        return texts.reduce(count * 80) { $0 + $1.bytes.count }
    }

    /// Adds the row of a message.
    mutating func append(
        _ fields: ImpressionFields, topic name: UnsafeBufferPointer<UInt8>, partition number: Int32,
        offset place: Int64, ingestedAt now: Timestamp
    ) {
        impressionID.append(utf8: fields.impressionID)
        recommendationID.append(utf8: fields.recommendationID)
        Self.append(fields.userID, to: &userID)
        itemID.append(utf8: fields.itemID)
        position.append(fields.position)
        Self.append(fields.modelID, to: &modelID)
        Self.append(fields.scenario, to: &scenario)
        propensity.append(fields.propensity)
        at.append(fields.at.microseconds)
        if fields.source.isEmpty { source.append("kafka") } else { source.append(utf8: fields.source) }
        topic.append(utf8: name)
        partition.append(number)
        offset.append(place)
        ingestedAt.append(now.microseconds)
        eventDate.append(fields.at.date.days)
    }

    private static func append(_ text: ImpressionFields.Text, to column: inout BytesColumn) {
        if text.baseAddress == nil { column.appendNull() } else { column.append(utf8: text) }
    }

    /// The rows as a batch of the table.
    func batch() throws -> RecordBatch {
        try RecordBatch(
            schema: TableContract.impressions.schema,
            columns: [
                .string(impressionID), .string(recommendationID), .string(userID), .string(itemID), .int32(position),
                .string(modelID), .string(scenario), .double(propensity), .timestamp(at), .string(source),
                .string(topic), .int32(partition), .int64(offset), .timestamp(ingestedAt), .date(eventDate),
            ])
    }
}
