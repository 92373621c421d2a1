/// Text forms: RFC 3339 for instants, `YYYY-MM-DD` for days.

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
    /// `2026-11-20T12:00:00Z`, with as many fractional digits (0, 3 or 6) as are needed to be exact.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the ``description`` without building a string.
    public func append(to text: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestDescription) { room in
            text.append(contentsOf: room[..<write(to: room)])
        }
    }

    /// No ``description`` has more bytes.
    public static let longestDescription = CalendarDate.longestDescription + 17

    /// Writes the ``description`` at the start of `room`, which must have space for ``longestDescription`` bytes.
    /// - Returns: how many bytes it has.
    public func write(to room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        precondition(room.count >= Self.longestDescription)
        let date = date
        var place = date.write(to: room)
        let ofDay = microseconds - date.start.microseconds
        let fraction = Int(ofDay % 1_000_000)
        let second = Int(ofDay / 1_000_000)
        room[place] = UInt8(ascii: "T")
        room.write(second / 3600, width: 2, at: place + 1)
        room[place + 3] = UInt8(ascii: ":")
        room.write(second / 60 % 60, width: 2, at: place + 4)
        room[place + 6] = UInt8(ascii: ":")
        room.write(second % 60, width: 2, at: place + 7)
        place += 9
        if fraction != 0 {
            room[place] = UInt8(ascii: ".")
            let isWhole = fraction % 1000 == 0
            room.write(isWhole ? fraction / 1000 : fraction, width: isWhole ? 3 : 6, at: place + 1)
            place += isWhole ? 4 : 7
        }
        room[place] = UInt8(ascii: "Z")
        return place + 1
    }

    /// Parses what ``init(rfc3339:)`` does. Nil if the text is anything else.
    public init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { Timestamp(rfc3339: $0) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// Parses RFC 3339 (section 5.6): `T`, `t` or a space between date and time, 0 to 9 fractional digits (past the
    /// sixth they are dropped), `Z` or a numeric offset. A leap second `:60` becomes the following second.
    /// - Returns: nil if the bytes are anything else.
    public init?(rfc3339 bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count >= 20,
            let date = CalendarDate(yyyymmdd: UnsafeBufferPointer(rebasing: bytes[0..<10])),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "),
            let hour = bytes.number(at: 11, width: 2), hour < 24, bytes[13] == UInt8(ascii: ":"),
            let minute = bytes.number(at: 14, width: 2), minute < 60, bytes[16] == UInt8(ascii: ":"),
            let second = bytes.number(at: 17, width: 2), second <= 60
        else { return nil }
        var position = 19
        var fraction = 0
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            var scale = 100_000
            let start = position
            while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
                fraction += Int(bytes[position] - 48) * scale
                scale /= 10
                position += 1
            }
            guard position > start, position - start <= 9 else { return nil }
        }
        guard position < bytes.count else { return nil }
        var offset = 0
        switch bytes[position] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard position + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard position + 6 == bytes.count, bytes[position + 3] == UInt8(ascii: ":"),
                let h = bytes.number(at: position + 1, width: 2), h < 24,
                let m = bytes.number(at: position + 4, width: 2), m < 60
            else { return nil }
            offset = (h * 3600 + m * 60) * (bytes[position] == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let ofDay = hour * 3600 + minute * 60 + second - offset
        microseconds = date.start.microseconds + Int64(ofDay) * 1_000_000 + Int64(fraction)
    }
}

extension CalendarDate: CustomStringConvertible, LosslessStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the ``description`` without building a string.
    public func append(to text: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestDescription) { room in
            text.append(contentsOf: room[..<write(to: room)])
        }
    }

    /// A sign, seven digits of the year (5,881,580 is the last that 32 bits of days reach), month and day.
    static let longestDescription = 14

    /// Writes the ``description`` at the start of `room`.
    /// - Returns: how many bytes it has.
    func write(to room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        precondition(room.count >= Self.longestDescription)
        let (year, month, day) = components
        var place = 0
        if year < 0 {
            room[0] = UInt8(ascii: "-")
            place = 1
        }
        var width = 4
        var bound = 10_000
        while abs(year) >= bound { (width, bound) = (width + 1, bound * 10) }
        room.write(abs(year), width: width, at: place)
        place += width
        room[place] = UInt8(ascii: "-")
        room.write(month, width: 2, at: place + 1)
        room[place + 3] = UInt8(ascii: "-")
        room.write(day, width: 2, at: place + 4)
        return place + 6
    }

    /// Parses exactly `YYYY-MM-DD`. Nil for anything else, and for days that do not exist.
    public init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { CalendarDate(yyyymmdd: $0) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// Parses exactly `YYYY-MM-DD`. Returns nil for anything else, including days that do not exist.
    public init?(yyyymmdd bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = bytes.number(at: 0, width: 4), let month = bytes.number(at: 5, width: 2),
            let day = bytes.number(at: 8, width: 2)
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The decimal number of exactly `width` digits at `start`, or nil. Stays inside the buffer.
    fileprivate func number(at start: Int, width: Int) -> Int? {
        guard start + width <= count else { return nil }
        var value = 0
        for i in start..<start + width {
            guard self[i] >= 48, self[i] <= 57 else { return nil }
            value = value * 10 + Int(self[i] - 48)
        }
        return value
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes `value` in decimal with exactly `width` digits.
    @inline(__always)
    fileprivate func write(_ value: Int, width: Int, at place: Int) {
        var rest = value
        for i in stride(from: place + width - 1, through: place, by: -1) {
            self[i] = UInt8(48 + rest % 10)
            rest /= 10
        }
    }
}
