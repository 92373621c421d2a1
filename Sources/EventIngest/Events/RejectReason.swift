public import Domain

/// Why a message is not an event. The raw value stands in the `reason` column of the dead letters and in metrics.
public enum RejectReason: String, Error, CaseIterable, Sendable {
    case empty = "empty-message"
    case tooLong = "message-too-long"
    case malformed = "malformed-json"
    case invalidUTF8 = "invalid-utf8"
    case tooDeep = "nested-too-deep"
    case duplicateField = "duplicate-field"
    case missingField = "missing-field"
    case wrongType = "wrong-type"
    case emptyID = "empty-id"
    case longID = "id-too-long"
    case unknownKind = "unknown-kind"
    case valueOutOfRange = "value-out-of-range"
    case longText = "text-too-long"
    case invalidTime = "invalid-time"
    case timeOutOfWindow = "time-out-of-window"
    case duplicateEvent = "duplicate-event"
    case malformedAvro = "malformed-avro"
    case unframed = "not-confluent-framed"
    case unknownSchema = "unknown-schema"
    /// There is such a schema, but events cannot be read from it.
    case incompatibleSchema = "incompatible-schema"
}

/// What an event must satisfy beyond its form.
public struct EventLimits: Sendable {
    /// Bytes of an identifier.
    public var idLength = 256
    /// Bytes of a review.
    public var textLength = 65_536
    /// Bytes of a whole message.
    public var messageLength = 1 << 20
    /// Events before this did not happen.
    public var earliest = Timestamp(seconds: 315_532_800)  // 1980-01-01
    /// How far a producer's clock may run ahead of ours, in seconds.
    public var clockSkew: Double = 3600

    public init() {}

    func check(_ fields: EventFields, latest: Timestamp) throws(RejectReason) {
        guard !fields.eventID.isEmpty, !fields.userID.isEmpty, !fields.itemID.isEmpty else { throw .emptyID }
        guard fields.eventID.count <= idLength, fields.userID.count <= idLength, fields.itemID.count <= idLength,
            fields.source.count <= idLength
        else { throw .longID }
        guard fields.kind.accepts(fields.value) else { throw .valueOutOfRange }
        guard fields.reviewText.count <= textLength else { throw .longText }
        guard fields.at >= earliest, fields.at <= latest else { throw .timeOutOfWindow }
    }
}
