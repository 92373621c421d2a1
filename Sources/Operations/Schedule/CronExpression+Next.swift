public import Domain
internal import Foundation

extension CronExpression {
    /// The first time after `time` at which it fires.
    ///
    /// Where the clock on the wall is turned forward, what falls into the skipped hour fires once, at the moment of the
    /// turn. Where it is turned back, what falls into the repeated hour fires at its first time alone. An expression whose
    /// hour begins with `*` means intervals rather than times of the day: it fires in each hour that there is, so twice
    /// as often in the repeated one and not for the skipped one.
    public func next(after time: Timestamp) -> Timestamp {
        let seconds = time.seconds
        var day = Int((seconds + Int64(offset(at: seconds))).flooredDivision(by: 86_400)) - 1
        while true {
            if let found = first(on: day, after: seconds) {
                // A clock that is turned back over midnight brings a time of the next day before one of this.
                let other = first(on: day + 1, after: seconds)
                return Timestamp(seconds: min(found, other ?? found))
            }
            day += 1
        }
    }

    /// Whether any day of the calendar fits: of all 400 years after which it repeats itself, days of the week included.
    var firesEver: Bool { (0..<146_097).contains { fires(on: $0) } }

    private func fires(on day: Int) -> Bool {
        let (_, month, dayOfMonth) = CalendarDate(days: Int32(day)).components
        guard months.contains(month) else { return false }
        // Day 0, 1 January 1970, was a Thursday.
        let weekday = (day + 4) - (day + 4).flooredDivision(by: 7) * 7
        let (isDay, isWeekday) = (days.contains(dayOfMonth), weekdays.contains(weekday))
        return days.isOpen || weekdays.isOpen ? isDay && isWeekday : isDay || isWeekday
    }

    /// The first second after `after` at which it fires on that day of the wall's calendar, or nil.
    private func first(on day: Int, after: Int64) -> Int64? {
        guard fires(on: day) else { return nil }
        let start = Int64(day) * 86_400
        // Where the offset stays the same the day around, it is looked up once.
        let (before, behind) = (offset(at: start - 86_400), offset(at: start + 172_800))
        let steady = before == behind ? before : nil
        var earliest: Int64?
        for hour in hours.values {
            for minute in minutes.values {
                let wall = start + Int64(hour * 3600 + minute * 60)
                for instant in steady.map({ [wall - Int64($0)] }) ?? instants(ofWall: wall) where instant > after {
                    earliest = min(earliest ?? instant, instant)
                }
            }
        }
        return earliest
    }

    /// The seconds at which a clock on the wall that shows `wall` makes it fire.
    private func instants(ofWall wall: Int64) -> [Int64] {
        let offsets = Set([offset(at: wall - 86_400), offset(at: wall + 86_400)])
        let valid = offsets.filter { offset(at: wall - Int64($0)) == $0 }.map { wall - Int64($0) }.sorted()
        switch valid.count {
        case 1: return valid
        case 2...: return hours.isOpen ? valid : [valid[0]]
        default:
            guard !hours.isOpen, let least = offsets.min(), let greatest = offsets.max() else { return [] }
            // The turn lies between what the clock would have shown by either offset.
            var (low, high) = (wall - Int64(greatest), wall - Int64(least))
            let old = offset(at: low)
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if offset(at: middle) == old { low = middle } else { high = middle }
            }
            return [high]
        }
    }

    /// Seconds that the wall is ahead of UTC.
    private func offset(at seconds: Int64) -> Int {
        timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    }
}
