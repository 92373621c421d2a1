/// A short stretch of JSON that is put together on the stack and then taken over as a whole: what is written thousands of
/// times a second need not grow an array member by member.
///
/// See ``JSONWriter/value(upTo:_:)``. Commas and nesting are the caller's business.
public struct JSONPiece {
    /// Every write checks first that it fits, so none goes past the end.
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    /// Bytes written.
    private(set) var count = 0

    init(_ bytes: UnsafeMutableBufferPointer<UInt8>) { self.bytes = bytes }

    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[..<count]) }

    private func room(for more: Int) { precondition(count + more <= bytes.count, "a piece of JSON outgrew its room") }

    /// JSON as it stands, ASCII.
    public mutating func text(_ json: StaticString) {
        json.withUTF8Buffer { json in
            room(for: json.count)
            for (place, byte) in json.enumerated() { bytes[count + place] = byte }
            count += json.count
        }
    }

    /// JSON that was written before.
    public mutating func json(_ json: ArraySlice<UInt8>) {
        room(for: json.count)
        json.withUnsafeBufferPointer { json in
            for (place, byte) in json.enumerated() { bytes[count + place] = byte }
        }
        count += json.count
    }

    /// All digits.
    public mutating func number(_ number: Int) {
        var digits = 1
        var rest = number.magnitude
        while rest > 9 { (rest, digits) = (rest / 10, digits + 1) }
        room(for: digits + 1)
        if number < 0 { put(UInt8(ascii: "-")) }
        rest = number.magnitude
        for place in stride(from: count + digits - 1, through: count, by: -1) {
            bytes[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
        count += digits
    }

    /// Millionths as a decimal number without an exponent and without idle zeros: 1250000 is `1.25`.
    public mutating func number(millionths: Int32) {
        room(for: 12)
        if millionths < 0 { put(UInt8(ascii: "-")) }
        let (whole, part) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        number(Int(whole))
        guard part > 0 else { return }
        room(for: 7)
        put(UInt8(ascii: "."))
        var (rest, unit) = (part, UInt32(100_000))
        while rest > 0 {
            put(UInt8(48 + rest / unit))
            rest %= unit
            unit /= 10
        }
    }

    /// The caller has seen to the room.
    private mutating func put(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }
}
