public import Domain

/// Writes events in Avro's binary form with Confluent's framing, by the product's own schema.
public enum AvroEventEncoder {
    /// What is registered for the values of the event topics.
    public static let schema = AvroEventPlan.eventSchema

    /// Appends one event.
    /// - Parameter schemaID: the registry's number of ``schema``.
    public static func append(_ event: Event, schemaID: Int32, to bytes: inout [UInt8]) {
        ConfluentFrame.append(schemaID: schemaID, to: &bytes)
        append(event.eventID, to: &bytes)
        append(event.userID, to: &bytes)
        append(event.itemID, to: &bytes)
        append(Int64(event.kind.rawValue), to: &bytes)
        withUnsafeBytes(of: Double(event.value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        append(event.at.microseconds, to: &bytes)
        append(optional: event.reviewText, to: &bytes)
        append(optional: event.source, to: &bytes)
    }

    private static func append(optional text: String?, to bytes: inout [UInt8]) {
        guard let text else { return append(Int64(0), to: &bytes) }
        append(Int64(1), to: &bytes)
        append(text, to: &bytes)
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            append(Int64(utf8.count), to: &bytes)
            bytes.append(contentsOf: utf8)
        }
    }

    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
