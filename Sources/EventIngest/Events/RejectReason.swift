internal import Domain

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
    case duplicateImpression = "duplicate-impression"
    case malformedAvro = "malformed-avro"
    case unframed = "not-confluent-framed"
    case unknownSchema = "unknown-schema"
    /// There is such a schema, but events cannot be read from it.
    case incompatibleSchema = "incompatible-schema"

    /// The reason of the same name.
    init(_ rule: EventRule) {
        self =
            switch rule {
            case .missingField: .missingField
            case .invalidUTF8: .invalidUTF8
            case .emptyID: .emptyID
            case .longID: .longID
            case .unknownKind: .unknownKind
            case .valueOutOfRange: .valueOutOfRange
            case .longText: .longText
            case .timeOutOfWindow: .timeOutOfWindow
            }
    }
}
