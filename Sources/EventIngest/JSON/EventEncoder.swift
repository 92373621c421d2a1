public import Domain

/// Writes the wire form of events by appending bytes.
public enum EventEncoder {
    /// Appends one event as a JSON object without spaces.
    public static func append(_ event: Event, to bytes: inout [UInt8]) {
        EventFields.withFields(of: event) { append($0, to: &bytes) }
    }

    /// The same for an event whose texts lie in memory as UTF-8.
    static func append(_ fields: EventFields, to bytes: inout [UInt8]) {
        let (eventID, userID, itemID) = (
            JSONText(fields.eventID), JSONText(fields.userID), JSONText(fields.itemID)
        )
        let (text, source) = (JSONText(fields.reviewText), JSONText(fields.source))
        let texts = eventID.room + userID.room + itemID.room + text.room + source.room
        bytes.append(atMost: texts + namesAndNumbers) { out in
            out.write("{\"event_id\":\"")
            eventID.write(to: &out)
            out.write("\",\"user_id\":\"")
            userID.write(to: &out)
            out.write("\",\"item_id\":\"")
            itemID.write(to: &out)
            switch fields.kind {
            case .view: out.write("\",\"kind\":\"view\",\"value\":")
            case .like: out.write("\",\"kind\":\"like\",\"value\":")
            case .review: out.write("\",\"kind\":\"review\",\"value\":")
            }
            write(fields.value, to: &out)
            if fields.reviewText.baseAddress != nil {
                out.write(",\"review_text\":\"")
                text.write(to: &out)
                out.write("\"")
            }
            out.write(",\"at\":\"")
            out.write { fields.at.write(to: $0) }
            out.write("\",\"source\":\"")
            source.write(to: &out)
            out.write("\"}")
        }
    }

    /// Room for everything but the texts: 103 bytes of names and signs, a value and a time.
    private static let namesAndNumbers = 103 + longestValue + Timestamp.longestDescription
    /// `-1.17549435e-38` has 15.
    private static let longestValue = 16

    /// Values with at most three decimals, which is what the product makes, by integer arithmetic; others shortest.
    private static func write(_ value: Float, to out: inout ByteWriter) {
        let scaled = (value * 1000).rounded()
        guard abs(scaled) < 1e6, scaled / 1000 == value else {
            var text = "\(value)"
            return text.withUTF8 { out.write($0) }
        }
        var number = Int(scaled)
        if number < 0 {
            out.write(UInt8(ascii: "-"))
            number = -number
        }
        out.write(number / 1000)
        var fraction = number % 1000
        guard fraction > 0 else { return }
        out.write(UInt8(ascii: "."))
        while fraction > 0 {
            out.write(UInt8(48 + fraction / 100))
            fraction = fraction % 100 * 10
        }
    }
}

/// The inside of a JSON string. Most texts need no escape and are copied whole.
private struct JSONText {
    private let text: UnsafeBufferPointer<UInt8>
    private let isPlain: Bool

    @inline(__always)
    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        // Without an early end, so that sixteen bytes are looked at together.
        var special: UInt8 = 0
        for byte in text {
            special |= byte < 0x20 ? 1 : 0
            special |= byte == UInt8(ascii: "\"") ? 1 : 0
            special |= byte == UInt8(ascii: "\\") ? 1 : 0
        }
        isPlain = special == 0
    }

    /// A control character becomes six bytes.
    var room: Int { isPlain ? text.count : text.count * 6 }

    @inline(__always)
    func write(to out: inout ByteWriter) {
        if isPlain { out.write(text) } else { writeEscaped(to: &out) }
    }

    private func writeEscaped(to out: inout ByteWriter) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.write(UInt8(ascii: "\\"))
                out.write(byte)
            case 0x0A: out.write("\\n")
            case 0x0D: out.write("\\r")
            case 0x09: out.write("\\t")
            case ..<0x20:
                out.write("\\u00")
                if byte < 0x10 { out.write(UInt8(ascii: "0")) }
                out.write(Int(byte), radix: 16)
            default: out.write(byte)
            }
        }
    }
}
