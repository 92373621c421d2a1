import Domain
import Foundation
import Testing

@Suite("Timestamp and CalendarDate")
struct TimestampTests {
    @Test("days agree with Foundation's calendar over 800 years")
    func daysAgreeWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let days = Int32(generator.below(292_000)) - 100_000
            let date = CalendarDate(days: days)
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(days) * 86_400))
            #expect(
                date.components == (parts.year!, parts.month!, parts.day!), "day \(days) after 1970-01-01")
            #expect(CalendarDate(year: parts.year!, month: parts.month!, day: parts.day!) == date)
        }
    }

    @Test(
        "days that do not exist are refused",
        arguments: [
            "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-01", "", "2024-01-01x",
        ])
    func impossibleDays(text: String) { #expect(CalendarDate(text) == nil) }

    @Test("text and number are each other's inverse")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<5000 {
            let unit: Int64 = [1, 1000, 1_000_000][generator.below(3)]
            let time = Timestamp(microseconds: Int64(generator.below(4_000_000_000)) * unit - 900_000_000 * unit)
            #expect(Timestamp(time.description) == time, "\(time)")
        }
    }

    @Test(
        "known instants",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-20T12:00:00Z", 1_795_176_000_000_000),
            ("2026-11-20T13:30:00+01:30", 1_795_176_000_000_000),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("2026-11-20t12:00:00.123456789z", 1_795_176_000_123_456),
        ])
    func known(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2026-11-20", "2026-11-20T12:00:00", "2026-11-20T24:00:00Z", "2026-11-20T12:60:00Z",
            "2026-11-20T12:00:00.Z", "2026-11-20T12:00:00.1234567890Z", "2026-11-20T12:00:00+1:00",
            "2026-11-20T12:00:00Zx", "2026-11-20T12:00:00+01:00x", "20261120T120000Z", "２０２６-11-20T12:00:00Z",
        ])
    func refused(text: String) { #expect(Timestamp(text) == nil) }

    @Test("instants before 1970 lie in the day that contains them")
    func beforeTheEpoch() {
        let time = Timestamp(microseconds: -1)
        #expect(time.date.description == "1969-12-31")
        #expect(time.description == "1969-12-31T23:59:59.999999Z")
        #expect(time.seconds == -1 && time.milliseconds == -1)
    }
}
