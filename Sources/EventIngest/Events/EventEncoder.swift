public import Domain

/// Writes the wire form of events by appending bytes.
public enum EventEncoder {
    /// Appends one event as a JSON object without spaces.
    public static func append(_ event: Event, to bytes: inout [UInt8]) {
        append("{\"event_id\":", to: &bytes)
        append(quoted: event.eventID, to: &bytes)
        append(",\"user_id\":", to: &bytes)
        append(quoted: event.userID, to: &bytes)
        append(",\"item_id\":", to: &bytes)
        append(quoted: event.itemID, to: &bytes)
        append(",\"kind\":\"", to: &bytes)
        bytes.append(contentsOf: event.kind.name.utf8)
        append("\",\"value\":", to: &bytes)
        append(event.value, to: &bytes)
        if let text = event.reviewText {
            append(",\"review_text\":", to: &bytes)
            append(quoted: text, to: &bytes)
        }
        append(",\"at\":\"", to: &bytes)
        event.at.append(to: &bytes)
        append("\",\"source\":", to: &bytes)
        append(quoted: event.source, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    @inline(__always)
    private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static func append(quoted text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            // Most strings need no escape and are copied whole.
            if !utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: utf8)
                return
            }
            for byte in utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    bytes.append(UInt8(ascii: "\\"))
                    bytes.append(byte)
                case 0x0A: append("\\n", to: &bytes)
                case 0x0D: append("\\r", to: &bytes)
                case 0x09: append("\\t", to: &bytes)
                case ..<0x20:
                    append("\\u00", to: &bytes)
                    bytes.append(hexDigits[Int(byte >> 4)])
                    bytes.append(hexDigits[Int(byte & 15)])
                default: bytes.append(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Values with at most three decimals, which is what the product makes, by integer arithmetic; others shortest.
    private static func append(_ value: Float, to bytes: inout [UInt8]) {
        let scaled = (value * 1000).rounded()
        if abs(scaled) < 1e6, scaled / 1000 == value {
            var number = Int(scaled)
            if number < 0 {
                bytes.append(UInt8(ascii: "-"))
                number = -number
            }
            append(decimal: number / 1000, to: &bytes)
            var fraction = number % 1000
            guard fraction > 0 else { return }
            bytes.append(UInt8(ascii: "."))
            var unit = 100
            while fraction > 0 {
                bytes.append(UInt8(48 + fraction / unit))
                fraction %= unit
                unit /= 10
            }
        } else {
            bytes.append(contentsOf: "\(value)".utf8)
        }
    }

    private static func append(decimal number: Int, to bytes: inout [UInt8]) {
        if number >= 10 { append(decimal: number / 10, to: &bytes) }
        bytes.append(UInt8(48 + number % 10))
    }
}
