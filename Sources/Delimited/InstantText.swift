public import Domain

/// Instants as files write them.
///
///     seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size, with a fraction or without
///     2026-11-20   2026/11/20   20261120
///     2026-11-20T12:00   2026-11-20 12:00:00   2026-11-20 12:00:00.123456789
///
/// the latter also with `Z`, `UTC`, `GMT`, `+00`, `+0000` or `+00:00` behind, with a blank in between or without. Without a
/// zone they are UTC.
public enum InstantText {
    /// For messages.
    public static let forms = "2026-11-20, 2026-11-20 12:00:00, RFC 3339, or seconds to nanoseconds since 1970"

    /// - Returns: nil if it has none of the forms.
    public static func parse(_ text: String) -> Timestamp? {
        var text = text
        return text.withUTF8 { parse($0) }
    }

    /// See ``parse(_:)-(String)``. Blanks around it do not count. O(count).
    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        let bytes = Cell.trimmed(bytes)
        if let number = sinceEpoch(bytes) { return number }
        return calendar(bytes)
    }

    // MARK: Numbers

    /// Up to 11 digits are seconds (until the year 5138), up to 14 milliseconds, up to 17 microseconds, up to 19
    /// nanoseconds. Eight digits would be a day of 1970 or early 1973, and are a date instead where they spell one.
    private static func sinceEpoch(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        var position = 0
        var whole: Int64 = 0
        while position < bytes.count, bytes[position] &- 48 <= 9 {
            guard position < 19 else { return nil }
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(Int64(bytes[position] - 48))
            guard !overflow, !more else { return nil }
            whole = sum
            position += 1
        }
        let digits = position
        guard digits > 0 else { return nil }
        var micros: Int64 = 0
        if position < bytes.count {
            guard bytes[position] == UInt8(ascii: "."), position + 1 < bytes.count else { return nil }
            position += 1
            var scale: Int64 = 100_000
            while position < bytes.count {
                guard bytes[position] &- 48 <= 9 else { return nil }
                micros += Int64(bytes[position] - 48) * scale
                scale /= 10
                position += 1
            }
        } else if digits == 8, let date = day(bytes, 0, separated: false)?.0 {
            return date.start
        }
        switch digits {
        case ...11: return Timestamp(microseconds: whole * 1_000_000 + micros)
        case ...14: return Timestamp(microseconds: whole * 1000 + micros / 1000)
        case ...17: return Timestamp(microseconds: whole)
        default: return Timestamp(microseconds: whole / 1000)
        }
    }

    // MARK: Dates

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ width: Int) -> Int? {
        guard start + width <= bytes.count else { return nil }
        var value = 0
        for i in start..<start + width {
            guard bytes[i] &- 48 <= 9 else { return nil }
            value = value * 10 + Int(bytes[i] - 48)
        }
        return value
    }

    /// - Returns: the day at `start`, and what follows it.
    private static func day(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, separated: Bool
    ) -> (CalendarDate, next: Int)? {
        let gap = separated ? 1 : 0
        guard let year = number(bytes, start, 4), let month = number(bytes, start + 4 + gap, 2),
            let day = number(bytes, start + 6 + 2 * gap, 2),
            let date = CalendarDate(year: year, month: month, day: day)
        else { return nil }
        if separated {
            let mark = bytes[start + 4]
            guard mark == UInt8(ascii: "-") || mark == UInt8(ascii: "/"), bytes[start + 7] == mark else { return nil }
        }
        return (date, start + 8 + 2 * gap)
    }

    private static func calendar(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        guard let (date, next) = day(bytes, 0, separated: true) else { return nil }
        if next == bytes.count { return date.start }
        guard [UInt8(ascii: "T"), UInt8(ascii: "t"), 0x20].contains(bytes[next]) else { return nil }
        var position = next + 1
        guard let hour = number(bytes, position, 2), hour < 24, position + 2 < bytes.count,
            bytes[position + 2] == UInt8(ascii: ":"), let minute = number(bytes, position + 3, 2), minute < 60
        else { return nil }
        position += 5
        var second = 0
        var micros = 0
        if position < bytes.count, bytes[position] == UInt8(ascii: ":") {
            guard let value = number(bytes, position + 1, 2), value <= 60 else { return nil }
            second = value
            position += 3
            if position < bytes.count, bytes[position] == UInt8(ascii: ".") || bytes[position] == UInt8(ascii: ",") {
                position += 1
                let first = position
                var scale = 100_000
                while position < bytes.count, bytes[position] &- 48 <= 9 {
                    micros += Int(bytes[position] - 48) * scale
                    scale /= 10
                    position += 1
                }
                guard position > first else { return nil }
            }
        }
        guard let offset = zone(UnsafeBufferPointer(rebasing: bytes[position...])) else { return nil }
        let ofDay = hour * 3600 + minute * 60 + second - offset
        return Timestamp(microseconds: date.start.microseconds + Int64(ofDay) * 1_000_000 + Int64(micros))
    }

    /// Seconds east of UTC that the end of a text names.
    private static func zone(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let name = Cell.trimmed(bytes)
        guard let first = name.first else { return 0 }
        if first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            guard let hours = number(name, 1, 2), hours < 24 else { return nil }
            var minutes = 0
            if name.count > 3 {
                let start = name[3] == UInt8(ascii: ":") ? 4 : 3
                guard let value = number(name, start, 2), value < 60, name.count == start + 2 else { return nil }
                minutes = value
            }
            return (hours * 3600 + minutes * 60) * (first == UInt8(ascii: "-") ? -1 : 1)
        }
        return ["Z", "UTC", "GMT"].contains(String(decoding: name, as: UTF8.self).uppercased()) ? 0 : nil
    }
}
