extension JSONCursor {
    /// number = [ minus ] int [ frac ] [ exp ], rounded to the nearest double.
    mutating func number() throws(RejectReason) -> Double {
        let first = peek()
        guard first == UInt8(ascii: "-") || isDigit(first) else { throw .wrongType }
        let start = position
        let isNegative = first == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        guard position < end, isDigit(position.pointee) else { throw .malformed }
        if position.pointee == UInt8(ascii: "0") {
            position += 1
        } else {
            digits = accumulate(&mantissa)
        }
        if position < end, position.pointee == UInt8(ascii: ".") {
            position += 1
            let fraction = accumulate(&mantissa)
            guard fraction > 0 else { throw .malformed }
            digits += fraction
            exponent = -fraction
        }
        if position < end, position.pointee | 0x20 == UInt8(ascii: "e") {
            position += 1
            var sign = 1
            if position < end, position.pointee == UInt8(ascii: "+") || position.pointee == UInt8(ascii: "-") {
                sign = position.pointee == UInt8(ascii: "-") ? -1 : 1
                position += 1
            }
            var power: UInt64 = 0
            let count = accumulate(&power)
            guard count > 0 else { throw .malformed }
            exponent += sign * Int(min(power, 10_000)) * (count > 18 ? 10_000 : 1)
        }
        // Both factors are exact doubles, so one rounding gives the nearest (Clinger 1990, the fast path).
        if digits <= 15, abs(exponent) <= 22 {
            let magnitude = Double(mantissa)
            let scaled = exponent < 0 ? magnitude / powersOfTen[-exponent] : magnitude * powersOfTen[exponent]
            return isNegative ? -scaled : scaled
        }
        let text = String(decoding: UnsafeBufferPointer(start: start, count: position - start), as: UTF8.self)
        return Double(text) ?? .infinity
    }

    /// Reads digits into `value` (which may wrap: the caller looks at the count) and returns how many there were.
    @inline(__always)
    private mutating func accumulate(_ value: inout UInt64) -> Int {
        let start = position
        while position < end, isDigit(position.pointee) {
            value = value &* 10 &+ UInt64(position.pointee - 0x30)
            position += 1
        }
        return position - start
    }

    @inline(__always)
    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}

private let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]
