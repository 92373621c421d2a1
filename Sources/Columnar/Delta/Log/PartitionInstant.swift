import Domain

/// A date and time as some writer put it into the log: `2026-11-21 08:00:00.5`, `2026-11-21T17:00:00+0900`,
/// `2026-11-21`. Delta's protocol has two forms; engines and their casts make these others.
struct PartitionInstant {
    /// Of the clock that the text shows.
    var wallClock: Timestamp
    /// How far that clock is ahead of UTC, in seconds; nil where the text names no zone.
    var offset: Int64?

    /// - Returns: nil for anything else, among it zones by name other than UTC.
    init?(_ text: String) {
        var rest = Substring(text)
        // A year past 9999 has a sign before it.
        let sign = rest.first.flatMap { $0 == "+" || $0 == "-" ? rest.removeFirst() : nil }
        guard let year = Self.number(&rest, digits: 4...6), Self.take("-", &rest),
            let month = Self.number(&rest, digits: 2...2), Self.take("-", &rest),
            let day = Self.number(&rest, digits: 2...2),
            let date = CalendarDate(year: sign == "-" ? -year : year, month: month, day: day)
        else { return nil }
        var microseconds = date.start.microseconds
        if !rest.isEmpty {
            guard Self.take("T", &rest) || Self.take("t", &rest) || Self.take(" ", &rest),
                let time = Self.timeOfDay(&rest)
            else { return nil }
            microseconds += time
        }
        wallClock = Timestamp(microseconds: microseconds)
        guard !rest.isEmpty else { return }
        _ = Self.take(" ", &rest)
        guard let offset = Self.zone(rest) else { return nil }
        self.offset = offset
    }

    /// The instant; a text without a zone is of UTC, as the protocol has it.
    var instant: Timestamp { Timestamp(microseconds: wallClock.microseconds - (offset ?? 0) * 1_000_000) }

    /// `HH:mm`, `HH:mm:ss` or with 1 to 9 digits of a fraction, of which six count.
    private static func timeOfDay(_ rest: inout Substring) -> Int64? {
        guard let hour = number(&rest, digits: 2...2), hour < 24, take(":", &rest),
            let minute = number(&rest, digits: 2...2), minute < 60
        else { return nil }
        var seconds = Int64(hour * 3600 + minute * 60)
        var fraction: Int64 = 0
        if take(":", &rest) {
            guard let second = number(&rest, digits: 2...2), second <= 60 else { return nil }
            seconds += Int64(second)
            if take(".", &rest) {
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                guard (1...9).contains(digits.count) else { return nil }
                rest = rest.dropFirst(digits.count)
                fraction = Int64((digits + "00000").prefix(6)) ?? 0
            }
        }
        return seconds * 1_000_000 + fraction
    }

    /// `Z`, `UTC`, `GMT`, `+09`, `+0900`, `+09:00`, `+09:00:00`, in seconds.
    private static func zone(_ text: Substring) -> Int64? {
        if ["Z", "z", "UTC", "GMT"].contains(text) { return 0 }
        var rest = text
        guard let sign = rest.first, sign == "+" || sign == "-" else { return nil }
        rest.removeFirst()
        guard let hours = number(&rest, digits: 2...2), hours < 24 else { return nil }
        var offset = hours * 3600
        for unit in [60, 1] where !rest.isEmpty {
            _ = take(":", &rest)
            guard let part = number(&rest, digits: 2...2), part < 60 else { return nil }
            offset += part * unit
        }
        return rest.isEmpty ? Int64(sign == "-" ? -offset : offset) : nil
    }

    private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// The number of as many digits as there are, up to the greatest count.
    private static func number(_ rest: inout Substring, digits count: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix(count.upperBound).prefix { $0.isASCII && $0.isNumber }
        guard count.contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return Int(digits)
    }
}
