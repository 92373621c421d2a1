internal import Foundation

/// Times of the clock on the wall, in cron's five fields: minute, hour, day of the month, month, day of the week.
///
///     let nightly = try CronExpression("0 3 * * *", timeZone: "Europe/Berlin")
///     let next = nightly.next(after: .now)
///
/// A field is `*`, a number, a range `2-5`, either with a step `*/15`, or several of them with commas. Months and days of
/// the week have names (`jan`, `mon`); Sunday is 0 and 7. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand
/// for the usual ones. As in Vixie's cron, when both day fields are given it fires on days that either names; where one
/// begins with `*`, also `*/2`, on days that are in both.
///
/// Where the clock is turned, too, it does as Vixie's cron does: see ``next(after:)``.
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    /// As it was given.
    public let description: String
    /// Name of the time zone, such as `Europe/Berlin`.
    public let timeZoneName: String
    let timeZone: TimeZone
    let minutes: CronField
    let hours: CronField
    let days: CronField
    let months: CronField
    let weekdays: CronField

    /// - Parameter timeZone: by its name in the IANA database.
    /// - Throws: ``ScheduleError``: for what is no expression, fires never, or a zone that is not known.
    public init(_ text: String, timeZone name: String = "UTC") throws(ScheduleError) {
        guard let zone = TimeZone(identifier: name) else { throw .unknownTimeZone(name: name) }
        description = text
        timeZoneName = name
        timeZone = zone
        let whole = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let fields = (Self.shorthands[whole.lowercased()] ?? whole).split(separator: " ").map(String.init)
        guard fields.count == 5 else {
            throw .badExpression(
                text: text, reason: "it has \(fields.count) fields, where cron has 5: minute hour day month weekday")
        }
        do throws(CronField.Flaw) {
            minutes = try CronField(fields[0], .minute)
            hours = try CronField(fields[1], .hour)
            days = try CronField(fields[2], .day)
            months = try CronField(fields[3], .month)
            weekdays = try CronField(fields[4], .weekday)
        } catch {
            throw .badExpression(text: text, reason: error.reason)
        }
        guard firesEver else { throw .neverFires(text: text) }
    }

    private static let shorthands = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
}

/// One field of a cron expression: which of its numbers it takes.
struct CronField: Hashable, Sendable {
    /// Bit n is set if it takes n.
    private let bits: UInt64
    /// Whether it begins with `*`.
    let isOpen: Bool

    struct Flaw: Error {
        var reason: String
    }

    enum Kind {
        case minute, hour, day, month, weekday

        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .day: "day of the month"
            case .month: "month"
            case .weekday: "day of the week"
            }
        }

        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .day: 1...31
            case .month: 1...12
            case .weekday: 0...7
            }
        }

        /// Names of the numbers from the first of the range on.
        var names: [String] {
            switch self {
            case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            case .weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
            default: []
            }
        }
    }

    init(_ text: String, _ kind: Kind) throws(Flaw) {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var step = 1
            if halves.count == 2 {
                guard let number = Self.number(halves[1]), (1...kind.range.upperBound).contains(number) else {
                    throw Flaw(reason: "'\(part)' has no step from 1 to \(kind.range.upperBound)")
                }
                step = number
            }
            let (first, last) = try Self.bounds(halves[0], kind, hasStep: halves.count == 2)
            for value in stride(from: first, through: last, by: step) { bits |= 1 << UInt64(value) }
        }
        // Both are Sunday.
        if kind == .weekday, bits & 1 << 7 != 0 { bits = (bits | 1) & ~(1 << 7) }
        self.bits = bits
        isOpen = text.hasPrefix("*")
    }

    private static func bounds(_ text: Substring, _ kind: Kind, hasStep: Bool) throws(Flaw) -> (Int, Int) {
        // Only one of Sunday's two numbers, or the steps of `*/2` would differ.
        let last = kind == .weekday ? 6 : kind.range.upperBound
        if text == "*" { return (kind.range.lowerBound, last) }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let values = try ends.map { end throws(Flaw) in try value(end, kind) }
        guard values.count == 2 else { return (values[0], hasStep ? last : values[0]) }
        guard values[0] <= values[1] else {
            throw Flaw(reason: "the range '\(text)' of the \(kind.name) runs backwards; write two parts with a comma")
        }
        return (values[0], values[1])
    }

    private static func value(_ text: Substring, _ kind: Kind) throws(Flaw) -> Int {
        if let place = kind.names.firstIndex(of: text.lowercased()) { return place + kind.range.lowerBound }
        guard let number = number(text), kind.range.contains(number) else {
            throw Flaw(
                reason: "'\(text)' is no \(kind.name) from \(kind.range.lowerBound) to \(kind.range.upperBound)")
        }
        return number
    }

    /// Digits alone: `Int` also takes signs.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }

    func contains(_ value: Int) -> Bool { bits & 1 << UInt64(value) != 0 }

    /// What it takes, ascending.
    var values: [Int] { (0..<64).filter(contains) }
}
