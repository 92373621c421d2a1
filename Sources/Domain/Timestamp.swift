/// An instant in microseconds since 1970-01-01T00:00:00Z, as Delta and Parquet store it.
///
/// A plain integer, because date formatters cost microseconds an event on the ingestion path.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }
    public init(seconds: Int64) { microseconds = seconds * 1_000_000 }
    public init(milliseconds: Int64) { microseconds = milliseconds * 1000 }

    /// Whole milliseconds since 1970, rounded down: an instant before 1970 goes to the earlier one.
    public var milliseconds: Int64 { microseconds.flooredDivision(by: 1000) }
    /// Whole seconds since 1970, rounded down.
    public var seconds: Int64 { microseconds.flooredDivision(by: 1_000_000) }

    /// The UTC day this instant lies in.
    public var date: CalendarDate { CalendarDate(days: Int32(microseconds.flooredDivision(by: 86_400_000_000))) }

    public static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    /// The instant so many seconds later, or earlier if negative; parts of a microsecond are dropped.
    /// - Precondition: it fits in 64 bits, which rules out NaN and infinities.
    public func advanced(bySeconds seconds: Double) -> Timestamp {
        Timestamp(microseconds: microseconds + Int64(seconds * 1e6))
    }
}

/// A day of the proleptic Gregorian calendar, in days since 1970-01-01, as Parquet's DATE stores it.
public struct CalendarDate: Hashable, Comparable, Sendable {
    public var days: Int32

    public init(days: Int32) { self.days = days }

    /// Days from civil, after Howard Hinnant, "chrono-compatible low-level date algorithms".
    /// - Returns: nil if there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), day >= 1, day <= Self.daysIn(month: month, of: year), abs(year) < 100_000
        else { return nil }
        let y = month <= 2 ? year - 1 : year
        let era = y.flooredDivision(by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        days = Int32(era * 146_097 + dayOfEra - 719_468)
    }

    /// Month is `1…12`, day from 1. The year before 1 is 0, as in ISO 8601.
    public var components: (year: Int, month: Int, day: Int) {
        let z = Int(days) + 719_468
        let era = z.flooredDivision(by: 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
    }

    /// The year of ``components``.
    public var year: Int32 { Int32(components.year) }

    /// Midnight UTC at the start of the day.
    public var start: Timestamp { Timestamp(seconds: Int64(days) * 86_400) }

    public static func < (a: Self, b: Self) -> Bool { a.days < b.days }

    static func daysIn(month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension FixedWidthInteger where Self: SignedInteger {
    /// Quotient rounded towards minus infinity, so that instants before 1970 fall into the right day.
    @inlinable
    public func flooredDivision(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
