import Domain

/// Reads instants most of which lie in the day of the one before: that day is found again by comparing its ten bytes.
struct InstantParser {
    /// The text of the last day, and where it begins.
    private var dayStart: UInt64 = 0
    private var dayEnd: UInt16 = 0
    private var midnight: Int64 = 0

    /// As `Timestamp(rfc3339:)`, nil included.
    @inline(__always)
    mutating func parse(_ text: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        let bytes = UnsafeRawBufferPointer(text)
        guard bytes.count == 20, let second = Self.secondOfDay(bytes) else { return Timestamp(rfc3339: text) }
        let start = bytes.loadUnaligned(as: UInt64.self)
        let end = bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        if start == dayStart, end == dayEnd { return Timestamp(microseconds: midnight + second * 1_000_000) }
        guard let instant = Timestamp(rfc3339: text) else { return nil }
        (dayStart, dayEnd, midnight) = (start, end, instant.microseconds - second * 1_000_000)
        return instant
    }

    /// The instant if it is written in 20 bytes and lies in the day of the one before; nil is also "unknown".
    @inline(__always)
    func parseOnSameDay(_ text: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        let bytes = UnsafeRawBufferPointer(text)
        guard bytes.count == 20, bytes.loadUnaligned(as: UInt64.self) == dayStart,
            bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self) == dayEnd, let second = Self.secondOfDay(bytes)
        else { return nil }
        return Timestamp(microseconds: midnight + second * 1_000_000)
    }

    /// Of `…Thh:mm:ssZ` in 20 bytes; nil for any other form, and for a leap second, which belongs to the next day.
    @inline(__always)
    private static func secondOfDay(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        @inline(__always)
        func number(at i: Int) -> Int64? {
            let (tens, ones) = (bytes[i] &- 0x30, bytes[i + 1] &- 0x30)
            return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : nil
        }
        guard bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes[19] == UInt8(ascii: "Z"), let hour = number(at: 11), let minute = number(at: 14),
            let second = number(at: 17), hour < 24, minute < 60, second < 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }
}
