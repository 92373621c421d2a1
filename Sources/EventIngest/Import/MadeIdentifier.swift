import Domain
import Operations

/// Identifiers of events that have none: what the event says, so that the same line has the same one wherever it stands.
///
/// Two events with the same user, item, kind and time are one.
enum MadeIdentifier {
    /// `ml-1-260-964981680`; the time in microseconds where it has fractions.
    static func numbered(_ prefix: StaticString, user: Int64, item: Int64, at: Timestamp) -> String {
        let seconds = at.seconds
        let time = at.microseconds == seconds * 1_000_000 ? seconds : at.microseconds
        return String(unsafeUninitializedCapacity: prefix.utf8CodeUnitCount + 63) { room in
            var place = 0
            for i in 0..<prefix.utf8CodeUnitCount {
                room[place] = prefix.utf8Start[i]
                place += 1
            }
            for number in [user, item, time] {
                room[place] = UInt8(ascii: "-")
                place = write(number, to: room, at: place + 1)
            }
            return place
        }
    }

    /// - Returns: the place behind the last digit.
    private static func write(_ number: Int64, to room: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        var place = start
        if number < 0 {
            room[place] = UInt8(ascii: "-")
            place += 1
        }
        var rest = number.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while digits < 20, rest >= bound {
            digits += 1
            bound = digits == 20 ? .max : bound * 10
        }
        for i in stride(from: place + digits - 1, through: place, by: -1) {
            room[i] = UInt8(48 + rest % 10)
            rest /= 10
        }
        return place + digits
    }

    /// `csv-u1-m1-review-1117872000000000`. A hyphen in the item is written `%2D`, so that no two events share one; what
    /// would be longer than identifiers may be is a digest of it.
    static func named(_ source: String, user: String, item: String, kind: EventKind, at: Timestamp) -> String {
        let isPlain = !item.utf8.contains { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "%") }
        let item = isPlain ? item : item.replacing("%", with: "%25").replacing("-", with: "%2D")
        var text = source
        text.reserveCapacity(source.utf8.count + user.utf8.count + item.utf8.count + 32)
        text += "-"
        text += user
        text += "-"
        text += item
        text += "-"
        text += kind.name
        text += "-"
        text += String(at.microseconds)
        return text.utf8.count <= EventLimits().idLength ? text : "\(source.prefix(64))-\(Digest.sha256(text).hex)"
    }
}
