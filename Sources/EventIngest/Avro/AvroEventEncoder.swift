public import Domain

/// Writes events in Avro's binary form with Confluent's framing, by the product's own schema.
public enum AvroEventEncoder {
    /// What is registered for the values of the event topics.
    public static let schema = AvroEventPlan.eventSchema

    /// Appends one event.
    /// - Parameter schemaID: the registry's number of ``schema``.
    public static func append(_ event: Event, schemaID: Int32, to bytes: inout [UInt8]) {
        EventFields.withFields(of: event) { append($0, schemaID: schemaID, to: &bytes) }
    }

    /// The same for an event whose texts lie in memory as UTF-8.
    static func append(_ fields: EventFields, schemaID: Int32, to bytes: inout [UInt8]) {
        ConfluentFrame.append(schemaID: schemaID, to: &bytes)
        let texts =
            fields.eventID.count + fields.userID.count + fields.itemID.count + fields.reviewText.count
            + fields.source.count
        // Nine numbers of at most ten bytes, and the value.
        bytes.append(atMost: texts + 9 * 10 + 8) { out in
            write(fields.eventID, to: &out)
            write(fields.userID, to: &out)
            write(fields.itemID, to: &out)
            write(Int64(fields.kind.rawValue), to: &out)
            withUnsafeBytes(of: Double(fields.value).bitPattern.littleEndian) {
                out.write($0.assumingMemoryBound(to: UInt8.self))
            }
            write(fields.at.microseconds, to: &out)
            write(optional: fields.reviewText, to: &out)
            write(optional: fields.source, to: &out)
        }
    }

    private static func write(optional text: UnsafeBufferPointer<UInt8>, to out: inout ByteWriter) {
        guard text.baseAddress != nil else { return write(Int64(0), to: &out) }
        write(Int64(1), to: &out)
        write(text, to: &out)
    }

    @inline(__always)
    private static func write(_ text: UnsafeBufferPointer<UInt8>, to out: inout ByteWriter) {
        write(Int64(text.count), to: &out)
        out.write(text)
    }

    @inline(__always)
    private static func write(_ value: Int64, to out: inout ByteWriter) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest >= 0x80 {
            out.write(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.write(UInt8(rest))
    }
}
